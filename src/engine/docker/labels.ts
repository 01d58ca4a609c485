import { createHash } from "node:crypto";
import { linkSync, readFileSync, unlinkSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../../core/error.js";
import type { ProcessStamp } from "../../core/session.js";
import { writeFileAtomic } from "../../host/atomic-file.js";
import { randomBytes } from "../../host/random-bytes.js";

/** What a labelled thing is. */
type ThingKind = "task" | "helper" | "layers" | "tree" | "root" | "derived" | "helper-image";

const PREFIX = "io.github.sandbox";

/** Names of our labels: only what carries `home` with our own value is ever ended or removed by us. */
export const LABELS = {
  home: `${PREFIX}.home`,
  session: `${PREFIX}.session`,
  owner: `${PREFIX}.owner`,
  kind: `${PREFIX}.kind`,
  content: `${PREFIX}.content`,
} as const;

/** Who things belong to. */
export interface Ownership {
  /** From `toHomeLabel`. */
  readonly home: string;
  readonly sandboxId: string;
  readonly owner: ProcessStamp;
}

/**
 * Tells the state directories of all users and machines of one daemon apart without naming them: by an identity of the
 * directory's own, made at its first use, and the machine's (machine-id(5)), since homes are copied and shared.
 */
export function toHomeLabel(stateHome: string): string {
  const identity = `${readIdentity(path.join(stateHome, "identity"))} ${readMachine()}`;
  return createHash("sha256").update(identity).digest("hex").slice(0, 16);
}

function readIdentity(file: string): string {
  const known = readText(file);
  if (known !== undefined && /^[\da-f]{32}$/.test(known)) return known;
  if (known !== undefined)
    throw new SandboxError("damaged", `${file} is not what was written there`);
  const fresh = path.join(path.dirname(file), `.identity.${process.pid}.tmp`);
  writeFileAtomic(fresh, randomBytes(16).toString("hex"));
  try {
    // By a link: where two begin at once, the first one's counts.
    linkSync(fresh, file);
  } catch (error) {
    if (!hasErrno(error, "EEXIST")) throw error;
  } finally {
    unlinkSync(fresh);
  }
  return readText(file) ?? "";
}

function readMachine(): string {
  return readText("/etc/machine-id") ?? readText("/var/lib/dbus/machine-id") ?? "";
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "latin1").trim();
  } catch (error) {
    if (hasErrno(error, "ENOENT", "EACCES")) return undefined;
    throw error;
  }
}

/** The name of a container of a sandbox; `docker ps` shows it. No two have the same, whatever was left of an earlier one. */
export function toContainerName({ sandboxId }: Ownership, purpose: string): string {
  const session = sandboxId.replace(/[^\w.-]/g, "-");
  return ["sandbox", session, purpose, randomBytes(3).toString("hex")]
    .filter((part) => part !== "")
    .join("-");
}

/** The labels of a thing of one sandbox. */
export function toLabels(of: Ownership, kind: ThingKind): Readonly<Record<string, string>> {
  const { pid, startTime, bootId } = of.owner;
  return {
    [LABELS.home]: of.home,
    [LABELS.session]: of.sandboxId,
    [LABELS.owner]: `${pid}:${startTime}:${bootId}`,
    [LABELS.kind]: kind,
  };
}

/** The labels of a thing that sandboxes share, named by its content. */
export function toSharedLabels(
  home: string,
  kind: ThingKind,
  content: string,
): Readonly<Record<string, string>> {
  return { [LABELS.home]: home, [LABELS.kind]: kind, [LABELS.content]: content };
}

/** What `toLabels` wrote of the process; undefined for what it did not write. */
export function parseOwner(text: string): ProcessStamp | undefined {
  const [, pid, startTime, bootId] = /^(\d+):(\d+):([\da-f-]+)$/.exec(text) ?? [];
  if (pid === undefined || startTime === undefined || bootId === undefined) return undefined;
  return { pid: Number(pid), startTime, bootId };
}

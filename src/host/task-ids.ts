import { readFileSync } from "node:fs";
import { hasErrno, SandboxError } from "../core/error.js";

/** Host ids. */
interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** What the choice rests on. */
export interface TaskIdFacts {
  /** The process that starts the sandbox. */
  readonly self: Ids;
  /** Owners of the workspaces, in order. */
  readonly workspaceOwners: readonly Ids[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of `/etc/passwd`, `/etc/group`, `/etc/subuid`, `/etc/subgid`; read where absent. */
  readonly files?: IdFiles;
}

/** What says which ids are taken. */
export interface IdFiles {
  readonly passwd: string;
  readonly group: string;
  readonly subuid: string;
  readonly subgid: string;
}

/** Who a task runs as on the host. */
export interface TaskIds extends Ids {
  /** The name of that id inside. */
  readonly name: string;
  readonly source: "self" | "workspace" | "sudo" | "dedicated";
}

const NAME = "sandbox";
const FIRST_DEDICATED = 98_765;
const MOST_TRIES = 1000;
/** The last id but the one that means "no change" (chown(2)). */
const LAST_ID = 2 ** 32 - 2;

/**
 * Who the task runs as (design.md 13). A user's task is the user. Root's task is never host id 0: it is the owner of
 * the workspaces, else who called sudo, else an id that nobody has. Throws `usage` where the workspaces
 * belong to several users: the task could work on one of them only.
 */
export function chooseTaskIds(facts: TaskIdFacts): TaskIds {
  const { self, workspaceOwners } = facts;
  if (self.uid !== 0) return { ...self, name: NAME, source: "self" };
  const owners = [...new Set(workspaceOwners.map(({ uid }) => uid))].filter((uid) => uid !== 0);
  const [owner, other] = owners;
  if (owner !== undefined && other !== undefined)
    throw new SandboxError("usage", `the workspaces belong to the users ${owners.join(" and ")}`, {
      hint: "run one sandbox for each",
    });
  const files = facts.files ?? readIdFiles();
  if (owner !== undefined) {
    const fallback = workspaceOwners.find(({ uid }) => uid === owner)?.gid ?? 0;
    return {
      uid: owner,
      gid: groupOf(owner, { files, fallback }),
      name: NAME,
      source: "workspace",
    };
  }
  return toSudoIds(facts.env, files) ?? toDedicatedIds(files);
}

function toSudoIds(env: TaskIdFacts["env"], files: IdFiles): TaskIds | undefined {
  const uid = parseId(env["SUDO_UID"]);
  if (uid === undefined) return undefined;
  const gid = parseId(env["SUDO_GID"]) ?? groupOf(uid, { files, fallback: 0 });
  return { uid, gid, name: NAME, source: "sudo" };
}

function toDedicatedIds(files: IdFiles): TaskIds {
  for (let id = FIRST_DEDICATED; id < FIRST_DEDICATED + MOST_TRIES; id += 1)
    if (!isTaken(id, files)) return { uid: id, gid: id, name: NAME, source: "dedicated" };
  throw new SandboxError("sandbox-unavailable", `no free user id from ${FIRST_DEDICATED} on`, {
    hint: "give the workspace to an ordinary user",
  });
}

/** The user's own group, else the workspace's, else one of the same number: never 0. */
function groupOf(uid: number, from: { files: IdFiles; fallback: number }): number {
  const entry = rows(from.files.passwd).find((fields) => fields[2] === String(uid));
  return parseId(entry?.[3]) ?? (from.fallback === 0 ? uid : from.fallback);
}

function isTaken(id: number, files: IdFiles): boolean {
  const hasId = (text: string): boolean => rows(text).some((fields) => fields[2] === String(id));
  const holdsId = (text: string): boolean =>
    rows(text).some(
      ([, start, count]) => id >= Number(start) && id < Number(start) + Number(count),
    );
  return (
    hasId(files.passwd) || hasId(files.group) || holdsId(files.subuid) || holdsId(files.subgid)
  );
}

/** An ordinary id in decimal; undefined for 0 and for what is none. */
function parseId(text: string | undefined): number | undefined {
  if (text === undefined || !/^[1-9]\d{0,9}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= LAST_ID ? id : undefined;
}

function rows(text: string): readonly (readonly string[])[] {
  return text.split("\n").map((line) => line.split(":"));
}

function readIdFiles(): IdFiles {
  return {
    passwd: readIfThere("/etc/passwd"),
    group: readIfThere("/etc/group"),
    subuid: readIfThere("/etc/subuid"),
    subgid: readIfThere("/etc/subgid"),
  };
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return "";
    throw error;
  }
}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { type EditPart, toBaseScript, toEditScript } from "./edit-parts.js";
import type { Person } from "./person.js";

/** How the program is told to use an engine with a runtime. */
export interface Backend {
  readonly name: string;
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What a session recorded of its changes, without what differs from run to run. */
export interface PlayedEdits {
  readonly digest: string;
  /** One line a change. */
  readonly changes: readonly string[];
  readonly notices: readonly string[];
}

/** An id nobody has. */
const OTHER = 54_321;
let plays = 0;

/**
 * Makes the base of the parts in a new directory of the person, lets the built program play the edits in a sandbox of `backend`, and reads the changeset that it recorded.
 * `owner` "other": the base belongs to a user that is not the person, who is root.
 */
export function playEdits(
  person: Person,
  backend: Backend,
  o: {
    readonly parts: readonly EditPart[];
    readonly owner?: "person" | "other";
    /** Shell lines after the edits. */
    readonly more?: string;
  },
): PlayedEdits {
  const session = `play-${plays++}`;
  const cwd = path.join(person.home, `base-of-${session}`.padEnd(20 + plays, "x"));
  const made = person.run(["mkdir", "-m", "755", cwd], { cwd: person.home });
  assert.equal(made.status, 0, made.stderr);
  const base = person.run(["busybox", "sh", "-c", toBaseScript(o.parts)], { cwd });
  assert.equal(base.status, 0, base.stderr);
  if (o.owner === "other") person.run(["chown", "-hR", `${OTHER}:${OTHER}`, cwd]);
  const script = `${toEditScript(o.parts)}\n${o.more ?? ""}`;
  const { status, json, stderr } = person.sandboxJson(
    ["run", ...backend.options, "--name", session, "--", "busybox", "sh", "-c", script],
    { cwd, env: backend.env },
  );
  assert.equal(status, 0, `${backend.name}: ${stderr}`);
  const file = path.join(person.stateHome, "sessions", json.session, "changeset.json");
  const stored = JSON.parse(readFileSync(file, "utf8"));
  assert.equal(stored.digest, json.digest);
  return {
    digest: stored.digest,
    changes: stored.changes.map(toLine),
    notices: stored.notices.map((notice: object) => JSON.stringify(notice)),
  };
}

/** A change as JSON without times, inodes and the base's numeric owners: what its digest is made of. */
function toLine(change: object): string {
  const hidden = ["mtimeNs", "ctimeNs", "ino", "dev", "nlink", "upper"];
  return JSON.stringify(change, (key, value) =>
    hidden.includes(key) || (key.endsWith("id") && typeof value === "number") ? undefined : value,
  );
}

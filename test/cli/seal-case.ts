import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { openPerson, type Person } from "../support/person.js";

/** What the task of the case does. */
export const TASK = "echo task > f; echo n > n; mkdir d; echo i > d/i; rm gone; echo t > text";

/** Somebody whose session `s` has ended, with every kind of change. */
export function openEnded(): Person {
  const person = openPerson("root");
  person.make({ f: "old\n", gone: "x\n", kept: "k\n", text: "a\nb\nc\nd\n" });
  const run = person.sandbox(["run", "--name", "s", "--", "sh", "-ec", TASK]);
  assert.equal(run.status, 0, run.stderr);
  return person;
}

/** The session's directory and its upperdir. */
export function placesOf(person: Person): { readonly dir: string; readonly upper: string } {
  const sessions = path.join(person.stateHome, "sessions");
  const dir = path.join(
    sessions,
    readdirSync(sessions).find((name) => name.startsWith("s-")) ?? "",
  );
  const record = JSON.parse(readFileSync(path.join(dir, "session.json"), "utf8"));
  return { dir, upper: record.layers[0].upper };
}

/** Shell commands in the upperdir; `$0` is the session's directory. */
export function tamper(person: Person, script: string): void {
  const { dir, upper } = placesOf(person);
  const { status, stderr } = spawnSync("sh", ["-ec", script, dir], {
    cwd: upper,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
}

const sed = (file: string, edit: string): string =>
  `cp "$0/${file}" "$0/was"; sed -i '${edit}' "$0/${file}"; if cmp -s "$0/was" "$0/${file}"; then exit 9; fi; rm "$0/was"`;

/** What is done between the end of the run and the commit. */
export const TAMPERS: Readonly<Record<string, string>> = {
  "other content of the same size and time":
    "touch -r f t; printf 'TASK\\n' > f; touch -r t f; rm t",
  "a mode": "chmod 755 f",
  "an attribute": "setfattr -n user.x -v 1 f",
  "a time": "touch f",
  "a file more": "echo evil > evil",
  "a file less": "rm n",
  "another name": "mv n m",
  "a link in a directory's place": "rm -r d; ln -s /etc d",
  "a deletion more": "mknod kept c 0 0",
  "a deletion less": "rm gone",
  "a path in the changeset": sed("changeset.json", 's/"path":"n"/"path":"m"/'),
  "a digest in the changeset": sed(
    "changeset.json",
    's/"digest":"sha256:..../"digest":"sha256:0000/',
  ),
  "a line less of the record of changes": sed("changeset.json", '/"path":"n"/d'),
  "the digest in the record": sed("session.json", '/^ "digest"/s/sha256:..../sha256:0000/'),
  "the time of the seal, and a file": `${sed("session.json", 's/"sealedNs": "1/"sealedNs": "9/')}; printf 'TASK\\n' > f`,
  "the profile of the record": sed("session.json", "s/budgets/budgetz/"),
  "the upperdir of the record": sed("session.json", 's|/upper"|/work"|'),
};

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Person } from "./person.js";

/** What was seen in a terminal, and how it ended. */
interface Seen {
  readonly status: number | null;
  readonly text: string;
}

/**
 * The program in a terminal of its own (script(1)). Each answer is typed once what it answers has been seen: keys
 * that come earlier are the task's. A function does something first.
 */
export async function inTerminal(
  person: Person,
  args: readonly string[],
  answers: readonly (readonly [seen: string, keys: string | (() => string)])[],
): Promise<Seen> {
  const { argv, env } = person.command(args);
  const start = argv.indexOf(process.execPath);
  const line = argv
    .slice(start)
    .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
    .join(" ");
  const [file = "", ...rest] = [...argv.slice(0, start), "script", "-qec", line, "/dev/null"];
  const child = spawn(file, rest, { cwd: person.project, env: { ...env, TERM: "xterm" } });
  const left = [...answers];
  let text = "";
  let fresh = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    fresh += chunk.toString();
    const next = left[0];
    if (next === undefined || !fresh.includes(next[0])) return;
    fresh = "";
    left.shift();
    child.stdin.write(typeof next[1] === "string" ? next[1] : next[1]());
  });
  const [status] = await once(child, "exit");
  assert.deepEqual(left, [], `never seen in: ${text}`);
  return { status, text };
}

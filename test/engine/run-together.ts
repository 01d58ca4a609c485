import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { EngineCase, TaskOptions } from "../support/engine-case.js";

/** What a script printed. */
interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs scripts in one task, one after the other, each by a shell of its own in the workspace: a sandbox costs far more than a
 * script. Name → what it printed.
 */
export async function runTogether<Name extends string>(
  one: EngineCase,
  scripts: Readonly<Record<Name, string>>,
  options: Omit<TaskOptions, "argv"> = {},
): Promise<Readonly<Record<Name, Said>>> {
  const mark = `--${randomBytes(6).toString("hex")}--\n`;
  const names = Object.keys(scripts) as Name[];
  const line = names.map((name) => `sh -c ${quote(scripts[name])}; say`).join("\n");
  const say = `say() { printf '%s\\n' ${quote(mark.trim())}; printf '%s\\n' ${quote(mark.trim())} >&2; }`;
  const ran = await one.run({ ...options, argv: ["sh", "-c", `${say}\n${line}\nexit 0`] });
  assert.deepEqual(ran.outcome, { outcome: "exited", code: 0 }, ran.stderr);
  const [stdout, stderr] = [ran.stdout.split(mark), ran.stderr.split(mark)];
  const said = names.map((name, index) => [
    name,
    { stdout: stdout[index] ?? "", stderr: stderr[index] ?? "" },
  ]);
  return Object.fromEntries(said);
}

/** Makes it when it is first asked for, and only then. */
export function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** A word of a shell's. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

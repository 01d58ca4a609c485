import { lstatSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { findProcesses } from "../support/engine-case.js";
import type { Person } from "../support/person.js";
import type { Scene } from "./attack.js";
import { MARK } from "./attacks-exhaustion.js";
import { LEAKS } from "./attacks-secrets.js";
import type { Backend } from "./backend.js";
import { type Ground, SECRET } from "./ground.js";
import { runCaptured } from "./run-captured.js";
import type { RunEnd } from "./verdict.js";

/** The built program, as a person of a column uses it. */
export interface Product {
  /** What the person's shell has in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs a script of the workspace in a sandbox, with a descriptor open that must not come in. */
  play(scene: Scene, script: string): Promise<RunEnd>;
  /** Starts a run for each key that a project's file may not widen: what came of those that ran. */
  tryProjectFiles(): string | undefined;
  /** Makes another session and gives the directory of it. */
  makeOtherSession(): Promise<string>;
  /** Paths in the changeset of the quiet scene's session. */
  readChanges(): readonly string[];
}

/** What a project's file may not ask for. */
const WIDENINGS = [
  `env: {pass: [${LEAKS.join(", ")}]}`,
  "env: {set: {LD_PRELOAD: /evil}}",
  "network: {mode: open}",
  "paths: [{path: /, mode: readonly}]",
  "seccomp: unconfined",
  "changes: [{risk: runs-later, decision: allow}]",
];

/** The program with this backend, on this ground. */
export function openProduct(
  person: Person,
  backend: Backend,
  ground: Pick<Ground, "project" | "shared" | "tool" | "secret" | "sockets" | "stateHome">,
): Product {
  const { argv, env: own } = person.command([]);
  const path_ = ["bin", "node_modules/.bin"]
    .map((folder) => path.join(ground.project, folder))
    .join(":");
  const env = {
    ...own,
    ...backend.env,
    ...Object.fromEntries(LEAKS.map((name) => [name, `${SECRET}-variable`])),
    PATH: `${path_}:${own["PATH"]}`,
    SANDBOX_INVOKER_PATH: `${path_}:${own["PATH"]}`,
    TERM: "dumb",
  };
  const fixed = ["--ro", ground.shared, "--tool", ground.tool, "--hide", ".env", "--hide", "keys"];
  const inherit = ["/bin/sh", "-c", 'exec 7<"$0"; exec "$@"', ground.secret] as const;
  const sessionOf = (): string => {
    const shown = person.sandboxJson(["show", "latest"]);
    return String(shown.json.session);
  };
  const play: Product["play"] = async (scene, script) => {
    const words = ["run", ...backend.options, ...fixed, ...scene.options, "--name", scene.id];
    const run = await runCaptured([...inherit, ...argv, ...words, "--", "sh", script], {
      ...{ cwd: ground.project, env, timeoutMs: 450_000, terminal: scene.terminal === true },
    });
    const left = [...findProcesses(MARK), ...findProcesses(ground.stateHome)];
    const { json } = person.sandboxJson(["show", scene.id]);
    const log = path.join(ground.stateHome, "sessions", String(json.session), "output.log");
    return {
      ...run,
      left,
      outcome: String(json.outcome?.outcome ?? json.error?.message),
      logBytes: lstatSync(log, { throwIfNoEntry: false })?.size ?? 0,
    };
  };
  return {
    env,
    play,
    tryProjectFiles: () => {
      const file = path.join(ground.project, ".sandbox.yaml");
      const before = readFileSync(file);
      const ran = WIDENINGS.flatMap((text) => {
        writeFileSync(file, `version: 1\n${text}\n`);
        const words = ["run", ...backend.options, "--", "env"];
        const { status, stdout, stderr } = person.sandbox(words, { env: backend.env });
        return status === 2 && stderr.includes("only tighten")
          ? []
          : [`${text}: ${status} ${stdout}${stderr}`];
      });
      writeFileSync(file, before);
      return ran.length === 0 ? undefined : ran.join("\n");
    },
    makeOtherSession: async () => {
      const script = `echo ${SECRET}; echo ${SECRET} >note`;
      const options = { env: backend.env };
      const { status, stderr } = person.sandbox(
        ["run", ...backend.options, "--name", "other", "--", "sh", "-c", script],
        options,
      );
      if (status !== 0) throw new Error(`no other session: ${stderr}`);
      return path.join(ground.stateHome, "sessions", sessionOf());
    },
    readChanges: () =>
      person
        .sandboxJson(["diff", "quiet"])
        .json.changes.map((change: { path: string }) => change.path),
  };
}

import { type ChildCase, openRemoteEngine } from "../support/remote-engine.js";

// `ADDRESS=… CASE=… node engine-child.js`: starts a task on a daemon and lives until it is killed.
const one = JSON.parse(process.env["CASE"] ?? "{}") as ChildCase;
const address = process.env["ADDRESS"] ?? "";
const engine = openRemoteEngine({ address, env: process.env, home: one.home });
const sandbox = await engine.start(one.spec, {
  scratchDir: one.scratch,
  sandboxId: one.sandboxId,
  io: { stdin: "none", stdout: process.stdout, stderr: process.stderr },
});
await sandbox.wait();

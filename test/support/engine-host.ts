import { openOciEngine } from "../../src/engine/oci/open-oci-engine.js";
import { openEngineCase } from "./engine-case.js";

// A program that runs a task and can be killed: `node engine-host.js RUNTIME PROFILES CACHE MARK`.
// Says `ready` when the task has said so.
const [, , runtime = "crun", profilesDir = "", cacheDir = "", mark = ""] = process.argv;

const engine = openOciEngine({
  profilesDir,
  cacheDir,
  runtime: runtime === "runc" || runtime === "runsc" ? runtime : "crun",
});
const one = openEngineCase(engine);
process.stdout.write(`${one.dir}\n`);
const script = `trap '' TERM HUP INT; setsid sleep ${mark} & echo ready; while :; do sleep 1; done`;
const task = await one.start({ argv: ["sh", "-c", script] });
await task.says("ready");
process.stdout.write("ready\n");
await task.sandbox.wait();

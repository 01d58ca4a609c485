import { openEngineCase } from "../support/engine-case.js";
import { openRemoteEngine } from "../support/remote-engine.js";
import { openTempDir, readTree } from "../support/temp-tree.js";

// `node ssh-engine-child.js ssh://… IMAGE`: runs a task on a daemon over ssh, with the home that it finds, and says what came of it.
const [, , address = "", reference = ""] = process.argv;
using home = openTempDir();
const engine = openRemoteEngine({ address, env: process.env, home: home.path });
using one = openEngineCase(engine, { tree: ["there=1"] });
const { image } = await engine.resolveImage(reference);
const { outcome, stdout, stderr } = await one.run({
  argv: ["sh", "-c", "cat; echo err >&2; echo new >made; exit 7"],
  input: "typed\n",
  spec: { image },
});
await engine.prune({ isKept: () => false, dryRun: false });
process.stdout.write(
  `${JSON.stringify({ outcome, stdout, stderr, upper: readTree(one.upper) })}\n`,
);

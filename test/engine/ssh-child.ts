import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openCarriedLayers } from "../../src/engine/docker/open-carried-layers.js";
import { connect, openCarriedCase } from "../support/carried-case.js";

// `node ssh-child.js ssh://…`: carries a tree to a daemon over ssh and its upperdir back, with the home that it finds.
const [, , address = ""] = process.argv;
const daemon = await connect(address);
process.stdout.write("answered\n");
using one = openCarriedCase(daemon, { base: ["a=1"] });
writeFileSync(path.join(one.layers.upper, "new"), "x");
const layers = await openCarriedLayers(one.input, { carries: "everything" });
await layers.bringBack();
await layers.remove();
if (readdirSync(one.layers.upper).join() === "new") process.stdout.write("fetched\n");

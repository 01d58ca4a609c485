import { readFileSync } from "node:fs";
import path from "node:path";
import { openNative } from "../../src/host/native.js";
import { type Deed, playDeed } from "./conflict-deeds.js";

// Plays the deeds of a file, `[[cell, deed]…]`, below the directory that is the second word: inside a mount, or as a host.
const [file = "", root = ""] = process.argv.slice(2);
const native = openNative();
for (const [cell, deed] of JSON.parse(readFileSync(file, "utf8")) as readonly [string, Deed][])
  playDeed(native, path.join(root, cell), deed);

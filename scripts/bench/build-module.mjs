// Bundles a few lines that use the program's own modules, so that one part of it can be measured alone.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { root } from "./ground.mjs";

/** Gives the path of a CommonJS file made of `contents`, whose relative imports are those of a file in src/cli/. */
export async function buildModule(name, contents) {
  const outfile = path.join(root, ".bench", `${name}.cjs`);
  mkdirSync(path.dirname(outfile), { recursive: true });
  await build({
    stdin: { contents, resolveDir: path.join(root, "src", "cli"), loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    external: ["koffi"],
    define: { "import.meta.url": "__moduleUrl" },
    banner: { js: 'const __moduleUrl=require("node:url").pathToFileURL(__filename).href;' },
    logLevel: "warning",
  });
  return outfile;
}

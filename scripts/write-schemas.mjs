// Writes schemas/*.json from the zod schemas of src/cli/json and src/policy. `--check` writes nothing and fails where they differ.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const folder = path.join(root, "schemas");
const { toPublishedSchemas } = await load("cli", "json", "published-schemas.ts");
const { toProfileSchema } = await load("policy", "profile", "published-profile-schema.ts");
const wanted = new Map([...toPublishedSchemas(), ["profile.1.json", toProfileSchema()]]);
mkdirSync(folder, { recursive: true });
const stale = readdirSync(folder).filter((file) => file.endsWith(".json") && !wanted.has(file));
const changed = [...wanted].filter(([file, text]) => read(path.join(folder, file)) !== text);
if (process.argv.includes("--check")) {
  for (const file of [...stale, ...changed.map(([name]) => name)])
    process.stderr.write(`schemas/${file} is out of date: run node scripts/write-schemas.mjs\n`);
  process.exitCode = stale.length + changed.length > 0 ? 1 : 0;
} else {
  for (const file of stale) rmSync(path.join(folder, file));
  for (const [file, text] of changed) writeFileSync(path.join(folder, file), text);
}

async function load(...file) {
  const bundled = await build({
    entryPoints: [path.join(root, "src", ...file)],
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
    logLevel: "warning",
  });
  const code = Buffer.from(bundled.outputFiles[0].contents).toString("base64");
  return import(`data:text/javascript;base64,${code}`);
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

// Writes the import table into biome.json, so that an editor shows a forbidden import while it is typed. The judge
// is check-imports.mjs. `--check` changes nothing and exits 1 where biome.json says something else than the table.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { composer, folders, processModules, pureFolders, rooms } from "./import-table.mjs";

const ioModules = [
  "fs",
  "fs/promises",
  "net",
  "http",
  "https",
  "os",
  "child_process",
  "worker_threads",
  "tty",
  "dgram",
];
const file = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), "biome.json");
const config = JSON.parse(readFileSync(file, "utf8"));
const others = config.overrides.filter(
  (override) => !override.includes.every((glob) => glob.startsWith("src/")),
);
const composed = {
  includes: [`src/${composer}`],
  linter: { rules: { style: { noRestrictedImports: "off" } } },
};
config.overrides = [
  ...Object.keys(folders).flatMap((folder) => [
    toOverride(folder, "*.ts", "../"),
    toOverride(folder, "*/*.ts", "../../"),
  ]),
  composed,
  ...others,
];
const wanted = `${JSON.stringify(config, null, 2)}\n`;
const isSame =
  JSON.stringify(JSON.parse(wanted)) === JSON.stringify(JSON.parse(readFileSync(file, "utf8")));

if (!isSame && process.argv.includes("--check")) {
  console.error(
    "biome.json is older than scripts/import-table.mjs: run node scripts/write-biome-overrides.mjs",
  );
  process.exit(1);
}
if (!isSame) writeFileSync(file, wanted);

/** The rule for the files `glob` of a folder, whose way up to src/ is `up`: patterns match what is written. */
function toOverride(folder, glob, up) {
  const allowed = folders[folder].map((name) => name.replace(/\.ts$/, ".js"));
  const options = {
    paths: Object.fromEntries(
      forbiddenModules(folder).map((name) => [name, `${name} is not for ${folder}/`]),
    ),
    patterns: [
      {
        group: [
          `${up}**`,
          ...allowed.map((name) => `!${up}${name.endsWith(".js") ? name : `${name}/**`}`),
        ],
        message: `${folder}/ may import ${allowed.join(", ") || "nothing"}`,
      },
    ],
  };
  const rule = { noRestrictedImports: { level: "error", options } };
  return { includes: [`src/${folder}/${glob}`], linter: { rules: { style: rule } } };
}

function forbiddenModules(folder) {
  const libraries = Object.keys(rooms).filter((name) => !rooms[name].includes(folder));
  const ofNode = pureFolders.includes(folder) ? ioModules : folder === "host" ? [] : processModules;
  return [...ofNode.map((name) => `node:${name}`), ...libraries];
}

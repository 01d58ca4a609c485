// The import table of ARCHITECTURE.md, enforced: which folder of src/ may import which, where each library may
// be imported, no cycles, two levels of folders. Types, `import()`, `require()` and re-exports count like any import.
// `node scripts/check-imports.mjs [ROOT]` prints one line for each forbidden import and exits 1 if there is any.
// What it cannot read it refuses. The formatter, which runs with it, keeps statements at the start of their lines.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import {
  composer,
  folders,
  processModules,
  pureFolders,
  pureModules,
  rooms,
} from "./import-table.mjs";

/** Ways around an import that a reader of imports does not see; koffi, which is no ES module, needs one. */
const backDoors = /\b(getBuiltinModule|createRequire|process\.binding|require\.resolve)/g;
const doorRoom = "host";

const root = path.resolve(
  process.argv[2] ?? path.dirname(path.dirname(fileURLToPath(import.meta.url))),
);
const source = path.join(root, "src");
const files = readdirSync(source, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
  .map((entry) => path.relative(source, path.join(entry.parentPath ?? entry.path, entry.name)))
  .sort();
const known = new Set(files);
const imports = new Map();
const problems = [];

for (const file of files) checkFile(file);
for (const cycle of findCycles())
  problems.push(`src/${cycle[0]}: import cycle: ${cycle.join(" → ")}`);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);

function checkFile(file) {
  const [folder, ...rest] = file.split("/");
  if (!(folder in folders)) return report(file, `"${folder}" is no folder of the import table`);
  if (rest.length > 2) report(file, "folders are two levels deep at most");
  const text = withoutComments(readFileSync(path.join(source, file), "utf8"));
  for (const [door] of text.matchAll(backDoors))
    if (folder !== doorRoom) report(file, `"${door}" is a way around the import table`);
  const targets = [];
  for (const specifier of readSpecifiers(file, text)) {
    if (specifier.startsWith(".")) targets.push(checkRelative(file, folder, specifier));
    else checkModule(file, folder, specifier);
  }
  imports.set(
    file,
    targets.filter((target) => target !== undefined),
  );
}

function checkRelative(file, folder, specifier) {
  const target = path.posix
    .join(path.posix.dirname(file), specifier)
    .replace(/\.([cm]?)js$/, ".$1ts");
  if (!known.has(target)) return report(file, `"${specifier}" is no file of src/`);
  const to = target.split("/")[0];
  const allowed =
    file === composer ||
    to === folder ||
    folders[folder].some((name) => name === to || name === target);
  if (!allowed)
    report(
      file,
      `${folder}/ may not import ${target} (it may import ${folders[folder].join(", ") || "nothing"})`,
    );
  return target;
}

function checkModule(file, folder, specifier) {
  if (specifier.startsWith("node:"))
    return checkNodeModule(file, folder, specifier.slice("node:".length));
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  const room = Object.hasOwn(rooms, name) ? rooms[name] : undefined;
  if (room === undefined) report(file, `"${name}" is no library with a room in the import table`);
  else if (!room.includes(folder))
    report(file, `"${name}" is for ${room.join(", ")}, not for ${folder}/`);
}

function checkNodeModule(file, folder, name) {
  if (processModules.includes(name) && folder !== "host")
    report(file, `"node:${name}" is for host, not for ${folder}/`);
  if (pureFolders.includes(folder) && !pureModules.includes(name))
    report(file, `${folder}/ has no I/O: "node:${name}" is not for it`);
}

/** Every module named by a statement, an `import()` or a `require()` of `text`. */
function readSpecifiers(file, text) {
  return [...readImports(file, text), ...readExports(file, text), ...readCalls(file, text)].filter(
    (specifier) => specifier !== undefined,
  );
}

function readImports(file, text) {
  const readable = /^import\b[^"'`]*(["'])([^"'`]+)\1(\s+with\s*\{[^}]*\})?\s*$/;
  return Array.from(text.matchAll(/^[ \t]*(import\b(?!\s*[.(])[^;]*);?/gm), ([, statement]) => {
    const match = readable.exec(statement);
    return match
      ? match[2]
      : report(file, `an import that cannot be read: ${firstLine(statement)}`);
  });
}

function readExports(file, text) {
  const readable =
    /^export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}"'`]*\})(?:\s+from\s+(["'])([^"'`]+)\1)?\s*$/;
  return Array.from(
    text.matchAll(/^[ \t]*(export\s+(?:type\s+)?[{*][^;]*);?/gm),
    ([, statement]) => {
      const match = readable.exec(statement);
      return match
        ? match[2]
        : report(file, `an export that cannot be read: ${firstLine(statement)}`);
    },
  );
}

function readCalls(file, text) {
  const calls = /\b(import|require)\s*\(\s*(?:(["'])([^"'`]+)\2\s*\))?/g;
  return Array.from(
    text.matchAll(calls),
    ([, call, , specifier]) =>
      specifier ?? report(file, `${call}() of something that is no literal`),
  );
}

/** Comments that begin their line. One at a line's end stays, and counts as code: refused rather than missed. */
function withoutComments(text) {
  return text.replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, "").replace(/^[ \t]*\/\/.*$/gm, "");
}

function firstLine(text) {
  return text.split("\n")[0];
}

function report(file, message) {
  problems.push(`src/${file}: ${message}`);
}

/** One example of each knot of files that import each other. */
function findCycles() {
  const cycles = [];
  const done = new Set();
  const visit = (file, trail) => {
    const at = trail.indexOf(file);
    if (at >= 0) return cycles.push([...trail.slice(at), file]);
    if (done.has(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return cycles;
}

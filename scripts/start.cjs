// The program's first file (the build copies it beside the bundles): runs the bundles with V8's code cache, which saves
// compiling them at every start. A cache is written once, at the end of a process that had none, where the installation is
// writable; V8 refuses one of another version. A new build is a new directory: no cache outlives its bundle.
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { Script } = require("node:vm");

// Garbage is collected before the heap has grown by 40 %: by itself V8 lets it double, and a commit of a hundred thousand files
// would take 400 MiB instead of 280. Here, and the nursery's 4 MiB in the launcher, because V8 refuses a code cache that was made
// under other flags. Nothing of it is felt where little is held.
require("node:v8").setFlagsFromString("--heap-growing-percent=40");

const main = path.join(__dirname, "cli-main.cjs");
const compileElsewhere = Module.prototype._compile;
const uncached = [];

Module.prototype._compile = function compile(content, filename) {
  if (path.dirname(filename) !== __dirname) return compileElsewhere.call(this, content, filename);
  const cachedData = readCache(`${filename}.cache`);
  const script = new Script(Module.wrap(content), { filename, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) uncached.push([script, filename]);
  const load = (id) => this.require(id);
  const run = script.runInThisContext();
  return run.call(this.exports, this.exports, load, this, filename, __dirname);
};

// What has run is in the cache with all that it called: of the main bundle that is worth keeping after `run` only.
process.once("exit", () => {
  for (const [script, filename] of uncached)
    if (filename !== main || process.argv[2] === "run") writeCache(`${filename}.cache`, script);
});

process.argv[1] = main;
require(main);

function readCache(file) {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

/** An installation that is not ours to write to goes without. */
function writeCache(file, script) {
  const temporary = `${file}.${process.pid}`;
  try {
    fs.writeFileSync(temporary, script.createCachedData(), { flag: "wx", mode: 0o644 });
    fs.renameSync(temporary, file);
  } catch {
    fs.rmSync(temporary, { force: true });
  }
}

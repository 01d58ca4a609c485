// Builds the program: types are checked by `tsc` elsewhere; here the sources become CommonJS bundles in
// dist/sandbox (CommonJS starts some milliseconds faster than ESM). Every `import("./x.js")` becomes a bundle
// of its own that is read only where it is used: what a command does not need is never parsed.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const source = path.join(root, "src");
const out = path.join(root, "dist", `sandbox.tmp-${process.pid}`);
const done = path.join(root, "dist", "sandbox");
const seen = new Set();
const queue = [path.join(source, "cli", "main.ts")];

// Said in words where the launcher's Node is too old, before anything newer than Node 16's syntax runs.
const nodeCheck =
  'if(+process.versions.node.split(".")[0]<20){' +
  'process.stderr.write("sandbox: "+process.execPath+" is Node "+process.versions.node+"\\n  hint: Node 20 or newer is needed\\n");' +
  "process.exit(125)}";

const chunkName = (file) =>
  path.relative(source, file).replace(/\.ts$/, "").replaceAll(path.sep, "-");

const lazyChunks = {
  name: "lazy-chunks",
  setup(bundler) {
    bundler.onResolve({ filter: /^\./ }, (args) => {
      if (args.kind !== "dynamic-import") return undefined;
      const file = path.resolve(args.resolveDir, args.path.replace(/\.js$/, ".ts"));
      queue.push(file);
      return { path: `./${chunkName(file)}.cjs`, external: true };
    });
  },
};

// dockerode loads these for ways to a daemon and kinds of builds that nothing here asks for: 60 ms at each start, and a
// megabyte. What it does of them at load time is a call of `debug`.
const unused = {
  name: "unused-parts-of-dockerode",
  setup(bundler) {
    const names =
      /^(debug|ssh2|split-ca|tar-fs|protobufjs|@grpc\/(grpc-js|proto-loader)|@balena\/dockerignore)$/;
    bundler.onResolve({ filter: names }, ({ path: name }) => ({ path: name, namespace: "unused" }));
    bundler.onLoad({ filter: /.*/, namespace: "unused" }, () => ({
      contents: "module.exports = () => () => {};",
    }));
  },
};

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
while (queue.length > 0) {
  const file = queue.pop();
  if (seen.has(file)) continue;
  seen.add(file);
  await build({
    entryPoints: [file],
    outfile: path.join(out, `${chunkName(file)}.cjs`),
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minifySyntax: true,
    minifyWhitespace: true,
    supported: { "dynamic-import": false },
    define: { "import.meta.url": "__moduleUrl" },
    banner: {
      js: `${nodeCheck}const __moduleUrl=require("node:url").pathToFileURL(__filename).href;`,
    },
    // Both bring a binary of their own, which a bundle cannot hold.
    external: ["koffi", "libsql"],
    // Its ES module makes a `require` of its own, which a CommonJS bundle has.
    alias: {
      "web-tree-sitter": path.join(root, "node_modules", "web-tree-sitter", "web-tree-sitter.cjs"),
    },
    plugins: [lazyChunks, unused],
    logLevel: "warning",
  }).catch(() => process.exit(1)); // esbuild has said what is wrong, and where.
}
copyFileSync(path.join(root, "scripts", "start.cjs"), path.join(out, "start.cjs"));
copyAssets(path.join(root, "profiles"), path.join(out, "profiles"));
copyAssets(path.join(source, "engine", "oci"), out);
copyGrammar(path.join(out, "wasm"));
copyAssets(path.join(source, "engine", "docker"), out);
const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
writeFileSync(path.join(out, "version"), `${version}\n`);
// The old build goes aside in one rename and the new one comes in the next: no moment with half a build.
const old = `${out}.old`;
if (existsSync(done)) renameSync(done, old);
renameSync(out, done);
rmSync(old, { recursive: true, force: true });

/** The shell's grammar and what runs it: read only where a profile has rules and a command names a shell. */
function copyGrammar(to) {
  const packages = path.join(root, "node_modules");
  mkdirSync(to);
  for (const file of [
    "web-tree-sitter/web-tree-sitter.wasm",
    "@vscode/tree-sitter-wasm/wasm/tree-sitter-bash.wasm",
  ])
    copyFileSync(path.join(packages, file), path.join(to, path.basename(file)));
}

/** What the program reads at run time and is no TypeScript. */
function copyAssets(from, to) {
  if (!existsSync(from)) return;
  cpSync(from, to, { recursive: true, filter: (file) => !file.endsWith(".ts") });
}

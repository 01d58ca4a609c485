// The import table of ARCHITECTURE.md as data: check-imports.mjs enforces it, write-biome-overrides.mjs tells the
// editor of it. It changes together with that page.

/** Each folder of src/ and what it may import besides itself: folders, or single files. */
export const folders = {
  core: [],
  host: ["core"],
  policy: ["core"],
  overlay: ["core", "host"],
  review: ["core"],
  engine: ["core", "host"],
  network: ["core", "host"],
  commit: ["core", "host"],
  store: ["core", "host"],
  controller: [
    "core",
    "policy",
    "overlay",
    "review",
    "network",
    "commit",
    "store",
    "engine/engine.ts",
  ],
  web: ["core", "controller"],
  cli: ["core", "controller", "review"],
};
/** The one file that may import every folder: it composes. */
export const composer = "cli/main.ts";

export const rooms = {
  koffi: ["host"],
  zod: ["policy", "store", "commit", "engine", "network", "web", "cli"],
  dockerode: ["engine"],
  "tar-stream": ["engine"],
  "dns-packet": ["network"],
  diff: ["review"],
  "node-diff3": ["review"],
  libsql: ["store"],
  "p-queue": ["controller"],
  winston: ["controller"],
  yaml: ["policy"],
  "web-tree-sitter": ["policy"],
  unbash: ["policy"],
  hono: ["web"],
  "@hono/node-server": ["web"],
  commander: ["cli"],
  picocolors: ["cli", "review"],
};

/** Starting processes is host/'s alone. */
export const processModules = ["child_process", "cluster"];
/** What a folder without I/O may take from Node. */
export const pureModules = [
  "assert",
  "assert/strict",
  "buffer",
  "crypto",
  "path",
  "path/posix",
  "string_decoder",
  "url",
  "zlib",
  "util",
];
export const pureFolders = ["core", "policy", "review"];

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { ShellGrammar } from "../../src/policy/commands/tree-sitter-shell.js";

const require = createRequire(import.meta.url);

/** The grammar as the build copies it. */
export function readShellGrammar(): ShellGrammar {
  const bash = path.dirname(require.resolve("@vscode/tree-sitter-wasm/package.json"));
  return {
    runtime: readFileSync(require.resolve("web-tree-sitter/web-tree-sitter.wasm")),
    bash: readFileSync(path.join(bash, "wasm", "tree-sitter-bash.wasm")),
  };
}

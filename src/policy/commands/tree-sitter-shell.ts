import { Language, type Node, Parser } from "web-tree-sitter";
import type { ShellCommand, Word } from "./command-unit.js";

/** The programs of the grammar, read by whoever composes: policy reads no files. */
export interface ShellGrammar {
  /** `web-tree-sitter.wasm`. */
  readonly runtime: Uint8Array;
  /** `tree-sitter-bash.wasm`. */
  readonly bash: Uint8Array;
}

/** Reads scripts by tree-sitter's grammar of bash: the simple commands in order, or undefined where it does not parse. */
export async function openTreeSitterShell(
  grammar: ShellGrammar,
): Promise<(script: string) => readonly ShellCommand[] | undefined> {
  await Parser.init({ wasmBinary: grammar.runtime });
  const language = await Language.load(grammar.bash);
  return (script) => {
    const parser = new Parser();
    parser.setLanguage(language);
    const tree = parser.parse(script);
    try {
      if (tree === null || tree.rootNode.hasError) return undefined;
      return toCommands(tree.rootNode);
    } finally {
      tree?.delete();
      parser.delete();
    }
  };
}

/** Whatever redefines what a word means makes every command of the script unknown. */
const REFUSED = ["function_definition"];
const COMMANDS = ["command", "declaration_command", "unset_command"];

function toCommands(root: Node): readonly ShellCommand[] | undefined {
  if (root.descendantsOfType(REFUSED).length > 0) return undefined;
  const assignments = find(root, ["variable_assignment"]).map(toAssignment);
  const redirected = find(root, ["redirected_statement"]);
  return find(root, COMMANDS).map((node) => ({
    words: toWords(node),
    redirects: [
      ...toDestinations(node),
      ...redirected.filter((outer) => isLastOf(node, outer)).flatMap(toDestinations),
    ],
    assignments,
  }));
}

function find(root: Node, types: string[]): readonly Node[] {
  return root
    .descendantsOfType(types)
    .filter((node) => node !== null)
    .toSorted((a, b) => a.startIndex - b.startIndex);
}

/** In this grammar a redirection behind a list is the whole list's; in a shell it is its last command's. */
function isLastOf(node: Node, outer: Node): boolean {
  const body = outer.childForFieldName("body");
  return body !== null && node.endIndex === body.endIndex && node.startIndex >= body.startIndex;
}

function toWords(node: Node): readonly Word[] {
  if (node.type !== "command") return [node.child(0)?.text, ...toDeclared(node)];
  return node.namedChildren.flatMap((child) => {
    if (child === null || IS_NO_WORD.test(child.type)) return [];
    return [toWord(child.type === "command_name" ? child.firstNamedChild : child)];
  });
}

const IS_NO_WORD = /^(?:variable_assignment|\w+_redirect|comment)$/;

function toDeclared(node: Node): readonly Word[] {
  return node.namedChildren.flatMap((child) => {
    if (child === null || IS_NO_WORD.test(child.type)) return [];
    return [child.type === "variable_name" ? child.text : toWord(child)];
  });
}

/** Files opened by the redirections that hang on `node` itself; `2>&1` opens none. */
function toDestinations(node: Node): readonly Word[] {
  return node.namedChildren.flatMap((child) => {
    if (child?.type !== "file_redirect" || /^\d*[<>]&(?:\d+|-)$/.test(child.text)) return [];
    return child.childrenForFieldName("destination").flatMap((at) => (at ? [toWord(at)] : []));
  });
}

function toAssignment(node: Node): string {
  return node.text.slice(0, node.text.indexOf("=")).replace(/[+[].*$/, "");
}

/** What a node stands for without running anything. */
function toWord(node: Node | null): Word {
  switch (node?.type) {
    case "word":
    case "number":
      return unescapeWord(node.text);
    case "raw_string":
      return node.text.slice(1, -1);
    case "string":
      return toQuoted(node);
    case "concatenation":
      return joinWords(node);
    default:
      return undefined;
  }
}

function toQuoted(node: Node): Word {
  if (node.namedChildren.some((child) => child?.type !== "string_content")) return undefined;
  const inner = node.text.slice(1, -1);
  return /[$`]/.test(inner.replace(/\\[\\$`]/g, "")) ? undefined : unescapeQuoted(inner);
}

function joinWords(node: Node): Word {
  const parts = node.children.map(toWord);
  if (parts.some((part) => part === undefined)) return undefined;
  const joined = parts.join("");
  const covered = node.children.reduce((sum, child) => sum + (child?.text.length ?? 0), 0);
  return covered === node.text.length ? joined : undefined;
}

/** A plain word: globs, braces, tildes and expansions are the shell's to know. */
function unescapeWord(text: string): Word {
  const bare = text.replace(/\\[\s\S]/g, "");
  if (/[*?[\]{}$`"'~!]/.test(bare)) return undefined;
  return text.replace(/\\\n/g, "").replace(/\\([\s\S])/g, "$1");
}

function unescapeQuoted(text: string): string {
  return text.replace(/\\\n/g, "").replace(/\\([\\$`"])/g, "$1");
}

import { parse } from "unbash";
import type { ShellCommand, Word } from "./command-unit.js";

/** Reads scripts by unbash, a second grammar of bash: the simple commands in order, or undefined where it does not parse. */
export function parseByUnbash(script: string): readonly ShellCommand[] | undefined {
  // As JSON: what it parses only when asked for (substitutions, here-documents) is then there too.
  const tree: unknown = JSON.parse(JSON.stringify(parse(script)));
  if (!isNode(tree) || (Array.isArray(tree["errors"]) && tree["errors"].length > 0))
    return undefined;
  const commands: PlacedCommand[] = [];
  return collect(tree, commands)
    ? commands.toSorted((a, b) => a.pos - b.pos).map(({ pos: _, ...command }) => command)
    : undefined;
}

type Node = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface PlacedCommand extends ShellCommand {
  readonly pos: number;
}

/** Every command anywhere below `node`; false where something redefines what words mean. */
function collect(node: Node, into: PlacedCommand[]): boolean {
  if (node["type"] === "Function" || node["type"] === "Coproc") return false;
  if (node["type"] === "Command") into.push(...toCommand(node));
  return Object.values(node).every((value) =>
    (Array.isArray(value) ? value : [value]).every((item) => !isNode(item) || collect(item, into)),
  );
}

/** None for a command without a word, and for `[`, which starts nothing. */
function toCommand(node: Node): readonly PlacedCommand[] {
  const name = node["name"];
  if (!isNode(name) || name["text"] === "[") return [];
  const suffix = toNodes(node["suffix"]);
  const words = suffix.filter(({ type }) => type === "Word").map(toWord);
  const redirects = [...toNodes(node["prefix"]), ...suffix].flatMap(toDestination);
  return [
    { words: [toWord(name), ...words], redirects, assignments: [], pos: Number(node["pos"]) },
  ];
}

/** The file a redirection opens; `2>&1` opens none. */
function toDestination({ type, target, operator }: Node): readonly Word[] {
  if (type !== "Redirect" || !isNode(target)) return [];
  const word = toWord(target);
  const isDescriptor = /^[<>]&$/.test(String(operator)) && /^(?:\d+|-)$/.test(word ?? "");
  return isDescriptor ? [] : [word];
}

function toNodes(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function toWord(node: Node): Word {
  const text = String(node["text"]);
  if (/[*?[\]{}~!]/.test(text.replace(/\\[\s\S]|'[^']*'|"(?:\\[\s\S]|[^"\\])*"/g, "")))
    return undefined;
  if (node["parts"] === undefined)
    return typeof node["value"] === "string" ? node["value"] : undefined;
  return joinParts(toNodes(node["parts"]));
}

function joinParts(parts: readonly Node[]): Word {
  let joined = "";
  for (const part of parts) {
    const value = toPart(part);
    if (value === undefined) return undefined;
    joined += value;
  }
  return joined;
}

function toPart(part: Node): Word {
  switch (part["type"]) {
    case "Literal":
    case "SingleQuoted":
      return typeof part["value"] === "string" ? part["value"] : undefined;
    case "DoubleQuoted":
      return joinParts(toNodes(part["parts"]));
    default:
      return undefined;
  }
}

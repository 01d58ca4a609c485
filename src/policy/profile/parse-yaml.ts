import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
} from "yaml";
import { SandboxError } from "../../core/error.js";

/** Keys and indices from the top of a document to a value. */
export type ValuePath = readonly (string | number)[];

/** A document's plain value, and where each part of it stands. */
export interface LocatedValue {
  readonly value: unknown;
  /** `FILE:LINE` of the value at `path`, or of the nearest value above it that is there. */
  readonly locate: (path: ValuePath) => string;
}

/** Read as something else by YAML 1.1 or by the core schema of 1.2: nobody can tell what was meant. */
const SURPRISING =
  /^(?:y|n|yes|no|on|off|null|~|true|false|[-+]?\.(?:inf|nan)|[-+]?0[xob]?[\d_a-f]+|[-+]?[\d_]+(?:e[-+]?\d+|_\d*)|[-+]?\d*\.\d*e[-+]?\d+|\+[\d.]+|-?\.\d+|-?\d+\.|\d+(?::[0-5]?\d)+|\d{4}-\d\d?-\d\d?.*)$/i;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
/** More is no profile a person wrote. */
const MOST_BYTES = 256 * 1024;
const MOST_NODES = 50_000;

/**
 * The one document of `text`, read strictly: plain `true`, `false` and decimal numbers have a type, everything else is text; what
 * other parsers would read otherwise has to be quoted. Throws `usage` naming file and line for anchors, aliases, tags, merge keys,
 * a key written twice, an empty value, several documents and anything that does not parse.
 */
export function parseYaml(text: string, file: string): LocatedValue {
  const lines = new LineCounter();
  const fail = (offset: number, message: string, hint?: string): SandboxError =>
    new SandboxError("usage", `${file}:${lines.linePos(offset).line || 1}: ${message}`, {
      ...(hint === undefined ? {} : { hint }),
    });
  if (text.length > MOST_BYTES)
    throw new SandboxError("usage", `${file}: more than ${MOST_BYTES} characters`);
  const documents = parseAllDocuments(text, {
    version: "1.2",
    schema: "failsafe",
    merge: false,
    uniqueKeys: true,
    strict: true,
    prettyErrors: false,
    lineCounter: lines,
  });
  const [document, second] = Array.isArray(documents) ? documents : [];
  if (document === undefined) throw fail(0, "the file is empty", "write at least: version: 1");
  refuseErrors(document, fail);
  if (second !== undefined) throw fail(second.range[0], "a second document: a profile is one");
  if (text.includes("%YAML") && /^%/m.test(text)) throw fail(0, "directives are not for profiles");
  const reader = new NodeReader(fail);
  const value = reader.read(document.contents, 0);
  return { value, locate: (path) => `${file}:${lines.linePos(findOffset(document, path)).line}` };
}

type Fail = (offset: number, message: string, hint?: string) => SandboxError;

function refuseErrors(document: Document.Parsed, fail: Fail): void {
  const [problem] = [...document.errors, ...document.warnings];
  if (problem === undefined) return;
  const hint = problem.code === "DUPLICATE_KEY" ? "each key once" : undefined;
  throw fail(problem.pos[0], problem.message.split("\n")[0] ?? "not YAML", hint);
}

/** Nodes to plain values, with everything refused that is not plain. */
class NodeReader {
  readonly #fail: Fail;
  #nodes = 0;

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  read(node: unknown, above: number): unknown {
    this.#nodes += 1;
    const at = offsetOf(node) ?? above;
    if (this.#nodes > MOST_NODES) throw this.#fail(at, "too long for a profile");
    this.#refuseFeatures(node, at);
    if (isScalar(node)) return this.#scalar(node.source ?? String(node.value), node.type, at);
    if (isSeq(node)) return node.items.map((item) => this.read(item, at));
    if (isMap(node)) return Object.fromEntries(node.items.map((item) => this.#pair(item, at)));
    throw this.#fail(at, "an empty value", "give a value, or leave the key out");
  }

  #pair(item: unknown, above: number): readonly [string, unknown] {
    if (!isPair(item)) throw this.#fail(above, "not a key and a value");
    const at = offsetOf(item.key) ?? above;
    this.#refuseFeatures(item.key, at);
    if (!isScalar(item.key)) throw this.#fail(at, "a key must be a word");
    const key = String(item.key.value);
    if (key === "<<") throw this.#fail(at, "merge keys are not for profiles", "use extends");
    if (key === "__proto__") throw this.#fail(at, "__proto__ is no key");
    return [key, this.read(item.value, at)];
  }

  #scalar(source: string, type: string | undefined, at: number): unknown {
    if (type !== "PLAIN") return source;
    if (source === "true" || source === "false") return source === "true";
    if (NUMBER.test(source)) return Number(source);
    if (source === "") throw this.#fail(at, "an empty value", "give a value, or leave the key out");
    if (SURPRISING.test(source))
      throw this.#fail(at, `${source} is read differently by other programs`, `write "${source}"`);
    return source;
  }

  #refuseFeatures(node: unknown, at: number): void {
    if (typeof node !== "object" || node === null) return;
    if ("anchor" in node && node.anchor !== undefined)
      throw this.#fail(at, "anchors are not for profiles", "write the value where it is needed");
    if ("tag" in node && typeof node.tag === "string")
      throw this.#fail(at, "tags are not for profiles");
    if (!isScalar(node) && !isMap(node) && !isSeq(node))
      throw this.#fail(at, "aliases are not for profiles", "write the value where it is needed");
  }
}

function offsetOf(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  return Array.isArray(node.range) ? Number(node.range[0]) : undefined;
}

function findOffset(document: Document.Parsed, path: ValuePath): number {
  let node: unknown = document.contents;
  let offset = offsetOf(node) ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      if (pair === undefined) return offset;
      offset = offsetOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = offsetOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

import { decodeName } from "../core/path.js";
import { diffLines } from "./diff-lines.js";
import { type Hunk, toHunks } from "./to-hunks.js";

/** How the content of one file changed. Sizes are bytes; an absent side has none. */
export type TextDiff =
  | {
      readonly kind: "text";
      readonly hunks: readonly Hunk[];
      readonly added: number;
      readonly deleted: number;
      /** Every line of both sides ends in CR LF. */
      readonly crlf: boolean;
    }
  | { readonly kind: "binary"; readonly beforeSize?: number; readonly afterSize?: number }
  /** Too much to compare: named, with its sizes, and not read. */
  | { readonly kind: "huge"; readonly beforeSize?: number; readonly afterSize?: number };

/** How content becomes text. */
interface TextOptions {
  /** Bytes that are not UTF-8 become lone surrogates, as in a name: to be shown on a terminal, never in a patch. */
  readonly otherEncodings?: boolean;
}

/** Content beyond this is not compared line by line. */
export const DIFF_LIMITS = { bytes: 1024 * 1024, lines: 20_000 } as const;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Compares two contents; undefined stands for a file that is not there. What holds NUL or is not
 * UTF-8 is binary: a patch is text, and bytes shown in a guessed encoding would hide what they are.
 */
export function toTextDiff(
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
  options: TextOptions = {},
): TextDiff {
  const sizes = toSizes(before?.length, after?.length);
  if (Math.max(before?.length ?? 0, after?.length ?? 0) > DIFF_LIMITS.bytes)
    return { kind: "huge", ...sizes };
  const oldLines = toTextLines(before, options);
  const newLines = toTextLines(after, options);
  if (oldLines === undefined || newLines === undefined) return { kind: "binary", ...sizes };
  if (Math.max(oldLines.length, newLines.length) > DIFF_LIMITS.lines)
    return { kind: "huge", ...sizes };
  const runs = diffLines(oldLines, newLines);
  const count = (kind: "add" | "delete"): number =>
    runs.reduce((sum, run) => sum + (run.kind === kind ? run.count : 0), 0);
  return {
    kind: "text",
    hunks: toHunks(runs, oldLines, newLines),
    added: count("add"),
    deleted: count("delete"),
    crlf: [...oldLines, ...newLines].every((line) => line.endsWith("\r\n")),
  };
}

/** The sizes that are known, as a `TextDiff` has them. */
export function toSizes(
  beforeSize: number | undefined,
  afterSize: number | undefined,
): { beforeSize?: number; afterSize?: number } {
  return {
    ...(beforeSize === undefined ? {} : { beforeSize }),
    ...(afterSize === undefined ? {} : { afterSize }),
  };
}

/** The lines of text, each with its newline; undefined for what is not text. */
export function toTextLines(
  bytes: Uint8Array | undefined,
  options: TextOptions = {},
): readonly string[] | undefined {
  const text = decode(bytes, options);
  return text === undefined ? undefined : splitLines(text);
}

/** Undefined for what is not text. */
function decode(
  bytes: Uint8Array | undefined,
  { otherEncodings }: TextOptions,
): string | undefined {
  if (bytes === undefined) return "";
  if (bytes.includes(0)) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return otherEncodings === true ? decodeName(bytes) : undefined;
  }
}

/** Lines with their newline; the last one may have none. Only LF ends a line, as for git and patch. */
export function splitLines(text: string): readonly string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

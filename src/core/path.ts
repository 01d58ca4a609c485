import { SandboxError } from "./error.js";

/**
 * A path below a workspace: components joined by `/`, none empty, `.` or `..`; the workspace itself
 * is `""`. Bytes that are not UTF-8 are lone surrogates U+DC80–U+DCFF, one a byte (as Python's
 * `surrogateescape`, PEP 383), so that every name Linux allows has exactly one string.
 */
export type RelPath = string & { readonly __brand: "RelPath" };

/** The workspace itself. */
export const ROOT_PATH = "" as RelPath;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** A component that is empty, `.` or `..`, or a NUL. */
const NOT_BELOW = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;

/** The path `text` spells. Throws `usage` for an absolute path or a component that is `.`, `..`, empty or holds NUL. */
export function parseRelPath(text: string): RelPath {
  if (text === "") return ROOT_PATH;
  if (NOT_BELOW.test(text))
    throw new SandboxError("usage", `not a path below the workspace: ${JSON.stringify(text)}`);
  return text as RelPath;
}

/** `name` below `parent`; `name` is one component as the kernel gave it. */
export function joinPath(parent: RelPath, name: string): RelPath {
  return (parent === "" ? name : `${parent}/${name}`) as RelPath;
}

/** The directory that holds `path`; undefined for the workspace itself. */
export function parentPath(path: RelPath): RelPath | undefined {
  if (path === "") return undefined;
  const slash = path.lastIndexOf("/");
  return (slash < 0 ? "" : path.slice(0, slash)) as RelPath;
}

/** The last component of `path`; `""` for the workspace itself. */
export function baseName(path: RelPath): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** True when `path` is `ancestor` or lies below it. */
export function isWithin(path: RelPath, ancestor: RelPath): boolean {
  return ancestor === "" || path === ancestor || path.startsWith(`${ancestor}/`);
}

/** Bytes of a name or path → its string (see `RelPath`). */
export function decodeName(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return decodeEscaped(bytes);
  }
}

/** The inverse of `decodeName`. */
export function encodeName(name: string): Uint8Array {
  if (isUtf8Name(name)) return encoder.encode(name);
  const out: number[] = [];
  for (let i = 0; i < name.length; ) {
    const unit = name.charCodeAt(i);
    if (unit >= 0xdc80 && unit <= 0xdcff) {
      out.push(unit - 0xdc00);
      i += 1;
      continue;
    }
    const char = String.fromCodePoint(name.codePointAt(i) ?? 0);
    out.push(...encoder.encode(char));
    i += char.length;
  }
  return Uint8Array.from(out);
}

/** True when `name` has no escaped byte, so that Node takes it as it is. */
export function isUtf8Name(name: string): boolean {
  return !/[\udc80-\udcff]/.test(name) || name.isWellFormed();
}

/** How a path is written in JSON for programs. */
export interface PathObject {
  readonly workspace: string;
  readonly path: string;
  readonly pathBase64?: string;
}

/** `path` as JSON for programs: `.` for the workspace itself, `pathBase64` where it is not UTF-8. */
export function toPathObject(workspace: string, path: RelPath): PathObject {
  const text = path === "" ? "." : path;
  if (isUtf8Name(text)) return { workspace, path: text };
  const pathBase64 = Buffer.from(encodeName(text)).toString("base64");
  return { workspace, path: text.toWellFormed(), pathBase64 };
}

/** Longest valid UTF-8 runs are kept, every other byte is escaped. */
function decodeEscaped(bytes: Uint8Array): string {
  let out = "";
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    if (length === 0) {
      out += String.fromCharCode(0xdc00 + (bytes[i] ?? 0));
      i += 1;
    } else {
      out += decoder.decode(bytes.subarray(i, i + length));
      i += length;
    }
  }
  return out;
}

/** Length of the valid UTF-8 sequence at `start`, 0 when there is none. */
function sequenceLength(bytes: Uint8Array, start: number): number {
  const length = announcedLength(bytes[start] ?? 0);
  if (length === 0 || start + length > bytes.length) return 0;
  try {
    decoder.decode(bytes.subarray(start, start + length));
    return length;
  } catch {
    return 0;
  }
}

/** How many bytes a sequence has by its first one (RFC 3629); 0 for one that cannot begin any. */
function announcedLength(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc0) return 0;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

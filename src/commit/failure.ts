import { constants } from "node:os";
import { isSandboxError, SandboxError } from "../core/error.js";
import type { RelPath } from "../core/path.js";
import { showPath } from "./show-path.js";

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOSPC", "no space left on the filesystem (or no inodes)"],
  ["EDQUOT", "the disk quota is used up"],
  ["EACCES", "permission denied"],
  ["EPERM", "not permitted (immutable, or another owner)"],
  ["EROFS", "the filesystem is read-only"],
  ["EIO", "the disk failed (input/output error)"],
  ["EMFILE", "too many open files"],
]);

/** Runs `act`; a system error becomes a `SandboxError` that names `subject`, a path, and why in words. */
export function naming<T>(subject: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw toFailure(subject, error);
  }
}

/** Runs `act` on each of `items` in turn; a system error becomes a `SandboxError` that names the path of the one it hit. */
export function namingEach<T extends { readonly path: RelPath }>(
  items: readonly T[],
  act: (item: T, index: number) => void,
): void {
  let index = 0;
  try {
    for (const item of items) {
      act(item, index);
      index += 1;
    }
  } catch (error) {
    throw toFailure(showPath(items[index]?.path ?? ""), error);
  }
}

/** A system error → a `SandboxError` that names `subject`. What is none already passes as it is. */
export function toFailure(subject: string, error: unknown): unknown {
  if (isSandboxError(error) || !(error instanceof Error) || !("code" in error)) return error;
  const code = toCode(error);
  if (code === "ELOOP" || code === "ENOTDIR")
    return new SandboxError("conflict", `${subject}: a directory on the way was replaced`, {
      hint: "nothing was written; look at `sandbox diff` again",
      cause: error,
    });
  return new SandboxError("unexpected", `${subject}: ${REASONS.get(code) ?? code}`, {
    hint: "nothing was written to the workspace; the session is kept",
    cause: error,
  });
}

/** libuv has no name for some numbers, a used up quota among them. */
function toCode(error: Error & { readonly code: unknown }): string {
  if (error.code !== "UNKNOWN" || !("errno" in error)) return String(error.code);
  const number = Math.abs(Number(error.errno));
  const name = Object.entries(constants.errno).find(([, value]) => value === number)?.[0];
  return name ?? `error ${number}`;
}

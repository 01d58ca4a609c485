import type { ErrorCode } from "./exit-code.js";

/** What a `SandboxError` may carry besides its message. */
export interface SandboxErrorDetails {
  /** What to do next, one line. */
  readonly hint?: string;
  /** What the message is about, a line each. */
  readonly list?: readonly string[];
  readonly cause?: unknown;
}

/**
 * An expected failure with one line for a person. A plain `Error` means a bug.
 * The exit code follows from `code` (see `exit-code.ts`).
 */
export class SandboxError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly list: readonly string[];

  constructor(code: ErrorCode, message: string, details: SandboxErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "SandboxError";
    this.code = code;
    this.hint = details.hint;
    this.list = details.list ?? [];
  }
}

/** True for a `SandboxError`, also one made by another bundle of this program. */
export function isSandboxError(error: unknown): error is SandboxError {
  return error instanceof Error && error.name === "SandboxError" && "code" in error;
}

/** True when `error` is a Node system error with one of the given codes (`ENOENT`, …). */
export function hasErrno(error: unknown, ...codes: readonly string[]): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    codes.includes(error.code)
  );
}

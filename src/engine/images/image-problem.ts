import { hasErrno, isSandboxError, SandboxError } from "../../core/error.js";

/** Why an image cannot be used, one line without the reference; `blameReference` puts that in front. */
export function unusable(reason: string, hint?: string): SandboxError {
  return new SandboxError("sandbox-unavailable", reason, hint === undefined ? {} : { hint });
}

/** There is no such image, or the reference does not say which. */
export function unknownImage(reason: string, hint?: string): SandboxError {
  return new SandboxError("sandbox-unavailable", reason, hint === undefined ? {} : { hint });
}

const NO_SPACE = ["ENOSPC", "EDQUOT"];

/** `error` as the error of `--image reference`; what is no expected failure stays what it is. */
export function blameReference(error: unknown, reference: string, imagesDir: string): unknown {
  const prefix = `--image ${reference}: `;
  if (isSandboxError(error)) {
    const { code, hint } = error;
    const details = { cause: error, ...(hint === undefined ? {} : { hint }) };
    return new SandboxError(code, `${prefix}${error.message}`, details);
  }
  if (hasErrno(error, ...NO_SPACE))
    return new SandboxError("sandbox-unavailable", `${prefix}no space left in ${imagesDir}`, {
      hint: "make room, or set SANDBOX_HOME to a directory on another filesystem",
      cause: error,
    });
  if (isPlainFailure(error))
    return new SandboxError("sandbox-unavailable", `${prefix}${error.message}`, { cause: error });
  return error;
}

/** A system call that failed, or bytes that are not what they say (zlib's codes begin with Z_). */
function isPlainFailure(error: unknown): error is Error {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    /^(E[A-Z0-9]+|Z_\w+)$/.test(error.code)
  );
}

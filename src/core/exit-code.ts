/** Codes of `SandboxError`; each has one exit code. */
export type ErrorCode =
  | "unexpected"
  | "usage"
  | "conflict"
  | "denied"
  | "changed-since-review"
  | "not-found"
  | "damaged"
  | "busy"
  | "timed-out"
  | "interrupted"
  | "sandbox-unavailable"
  | "not-executable"
  | "command-not-found";

/** The one table from error codes to the exit codes of the command line. */
export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  unexpected: 1,
  usage: 2,
  conflict: 3,
  denied: 4,
  "changed-since-review": 5,
  "not-found": 6,
  damaged: 1,
  busy: 1,
  "timed-out": 124,
  // As where we end a task at a limit, by SIGKILL.
  interrupted: 137,
  "sandbox-unavailable": 125,
  "not-executable": 126,
  "command-not-found": 127,
};

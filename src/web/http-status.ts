import type { ErrorCode } from "../core/exit-code.js";

/** The one table from error codes to HTTP statuses (RFC 9110, section 15). */
export const HTTP_STATUS: Readonly<Record<ErrorCode, number>> = {
  unexpected: 500,
  usage: 400,
  conflict: 409,
  denied: 403,
  "changed-since-review": 412,
  "not-found": 404,
  damaged: 500,
  busy: 503,
  "timed-out": 504,
  interrupted: 503,
  "sandbox-unavailable": 503,
  "not-executable": 400,
  "command-not-found": 400,
};

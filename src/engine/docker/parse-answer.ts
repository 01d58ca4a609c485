import { SandboxError } from "../../core/error.js";

/** True for an object of JSON. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A property of an object of JSON, or of an object in it: `pick(value, "State", "Running")`; undefined where it is not there. */
export function pick(value: unknown, ...names: readonly string[]): unknown {
  let at = value;
  for (const name of names) at = isRecord(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  return at;
}

/** As `pick`, where the daemon owes us text. Throws `sandbox-unavailable`. */
export function pickText(value: unknown, ...names: readonly string[]): string {
  const found = pick(value, ...names);
  if (typeof found === "string") return found;
  throw toStrange(names);
}

/** As `pick`, where the daemon owes us a number. Throws `sandbox-unavailable`. */
export function pickNumber(value: unknown, ...names: readonly string[]): number {
  const found = pick(value, ...names);
  if (typeof found === "number") return found;
  throw toStrange(names);
}

/** The objects of a list; what is no list is an empty one, since daemons say `null` for that. */
export function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function toStrange(names: readonly string[]): SandboxError {
  return new SandboxError(
    "sandbox-unavailable",
    `the daemon's answer has no ${names.join(".")}: is it a Docker daemon?`,
  );
}

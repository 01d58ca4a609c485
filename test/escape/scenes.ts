import type { Scene } from "./attack.js";

/** Everything that does not disturb the next attack. */
export const quiet: Scene = {
  id: "quiet",
  options: ["--pids", "256", "--memory", "1GiB", "--timeout", "400s"],
};

/** The task has a terminal. */
export const withTerminal: Scene = {
  id: "terminal",
  options: ["-t", "--timeout", "120s"],
  terminal: true,
};

/** The person has a terminal, the task has none. */
export const besideTerminal: Scene = {
  id: "no-terminal",
  options: ["-T", "--timeout", "120s"],
  terminal: true,
};

/** Limits that a task meets one process at a time. */
export const limited: Scene = {
  id: "limits",
  options: ["--pids", "256", "--memory", "1GiB", "--timeout", "180s"],
};

/** A scene for one attack that ends the whole run. */
export function alone(id: string, options: readonly string[]): Scene {
  return { id, options };
}

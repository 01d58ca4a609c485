import type { Engine } from "../../src/engine/engine.js";
import { describeAccess } from "./suite-access.js";
import { describeLife } from "./suite-life.js";
import { describeLimits } from "./suite-limits.js";
import { describeMounts } from "./suite-mounts.js";
import { describeSystemCalls } from "./suite-system-calls.js";
import { describeTerminal } from "./suite-terminal.js";
import { describeRootMounts } from "./suite-root-mounts.js";
import { describeSockets } from "./suite-sockets.js";
import { describePrograms } from "./suite-programs.js";

/** What every engine must do, on real sandboxes of `makeEngine()`, as the user who runs the tests. */
export function describeEngine(name: string, makeEngine: () => Engine): void {
  const who = process.getuid?.() === 0 ? "as root" : "as a plain user";
  for (const part of [
    describeLife,
    describeAccess,
    describeMounts,
    describeRootMounts,
    describeSockets,
    describeSystemCalls,
    describeLimits,
    describeTerminal,
    describePrograms,
  ])
    part(`${name}, ${who}`, makeEngine);
}

import type { Engine } from "../../src/engine/engine.js";
import { isBrief } from "../support/is-brief.js";
import { BRIEF_CASES } from "./brief-cases.js";
import { type Lacks, LackingTests } from "./case-test.js";
import { describeAccess } from "./suite-access.js";
import { describeLife } from "./suite-life.js";
import { describeLimits } from "./suite-limits.js";
import { describeMounts } from "./suite-mounts.js";
import { describeSystemCalls } from "./suite-system-calls.js";
import { describeTerminal } from "./suite-terminal.js";
import { describeRootMounts } from "./suite-root-mounts.js";
import { describeNetwork } from "./suite-network.js";
import { describeSockets } from "./suite-sockets.js";
import { describePrograms } from "./suite-programs.js";

const PARTS = {
  life: describeLife,
  access: describeAccess,
  mounts: describeMounts,
  "root mounts": describeRootMounts,
  sockets: describeSockets,
  network: describeNetwork,
  "system calls": describeSystemCalls,
  limits: describeLimits,
  terminal: describeTerminal,
  programs: describePrograms,
};

/**
 * What every engine must do, on real sandboxes of `makeEngine()`, as the user who runs the tests. `lacks`: what a backend
 * does not have, and why (`lacks.ts`). `isOneOfMany`: others prove most of it too, so that a brief run takes few cases.
 */
export function describeEngine(
  name: string,
  makeEngine: () => Engine,
  { lacks = {}, isOneOfMany = false }: { lacks?: Lacks; isOneOfMany?: boolean } = {},
): void {
  const who = process.getuid?.() === 0 ? "as root" : "as a plain user";
  const tests = new LackingTests(lacks, isBrief && isOneOfMany ? BRIEF_CASES : undefined);
  for (const [part, describePart] of Object.entries(PARTS))
    describePart(`${name}, ${who}`, makeEngine, tests.of(part));
  tests.describeTable(name);
}

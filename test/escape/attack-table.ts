import type { Attack } from "./attack.js";
import { deviceAttacks } from "./attacks-devices.js";
import { exhaustionAttacks } from "./attacks-exhaustion.js";
import { kernelAttacks } from "./attacks-kernel.js";
import { pathAttacks } from "./attacks-paths.js";
import { reachAttacks } from "./attacks-reach.js";
import { secretAttacks } from "./attacks-secrets.js";

/** Every attack, in the order of the threats. */
export const ATTACKS: readonly Attack[] = [
  ...pathAttacks,
  ...kernelAttacks,
  ...deviceAttacks,
  ...reachAttacks,
  ...secretAttacks,
  ...exhaustionAttacks,
].toSorted((a, b) => a.row - b.row);

import type { Profile } from "../../core/profile.js";
import { PASSED } from "../parse-env.js";

/** What every profile stands on: all that the engine does by itself, nothing more, nothing less. */
export const BASE_PROFILE: Profile = {
  version: 1,
  sources: ["built-in:base"],
  paths: [{ path: ".", mode: "overlay" }],
  scope: { commit: [], deny: [], outside: "ask" },
  user: { groups: [] },
  seccomp: "default",
  limits: {},
  env: { pass: PASSED, set: {} },
  network: { mode: "none", allow: [] },
  exec: "allowed",
  commands: { default: "allow", rules: [] },
  changes: [],
  budgets: {},
};

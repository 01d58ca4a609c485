import { SandboxError } from "../../core/error.js";
import type { SandboxSpec } from "../../core/sandbox-spec.js";

/** gVisor's own kernel executes what it can read: it does not know how the host has mounted it. */
export function refuseNoexec(spec: SandboxSpec, runtime: string | undefined): void {
  if (spec.isWrittenNoexec !== true || runtime !== "runsc") return;
  throw new SandboxError(
    "sandbox-unavailable",
    "exec workspace-denied cannot be put in force with runsc",
    { hint: "use crun or runc, or take exec out of the profile" },
  );
}

import type { SandboxSpec } from "../../core/sandbox-spec.js";

/** mount(8)'s option for what the task can write. */
export function toExecOption({ isWrittenNoexec }: Pick<SandboxSpec, "isWrittenNoexec">): string {
  return isWrittenNoexec === true ? "noexec" : "exec";
}

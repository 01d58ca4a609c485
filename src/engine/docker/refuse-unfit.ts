import { SandboxError } from "../../core/error.js";
import type { Daemon } from "./open-daemon.js";
import { pick, toList } from "./parse-answer.js";

/**
 * Throws `sandbox-unavailable` where the daemon is rootless or has no seccomp. A rootless one's containers have other ids than the host, so
 * that what a task wrote would belong to nobody here; and it makes no device from an archive, so that carried whiteouts would be
 * lost.
 */
export async function refuseUnfit(daemon: Daemon): Promise<void> {
  const info = await daemon.request({ method: "GET", path: "/info", doing: "ask what it is" });
  const options = toList(pick(info, "SecurityOptions")).map(String);
  if (options.some((option) => /\brootless\b/.test(option)))
    throw new SandboxError(
      "sandbox-unavailable",
      `the daemon at ${daemon.address} is rootless: it gives files other owners than they have here`,
      { hint: "use --engine oci, which needs no daemon and no root, or a daemon of root's" },
    );
  if (!options.some((option) => /\bseccomp\b/.test(option)))
    throw new SandboxError(
      "sandbox-unavailable",
      `the daemon at ${daemon.address} applies no seccomp profiles`,
      { hint: "it needs a kernel with CONFIG_SECCOMP_FILTER and a runtime built with seccomp" },
    );
}

import { SandboxError } from "../../core/error.js";
import type { Daemon } from "./open-daemon.js";
import { pick, toList } from "./parse-answer.js";

/**
 * Throws `sandbox-unavailable` where the daemon is rootless or has no seccomp. A rootless one's containers have other ids than the host, so
 * that what a task wrote would belong to nobody here; and it makes no device from an archive, so that carried whiteouts would be
 * lost.
 */
export async function refuseUnfit(daemon: Daemon): Promise<void> {
  const options = await readOptions(daemon);
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

/** Throws likewise where nothing can be carried to the daemon: one that remaps users gives to others what it is sent. */
export async function refuseCarrying(daemon: Daemon): Promise<void> {
  await refuseUnfit(daemon);
  if (!(await readOptions(daemon)).some((option) => /\buserns\b/.test(option))) return;
  throw new SandboxError(
    "sandbox-unavailable",
    `the daemon at ${daemon.address} remaps users: files that are sent to it get other owners`,
    { hint: "use --engine oci, a workspace that is not root's, or a daemon without userns-remap" },
  );
}

async function readOptions(daemon: Daemon): Promise<readonly string[]> {
  const info = await daemon.request({ method: "GET", path: "/info", doing: "ask what it is" });
  return toList(pick(info, "SecurityOptions")).map(String);
}

import { lookup } from "node:dns/promises";
import { setTimeout as delay } from "node:timers/promises";
import { hasErrno, SandboxError } from "../../core/error.js";
import { parseIp } from "../../core/ip-address.js";
import { toUpstreamFor } from "../../network/upstream-proxy.js";
import { parseHostRule } from "../../policy/network/parse-host-rule.js";
import type { Controller } from "../controller.js";

/** A name server that takes longer does not hold up a task. */
const WAIT_MS = 3000;

/**
 * Whoever names a host wants to reach it: one that does not exist is a slip of the pen, and told before the task starts. Those that a proxy before this machine
 * looks up are its affair. Throws `usage`.
 */
export async function refuseUnknownHosts(
  { env, notice }: Pick<Controller, "env" | "notice">,
  named: readonly string[],
): Promise<void> {
  const upstreamFor = toUpstreamFor(env);
  const hosts = named.flatMap((text) => {
    const parsed = parseHostRule(text);
    if ("problem" in parsed) return [];
    const { host, ports: [port = 443] = [] } = parsed.rule;
    const isElsewhere = upstreamFor?.({ host, port }, "tunnel") !== undefined;
    return host.includes("*") || parseIp(host) !== undefined || isElsewhere ? [] : [host];
  });
  await Promise.all([...new Set(hosts)].map((host) => refuseUnknown(host, notice)));
}

async function refuseUnknown(host: string, notice: (line: string) => void): Promise<void> {
  const done = new AbortController();
  const late = delay(WAIT_MS, "late" as const, { signal: done.signal }).catch(
    () => "late" as const,
  );
  const found = lookup(host).then(
    () => "found" as const,
    (error: unknown) =>
      hasErrno(error, "ENOTFOUND") ? ("unknown" as const) : ("unclear" as const),
  );
  const known = await Promise.race([found, late]);
  done.abort();
  if (known === "unknown")
    throw new SandboxError("usage", `--allow ${host}: this machine knows no such host`, {
      hint: "see whether it is spelled right, and whether names are looked up here: getent hosts NAME",
    });
  if (known !== "found")
    notice(`sandbox: --allow ${host}: whether there is such a host is not clear now`);
}

import { isSandboxError } from "../core/error.js";
import type { Check, EngineProbe } from "../engine/engine.js";
import type { Controller } from "./controller.js";

/** What this host can do. `ok`: a task can be run. */
export interface DoctorReport {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly engines: readonly EngineProbe[];
}

/** Probes the engines with real sandboxes, and the state directory. Slow: some hundred milliseconds. */
export async function examineHost(controller: Controller): Promise<DoctorReport> {
  const probes: EngineProbe[] = [];
  for (const runtime of ["crun", "runc"]) probes.push(await probeRuntime(controller, runtime));
  // gVisor is for those who have it: without it nothing is wrong.
  const gvisor = await probeRuntime(controller, "runsc");
  if (!isMissing(gvisor)) probes.push(gvisor);
  probes.push(...(await probeDaemon(controller)));
  const checks = [...(await storeChecks(controller)), ...(await recoveryChecks(controller))];
  return {
    ok: probes.some((probe) => probe.ok) && checks.every((check) => check.ok),
    checks,
    engines: probes,
  };
}

async function probeRuntime(controller: Controller, runtime: string): Promise<EngineProbe> {
  const engine = await controller.openEngine({ engine: "oci", runtime });
  return engine.probe();
}

function isMissing({ checks }: EngineProbe): boolean {
  return checks.some(({ id, ok, detail }) => id === "runtime" && !ok && /not found$/.test(detail));
}

/** Nothing where no daemon answers and nobody has named one: most people need none. */
async function probeDaemon(controller: Controller): Promise<readonly EngineProbe[]> {
  try {
    const engine = await controller.openEngine({ engine: "docker", runtime: undefined });
    const probe = await engine.probe();
    const answers = probe.checks.some(({ id, ok }) => id === "daemon" && ok);
    return answers || controller.env["DOCKER_HOST"] !== undefined ? [probe] : [];
  } catch (error) {
    if (!isSandboxError(error)) throw error;
    const check = { id: "daemon", ok: false, detail: error.message };
    return [{ engine: "docker", ok: false, checks: [check] }];
  }
}

async function storeChecks(controller: Controller): Promise<readonly Check[]> {
  const { damaged } = await controller.store.listSessions();
  const own = { id: "state", ok: true, detail: `${controller.stateHome} can be used` };
  return [
    own,
    ...damaged.map(({ path, reason }) => ({
      id: "damaged-record",
      ok: false,
      detail: `${path}: ${reason}`,
      fix: `look at it, then move it away: mv ${path} ${path}.damaged`,
    })),
  ];
}

async function recoveryChecks(controller: Controller): Promise<readonly Check[]> {
  const { store } = controller;
  const hot = await Promise.all(store.listHot().map((commit) => store.readCommit(commit)));
  return hot.map(({ commit, workspaces }) => ({
    id: "interrupted-commit",
    ok: false,
    detail: `commit ${commit} on ${workspaces.join(", ")} was interrupted, or is under way`,
    fix: "sandbox recover",
  }));
}

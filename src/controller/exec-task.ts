import { SandboxError } from "../core/error.js";
import type { SessionId } from "../core/ids.js";
import type { Profile } from "../core/profile.js";
import type { SandboxSpec } from "../core/sandbox-spec.js";
import type { SessionRecord } from "../core/session.js";
import { sealLayers } from "../overlay/seal-layers.js";
import { joinJavaOptions } from "../policy/network/inside-env.js";
import { resolveExec } from "../policy/resolve-spec.js";
import { DEFAULT_PROFILE } from "../policy/profile/default-profile.js";
import { toExecScope } from "./approvals/to-run-scope.js";
import { completeCommand } from "./complete-command.js";
import type { Controller } from "./controller.js";
import { findFailures } from "./count-failures.js";
import type { RunResult } from "./finish-run.js";
import type { PreparedNetwork } from "./network/prepare-network.js";
import { lockSession } from "./lock-workspaces.js";
import { refuseAlive } from "./refuse-alive.js";
import { recoverBefore } from "./recover-workspaces.js";
import type { ExecRequest } from "./run-request.js";
import { readSessionProfile } from "./session-profile.js";
import { superviseSession } from "./run-task.js";
import type { TaskIo } from "./supervise-task.js";
import { toBusy } from "./to-busy.js";

/**
 * Runs another task on the layers of `session`, in the same scope: nothing that was not mounted before is mounted
 * now. It makes a new revision; earlier approvals lapse. Throws `busy` while another task runs on them,
 * `usage` for a session whose layers are gone.
 */
export async function execTask(
  controller: Controller,
  asked: ExecRequest & { readonly session: SessionId },
  io: TaskIo,
): Promise<RunResult> {
  await using _lock = await lockSession(controller, asked.session);
  const record = refuseGone(await controller.store.readSession(asked.session));
  await refuseAlive(controller, record);
  await recoverBefore(controller, record.workspaces);
  const profile = readSessionProfile(record);
  const request =
    profile === undefined
      ? asked
      : completeCommand(controller, asked, { profile, name: record.profile?.name ?? "default" });
  const { inside, ...given } = await prepareExecNetwork(controller, record);
  const plain = toExecSpec(controller, record, withProfile(request, profile));
  // New placeholders: those of the last task stand for nothing any more.
  const env = { ...plain.env, ...inside, ...joinJavaOptions(inside, plain.env) };
  const spec = { ...plain, env };
  if (profile !== undefined)
    await admitExec(controller, record, { request, profile, program: spec.argv[0] });
  const engine = await controller.openEngine({
    engine: record.engine,
    runtime: record.runtime?.split(" ")[0],
    daemon: record.daemon,
  });
  // Before its record is another one: what cannot be put on record changes nothing.
  controller.store.appendAudit(
    { event: "exec.asked", session: record.session, data: { command: request.command } },
    { sign: false },
  );
  const native = await controller.host.native();
  for (const layers of record.layers) sealLayers(layers, native);
  // The record loses the digest by which a refresh that was killed is known to have been done.
  await controller.store.adoptChangeset(record.session);
  const running = toNextRevision(controller, record, { command: request.command, spec });
  controller.store.updateSession(running);
  return await superviseSession(controller, { record: running, engine, io, ...given });
}

async function prepareExecNetwork(
  controller: Controller,
  { network, profile }: SessionRecord,
): Promise<PreparedNetwork> {
  if (network === undefined) return { secrets: [], inside: undefined };
  const { prepareNetwork } = await import("./network/prepare-network.js");
  return await prepareNetwork(controller, network, { profile, named: [] });
}

/** The front door, for a task on layers that another one has changed. */
async function admitExec(
  controller: Controller,
  record: SessionRecord,
  asked: { readonly request: ExecRequest; readonly profile: Profile; readonly program: string },
): Promise<void> {
  const { request, profile, program } = asked;
  const { admitCommand } = await import("./judge-command.js");
  const place = {
    cwd: record.spec.cwd,
    workspaces: record.workspaces,
    uppers: record.layers.map(({ upper }) => upper),
    path: controller.invokerPath,
    hasImage: record.spec.image !== undefined,
  };
  const { session } = record;
  const digest = record.profile?.digest ?? DEFAULT_PROFILE.digest;
  await admitCommand(
    controller,
    {
      ...{ profile, digest, session, argv: request.command, place },
      scope: toExecScope(request, program, controller.env),
      failures: findFailures(record, request.command),
      besides: { env: request.env, timeout: request.timeout },
    },
    request.approve,
  );
}

function withProfile(request: ExecRequest, profile: Profile | undefined): ProfiledExec {
  if (profile === undefined) return request;
  const { time } = profile.limits;
  const timeout = request.timeout ?? (time === undefined ? undefined : `${time}ms`);
  return { ...request, timeout, passed: profile.env.pass };
}

interface ProfiledExec extends ExecRequest {
  readonly passed?: readonly string[];
}

/** As it stands while the next task runs: what was read of the last one no longer holds. */
function toNextRevision(
  controller: Controller,
  record: SessionRecord,
  next: { readonly command: readonly string[]; readonly spec: SandboxSpec },
): SessionRecord {
  const { endedAt: _, sealedNs: __, digest: ___, counts: ____, frozen: _____, ...kept } = record;
  return {
    ...kept,
    ...next,
    state: "running",
    startedAt: new Date().toISOString(),
    revision: record.revision + 1,
    owner: controller.host.processStamp(),
  };
}

function refuseGone(record: SessionRecord): SessionRecord {
  switch (record.state) {
    case "pending":
    case "partial":
    case "interrupted":
      return record;
    case "running":
      throw toBusy(record, "another can be run when its task has ended");
    case "committed":
    case "discarded":
    case "failed":
      throw new SandboxError("usage", `session ${record.session} is ${record.state}`, {
        hint: "start a new one with `sandbox run`",
      });
  }
}

function toExecSpec(
  controller: Controller,
  record: SessionRecord,
  request: ProfiledExec,
): SandboxSpec {
  return resolveExec(record.spec, {
    ...(request.passed === undefined ? {} : { passed: request.passed }),
    argv: [findCommand(controller, record, request), ...request.command.slice(1)],
    env: request.env,
    hostEnv: controller.env,
    timeout: request.timeout,
    terminal: request.terminal,
  });
}

/** The program's path inside. An image has programs of its own: the host's are not looked at. */
function findCommand(
  controller: Controller,
  record: SessionRecord,
  { command: [name = ""] }: ExecRequest,
): string {
  if (record.spec.image !== undefined) return name;
  const mounted = record.spec.mounts.flatMap((mount) =>
    mount.kind === "readonly" ? [mount.source] : [],
  );
  const tool = controller.host.findProgram(name, {
    path: controller.invokerPath,
    cwd: controller.cwd,
    workspaces: record.workspaces,
    home: controller.personHome,
    shown: mounted,
    keepOut: [controller.stateHome],
  });
  const hidden = tool.prefixes.find((prefix) => !mounted.includes(prefix));
  if (hidden !== undefined)
    throw new SandboxError(
      "command-not-found",
      `${name}: ${hidden} is not in the scope of ${record.session}`,
      { hint: `a session's scope is fixed; \`sandbox run --tool ${hidden}\` starts one with it` },
    );
  return tool.path;
}

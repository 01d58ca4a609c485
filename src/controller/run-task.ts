import { isSandboxError, SandboxError } from "../core/error.js";
import type { OpenSecret } from "../core/open-secret.js";
import type { SandboxSpec } from "../core/sandbox-spec.js";
import type { SessionRecord } from "../core/session.js";
import type { Engine, ImageFacts } from "../engine/engine.js";
import { removeLayers } from "../overlay/remove-layers.js";
import { parseSessionName } from "../policy/parse-session-name.js";
import type { Env } from "../policy/parse-env.js";
import { resolveSpec } from "../policy/resolve-spec.js";
import type { Controller } from "./controller.js";
import { finishRun, type RunResult } from "./finish-run.js";
import type { RunFacts } from "./gather-facts.js";
import { closeTaskHome, openTaskHome } from "./home/open-task-home.js";
import type { PreparedNetwork } from "./network/prepare-network.js";
import type { RunningNetwork } from "./network/open-network.js";
import { openSession } from "./open-session.js";
import { prepareRun } from "./prepare-run.js";
import type { PreparedRun } from "./prepared-run.js";
import type { RunRequest } from "./run-request.js";
import { startWatch } from "./start-watch.js";
import { LostTask, superviseTask, type TaskEnd, type TaskIo } from "./supervise-task.js";

/**
 * Runs a task from request to a session that can be reviewed. Everything that was asked for is checked before
 * anything is created. Throws `usage`, `denied`, `command-not-found`, `not-executable`, `sandbox-unavailable`: then
 * nothing ran and nothing is left.
 */
export async function runTask(
  controller: Controller,
  asked: RunRequest,
  io: TaskIo,
): Promise<RunResult> {
  const name = asked.name === undefined ? undefined : parseSessionName(asked.name);
  const prepared = await prepareRun(controller, asked);
  const { request, facts, frozen, network } = prepared;
  const { inside, ...given } = await prepareNetwork(controller, prepared);
  // Once before an engine is asked: what is wrong with the request is told first.
  const plain = toSpec(controller, request, { facts, inside });
  const engine = await controller.openEngine(request);
  const image = await resolveImage(controller, request, engine);
  const spec = image === undefined ? plain : toSpec(controller, request, { facts, inside, image });
  if (controller.store.listHot().length > 0) {
    const { recoverBefore } = await import("./recover-workspaces.js");
    await recoverBefore(controller, facts.workspaces);
  }
  for (const prefix of facts.tool.prefixes)
    controller.notice(`sandbox: mounted read-only for ${request.command[0] ?? ""}: ${prefix}`);
  const record = openSession(controller, {
    ...{ request, name, facts, frozen, spec, engine },
    network,
  });
  if (record.layers.some((layers) => layers.staging === "copy"))
    controller.notice(
      "sandbox: the state directory is on another filesystem: a commit copies what it could have renamed",
    );
  return await superviseSession(controller, {
    ...{ record, engine, io, ...given },
    isUnattended: request.isUnattended === true,
  });
}

/** What a network needs before the task begins; most runs have none, and load nothing. */
async function prepareNetwork(
  controller: Controller,
  { request, frozen, network }: Pick<PreparedRun, "request" | "frozen" | "network">,
): Promise<PreparedNetwork> {
  if (network === undefined) return { secrets: [], inside: undefined };
  const loaded = await import("./network/prepare-network.js");
  const asked = { profile: frozen, named: request.allow ?? [] };
  return await loaded.prepareNetwork(controller, network, asked);
}

async function resolveImage(
  { progress }: Controller,
  { image }: RunRequest,
  engine: Engine,
): Promise<ImageFacts | undefined> {
  return image === undefined ? undefined : await engine.resolveImage(image, progress);
}

/** The immutable description of the sandbox, without the overlays, whose places follow from the session's id. */
function toSpec(
  controller: Controller,
  request: RunRequest,
  known: {
    readonly facts: RunFacts;
    /** Variables of a task that has a network. */
    readonly inside: Env | undefined;
    readonly image?: ImageFacts;
  },
): SandboxSpec {
  const { facts, image, inside } = known;
  const { task, tool } = facts;
  return resolveSpec({
    argv: [tool.path, ...request.command.slice(1)],
    cwd: controller.cwd,
    workspaces: facts.workspaces,
    task,
    hostEnv: controller.env,
    env: request.env,
    ...(request.passed === undefined ? {} : { passed: request.passed }),
    pathEntries: [...tool.pathEntries, ...facts.toolPaths],
    toolEnv: tool.env,
    keepOut: [controller.stateHome],
    hasImage: request.image !== undefined,
    ...(image === undefined ? {} : { image }),
    invokerPath: controller.invokerPath,
    prefixes: [...tool.prefixes, ...facts.toolPrefixes],
    readOnly: facts.readOnly,
    hide: facts.hide,
    timeout: request.timeout,
    memory: request.memory,
    cpus: request.cpus,
    pids: request.pids,
    upper: request.upper,
    terminal: request.terminal,
    ...(inside === undefined ? {} : { gatewayEnv: inside }),
    isWrittenNoexec: request.isWrittenNoexec === true,
  });
}

/** Runs the session's spec; a task that did not run leaves no session behind. */
export async function superviseSession(
  controller: Controller,
  task: {
    readonly record: SessionRecord;
    readonly engine: Engine;
    readonly io: TaskIo;
    readonly secrets: readonly OpenSecret[];
    readonly agent?: PreparedNetwork["agent"];
    readonly isUnattended?: boolean;
  },
): Promise<RunResult> {
  const { engine, io } = task;
  let { record } = task;
  let end: TaskEnd;
  try {
    const home = await openTaskHome(controller, record);
    record = home.record;
    const secrets = [...task.secrets, ...home.secrets];
    await using network = await openRecordedNetwork(controller, record, { ...task, secrets });
    end = await superviseTask(controller, {
      engine,
      spec: record.spec,
      ...(network === undefined ? {} : { gateway: network.gateway }),
      session: record.session,
      revision: record.revision,
      io,
      log: () => controller.store.appendAudit(toStarted(record), { durable: false }),
      meanwhile: (running) => {
        const { runtime, limits } = running;
        // For whoever looks while it runs, or after this process was killed.
        const shown = { ...record, runtime, limits };
        controller.store.updateSession(shown, { durable: false });
        void import("./seal-untouched.js");
        return startWatch(controller, shown, { running, isUnattended: task.isUnattended === true });
      },
    });
    if (end.outcome.outcome === "not-started") {
      await end.cleaned;
      throw new SandboxError(START_ERRORS[end.outcome.code], end.outcome.reason);
    }
  } catch (error) {
    if (error instanceof LostTask) throw keepLost(controller, record, error);
    logFailure(controller, record, error);
    dropSession(controller, record);
    throw error;
  }
  try {
    return await finishRun(controller, record, end);
  } finally {
    await end.cleaned;
    await closeTaskHome(record);
  }
}

async function openRecordedNetwork(
  controller: Controller,
  record: SessionRecord,
  given: Pick<PreparedNetwork, "secrets" | "agent"> & { readonly isUnattended?: boolean },
): Promise<RunningNetwork | undefined> {
  if (record.network === undefined) return undefined;
  const { openLateNetwork } = await import("./network/open-late-network.js");
  return await openLateNetwork(controller, { ...given, record, policy: record.network });
}

/** Names of variables only: a value may be a secret that looks like none. */
function toStarted({
  session,
  command,
  revision,
  workspaces,
  engine,
  profile,
  network,
  spec,
}: SessionRecord) {
  return {
    ...{ event: "run.started", session },
    ...(profile === undefined ? {} : { digest: profile.digest }),
    data: {
      ...{ command, revision, workspaces, engine, env: Object.keys(spec.env) },
      ...(network === undefined
        ? {}
        : { network: network.mode, allow: network.allow.map(({ host }) => host) }),
    },
  };
}

/** Nothing ran. Where even that cannot be recorded there is nothing to undo, and the first error says why. */
function logFailure({ store }: Controller, { session }: SessionRecord, error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  try {
    store.appendAudit({ event: "run.failed", session, data: { why } }, { durable: false });
  } catch (unlogged) {
    if (!isSandboxError(unlogged)) throw unlogged;
  }
}

const START_ERRORS = {
  125: "sandbox-unavailable",
  126: "not-executable",
  127: "command-not-found",
} as const;

/** Its layers are read by whoever asks next, when its sandbox has been ended. */
function keepLost(controller: Controller, record: SessionRecord, lost: LostTask): unknown {
  const { cause, runtime } = lost;
  const why = cause instanceof Error ? cause.message : String(cause);
  const reason = `the task was interrupted: ${why}`;
  controller.store.appendAudit({
    event: "run.interrupted",
    session: record.session,
    data: { why: reason },
  });
  controller.store.updateSession({
    ...record,
    state: "interrupted",
    runtime,
    reason,
    endedAt: new Date().toISOString(),
  });
  return new SandboxError("interrupted", reason, {
    hint: `it is kept: \`sandbox diff ${record.session}\` reads what it did when the daemon answers again`,
    cause,
  });
}

/** Nothing ran: the first revision leaves nothing, a later one leaves what was there. */
function dropSession(controller: Controller, record: SessionRecord): void {
  if (record.revision > 1) return;
  for (const layers of record.layers) removeLayers(layers);
  controller.store.removeSession(record.session, { keepRecord: false });
}

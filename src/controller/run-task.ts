import { isSandboxError, SandboxError } from "../core/error.js";
import type { FrozenProfile } from "../core/profile.js";
import type { SandboxSpec } from "../core/sandbox-spec.js";
import type { SessionRecord } from "../core/session.js";
import type { Engine, ImageFacts } from "../engine/engine.js";
import { openLayers, toOverlayMounts } from "../overlay/open-layers.js";
import { removeLayers } from "../overlay/remove-layers.js";
import { parseSessionName } from "../policy/parse-session-name.js";
import { resolveSpec } from "../policy/resolve-spec.js";
import type { Controller } from "./controller.js";
import { finishRun, type RunResult } from "./finish-run.js";
import type { RunFacts } from "./gather-facts.js";
import { prepareRun } from "./prepare-run.js";
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
  const { request, facts, frozen } = await prepareRun(controller, asked);
  // Once before an engine is asked: what is wrong with the request is told first.
  const plain = toSpec(controller, request, { facts });
  const engine = await controller.openEngine(request);
  const image = await resolveImage(controller, request, engine);
  const spec = image === undefined ? plain : toSpec(controller, request, { facts, image });
  if (controller.store.listHot().length > 0) {
    const { recoverBefore } = await import("./recover-workspaces.js");
    await recoverBefore(controller, facts.workspaces);
  }
  for (const prefix of facts.tool.prefixes)
    controller.notice(`sandbox: mounted read-only for ${request.command[0] ?? ""}: ${prefix}`);
  const record = openSession(controller, { request, name, facts, frozen, spec, engine });
  if (record.layers.some((layers) => layers.staging === "copy"))
    controller.notice(
      "sandbox: the state directory is on another filesystem: a commit copies what it could have renamed",
    );
  return await superviseSession(controller, { record, engine, io });
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
  known: { readonly facts: RunFacts; readonly image?: ImageFacts },
): SandboxSpec {
  const { facts, image } = known;
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
    isWrittenNoexec: request.isWrittenNoexec === true,
  });
}

function openSession(
  controller: Controller,
  made: {
    readonly request: RunRequest;
    readonly name: string | undefined;
    readonly facts: RunFacts;
    readonly frozen: FrozenProfile;
    readonly spec: SandboxSpec;
    readonly engine: Engine;
  },
): SessionRecord {
  const { request, name, facts, frozen, spec, engine } = made;
  const { store, self, stateHome, host } = controller;
  return store.createSession({
    ...(name === undefined ? {} : { name }),
    make: ({ session, dir }) => {
      const layers = facts.workspaces.map((workspace, index) =>
        openLayers({
          workspace,
          index,
          sessionDir: dir,
          stateHome,
          sessionId: session,
          task: facts.task,
          controllerIsRoot: self.uid === 0,
          workspaceOwner: facts.owners[index] ?? self,
          covered: facts.covered[index] ?? [],
        }),
      );
      return {
        state: "running",
        command: request.command,
        workspaces: facts.workspaces,
        layers,
        spec: { ...spec, mounts: [...toOverlayMounts(layers), ...spec.mounts] },
        profile: frozen,
        engine: engine.name,
        ...(engine.daemon === undefined ? {} : { daemon: engine.daemon }),
        startedAt: new Date().toISOString(),
        limits: [],
        revision: 1,
        owner: host.processStamp(),
        commits: [],
      };
    },
  });
}

/** Runs the session's spec; a task that did not run leaves no session behind. */
export async function superviseSession(
  controller: Controller,
  task: { readonly record: SessionRecord; readonly engine: Engine; readonly io: TaskIo },
): Promise<RunResult> {
  const { record, engine, io } = task;
  let end: TaskEnd;
  try {
    end = await superviseTask(controller, {
      engine,
      spec: record.spec,
      session: record.session,
      io,
      log: () => controller.store.appendAudit(toStarted(record), { durable: false }),
      meanwhile: (running) => {
        const { runtime, limits } = running;
        // For whoever looks while it runs, or after this process was killed.
        const shown = { ...record, runtime, limits };
        controller.store.updateSession(shown, { durable: false });
        void import("./seal-untouched.js");
        return startWatch(controller, shown, running);
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
  }
}

/** Names of variables only: a value may be a secret that looks like none. */
function toStarted({
  session,
  command,
  revision,
  workspaces,
  engine,
  profile,
  spec,
}: SessionRecord) {
  return {
    ...{ event: "run.started", session },
    ...(profile === undefined ? {} : { digest: profile.digest }),
    data: { command, revision, workspaces, engine, env: Object.keys(spec.env) },
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

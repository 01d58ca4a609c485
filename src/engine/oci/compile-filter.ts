import type { SandboxSpec } from "../../core/sandbox-spec.js";
import { spawnStage } from "../../host/spawn-stage.js";
import { chooseMountpoint } from "./choose-mountpoint.js";
import type { Runtime } from "./find-runtime.js";
import { planBase, planTask } from "./plan-sandbox.js";
import { toSeccompSection } from "./read-seccomp.js";
import { findFilterFault } from "./seccomp-sentinels.js";
import { StageChannel } from "./stage-channel.js";
import { toTaskIds } from "./task-ids.js";

/** What `compileFilter` needs. */
export interface CompileFilterInput {
  readonly runtime: Runtime;
  readonly profileText: string;
  readonly scratchDir: string;
  readonly sandboxId: string;
  /** Ids for the container that is created and never started. */
  readonly uid: number;
  readonly gid: number;
  readonly stageArgv: readonly [string, ...string[]];
  readonly stageEnv: Readonly<Record<string, string>>;
}

/**
 * The filter that the runtime's libseccomp makes of the profile, when it is what the profile promises; otherwise
 * undefined: then each start hands the runtime the rules themselves.
 */
export async function compileFilter(input: CompileFilterInput): Promise<Buffer | undefined> {
  const spec = toIdleSpec(input);
  const plan = {
    spec,
    options: { sandboxId: input.sandboxId },
    runtime: input.runtime,
    ids: toTaskIds(spec, input.runtime.name, []),
    mountpoint: chooseMountpoint([input.stageArgv[1] ?? ""], input.scratchDir),
    purpose: "compile",
  } as const;
  const child = await spawnStage({
    argv: [...input.stageArgv, ""],
    env: input.stageEnv,
    streams: ["ignore", "ignore", "ignore"],
  });
  const channel = new StageChannel(child);
  channel.sendFrame(planBase(plan));
  channel.sendFrame(
    planTask(plan, {
      argv: spec.argv,
      seccomp: { section: toSeccompSection(input.profileText, process.arch) },
    }),
  );
  await child.closed;
  const { filter } = channel;
  return filter !== undefined && findFilterFault(filter, process.arch) === undefined
    ? filter
    : undefined;
}

function toIdleSpec({ uid, gid }: CompileFilterInput): SandboxSpec {
  return {
    argv: ["true"],
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    uid,
    gid,
    userName: "task",
    home: "/home",
    mounts: [],
    limits: {},
    seccomp: "default",
    network: "none",
    terminal: false,
    hostname: "compile",
  };
}

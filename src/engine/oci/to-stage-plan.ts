import type { SandboxMount, SandboxSpec } from "../../core/sandbox-spec.js";
import { encodeRecords } from "./encode-frame.js";

/** One step of the stage: a verb of `stage.pl` and its arguments. What it makes is the first argument. */
export type StageStep = readonly [verb: string, ...args: (string | Uint8Array)[]];

/** What `toTaskPlan` needs. */
export interface TaskPlanInput {
  readonly spec: SandboxSpec;
  /** Steps before the mounts: cgroups, processors. */
  readonly before: readonly StageStep[];
  /** Ids of the task as the stage sees them. */
  readonly stageUid: number;
  readonly stageGid: number;
  readonly config: object;
  /** argv of the runtime; `@/` at the start of an argument is the scratch directory. */
  readonly runtime: readonly string[];
}

/** The first frame for the stage: what is the same for all tasks. */
export function toBasePlan(
  settings: Readonly<Record<string, string>>,
  steps: readonly StageStep[],
): Buffer {
  const set = Object.entries(settings).map(([name, value]): StageStep => ["set", name, value]);
  return encodeRecords([...set, ...sortByDepth(steps)]);
}

/** The second frame: the task's own mounts, its configuration and the runtime that takes over. */
export function toTaskPlan(input: TaskPlanInput): Buffer {
  const { spec, stageUid, stageGid } = input;
  const home: StageStep = [
    "tmpfs",
    spec.home,
    "0700",
    String(stageUid),
    String(stageGid),
    "size=25%",
  ];
  return encodeRecords([
    ...input.before,
    ...sortByDepth([home, ...spec.mounts.map(toMountStep)]),
    ["config", JSON.stringify(input.config)],
    ["runtime", ...input.runtime],
  ]);
}

/** Parents come before what lies in them; equals keep their order, so that the later one is on top. */
function sortByDepth(steps: readonly StageStep[]): readonly StageStep[] {
  return steps
    .map((step) => ({ step, depth: depthOf(String(step[1])) }))
    .sort((a, b) => a.depth - b.depth)
    .map(({ step }) => step);
}

function depthOf(target: string): number {
  return target === "/" ? 0 : target.split("/").length - 1;
}

function toMountStep(mount: SandboxMount): StageStep {
  switch (mount.kind) {
    case "overlay":
      return ["overlay", mount.target, mount.lower, mount.upper, mount.work, mount.idmap];
    case "readonly":
      return ["readonly", mount.target, mount.source];
    case "hidden":
      return ["hidden", mount.target, mount.type];
  }
}

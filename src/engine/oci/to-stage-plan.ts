import { readdirSync } from "node:fs";
import type { SandboxMount, SandboxSpec } from "../../core/sandbox-spec.js";
import { encodeFields, encodeFrame } from "./encode-frame.js";
import { ETC_DIRECTORIES, ETC_FILES, ETC_PREFIXES } from "./etc-files.js";
import type { SystemDirectory } from "./system-directories.js";

/** One step of the stage: a verb of `stage.pl` and its arguments. */
export type StageStep = readonly [verb: string, ...args: (string | Uint8Array)[]];

/** What the stage is told besides the mounts. */
export interface StagePlanInput {
  readonly spec: SandboxSpec;
  readonly settings: Readonly<Record<string, string>>;
  /** Steps before the namespaces are made: cgroups, resource limits, id ranges. */
  readonly before: readonly StageStep[];
  readonly systemDirectories: readonly SystemDirectory[];
  /** Ids of the task as the stage sees them. */
  readonly stageUid: number;
  readonly stageGid: number;
  readonly config: object;
  /** argv of the runtime; `@/` at the start of an argument is the scratch directory. */
  readonly runtime: readonly string[];
}

/** The frame that `stage.pl` reads first. */
export function toStagePlan(input: StagePlanInput): Buffer {
  const settings = Object.entries(input.settings).map(
    ([name, value]): StageStep => ["set", name, value],
  );
  const steps: readonly StageStep[] = [
    ...settings,
    ...input.before,
    ...toMountSteps(input),
    ["config", JSON.stringify(input.config)],
    ["runtime", ...input.runtime],
  ];
  return encodeFrame(steps.map((step) => encodeFields(step)));
}

/** Parents come before what lies in them; among equals the spec's mounts come last, on top. */
function toMountSteps(input: StagePlanInput): readonly StageStep[] {
  const steps = [
    ...toSystemSteps(input.systemDirectories),
    ...toEtcSteps(input.spec),
    ...toPrivateSteps(input),
    ...input.spec.mounts.map(toMountStep),
  ];
  return steps
    .map((step) => ({ step, depth: depthOf(String(step[1])) }))
    .sort((a, b) => a.depth - b.depth)
    .map(({ step }) => step);
}

/** What a step makes is its first argument, except that `readonly` names its source first. */
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

function toSystemSteps(directories: readonly SystemDirectory[]): readonly StageStep[] {
  return directories.map(({ path, link }) =>
    link === undefined ? ["readonly", path, path] : ["link", path, link],
  );
}

function toPrivateSteps({ spec, stageUid, stageGid }: StagePlanInput): readonly StageStep[] {
  return [
    ["tmpfs", "/tmp", "1777", "0", "0", "size=25%"],
    ["tmpfs", spec.home, "0700", String(stageUid), String(stageGid), "size=25%"],
    ["dir", "/proc"],
    ["dir", "/dev"],
    ["dir", "/run"],
    ["link", "/var/run", "../run"],
    ["link", "/var/tmp", "../tmp"],
  ];
}

function toEtcSteps(spec: SandboxSpec): readonly StageStep[] {
  const { uid, gid, userName, home, hostname } = spec;
  const versioned = readdirSync("/etc").filter((name) =>
    ETC_PREFIXES.some(
      (prefix) => name.startsWith(prefix) && /^[-\d.a-z]*$/.test(name.slice(prefix.length)),
    ),
  );
  return [
    [
      "file",
      "/etc/passwd",
      `root:x:0:0:root:/root:/usr/sbin/nologin\n${userName}:x:${uid}:${gid}:${userName}:${home}:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    ],
    ["file", "/etc/group", `root:x:0:\n${userName}:x:${gid}:\nnogroup:x:65534:\n`],
    ["file", "/etc/hostname", `${hostname}\n`],
    [
      "file",
      "/etc/hosts",
      `127.0.0.1 localhost ${hostname}\n::1 localhost ip6-localhost ip6-loopback\n`,
    ],
    [
      "file",
      "/etc/nsswitch.conf",
      "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    ],
    ["file", "/etc/resolv.conf", ""],
    ...ETC_FILES.map((name): StageStep => ["copy", `/etc/${name}`]),
    ...[...ETC_DIRECTORIES, ...versioned].map(
      (name): StageStep => ["optional", `/etc/${name}`, `/etc/${name}`],
    ),
  ];
}

function depthOf(target: string): number {
  return target === "/" ? 0 : target.split("/").length - 1;
}

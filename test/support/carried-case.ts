import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Layers } from "../../src/core/change.js";
import type { SandboxMount, SandboxSpec } from "../../src/core/sandbox-spec.js";
import type {
  ContainerLayers,
  ContainerMount,
  OpenLayersInput,
} from "../../src/engine/docker/container-layers.js";
import { findDaemon } from "../../src/engine/docker/find-daemon.js";
import { toHomeLabel } from "../../src/engine/docker/labels.js";
import { type Daemon, openDaemon } from "../../src/engine/docker/open-daemon.js";
import { readProcessStamp } from "../../src/host/process-stamp.js";
import { openCaseLayers, type OverlayCase } from "./overlay-case.js";
import { BUSYBOX } from "./private-docker.js";
import { makeTree, openTempDir, type TempDir } from "./temp-tree.js";

/** A place with layers of its own that are carried to a daemon. */
export interface CarriedCase extends Disposable {
  readonly dir: string;
  readonly layers: Layers;
  readonly input: OpenLayersInput;
}

/** The layers of `one` for a daemon, before anything is sent. */
export function openCarriedCase(
  daemon: Daemon,
  one: Pick<OverlayCase, "base"> & {
    readonly mounts?: (workspace: string) => readonly SandboxMount[];
    readonly at?: TempDir;
    readonly sandboxId?: string;
  },
): CarriedCase {
  const temp = one.at ?? openTempDir();
  const workspace = path.join(temp.path, "project");
  makeTree(workspace, one.base);
  const layers = openCaseLayers(temp.path, { workspace, covered: [] });
  const scratchDir = path.join(temp.path, "scratch");
  const cacheDir = path.join(temp.path, "cache");
  for (const made of [scratchDir, cacheDir]) mkdirSync(made, { recursive: true });
  const sandboxId = one.sandboxId ?? `t-${Math.random().toString(36).slice(2, 10)}`;
  const input: OpenLayersInput = {
    daemon,
    spec: toSpec(layers, one.mounts?.(workspace) ?? []),
    ownership: {
      home: toHomeLabel(temp.path),
      sandboxId,
      owner: readProcessStamp() ?? { pid: 1, startTime: "1", bootId: "0" },
    },
    scratchDir,
    cacheDir,
  };
  return { dir: temp.path, layers, input, [Symbol.dispose]: () => temp[Symbol.dispose]() };
}

/** Connects to the daemon at `address`. */
export function connect(
  address: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Daemon> {
  const uid = process.getuid?.() ?? 0;
  return openDaemon(findDaemon({ env: { DOCKER_HOST: address, ...env }, home: "/nowhere", uid }));
}

/** Arguments of `docker run` for a shell script in the workspace, on carried layers. */
export function toRunArgs(
  one: CarriedCase,
  layers: ContainerLayers,
  script: string,
): readonly string[] {
  const { uid, gid } = one.input.spec;
  return [
    ...["run", "--rm", "--network=none", "--user", `${uid}:${gid}`, "-w", one.layers.lower],
    ...layers.mounts.flatMap((mount) => ["--mount", toCsv(mount)]),
    ...[BUSYBOX, "sh", "-c", script],
  ];
}

function toCsv(mount: ContainerMount): string {
  if (mount.type !== "volume" || mount.overlay === undefined)
    return `type=bind,src=${"source" in mount ? mount.source : ""},dst=${mount.target},readonly`;
  const options = ["type=overlay", "device=overlay", `o=${mount.overlay}`];
  const quoted = options.map((option) => `"volume-opt=${option}"`);
  return [
    ...["type=volume", `dst=${mount.target}`, "volume-nocopy=true", "volume-driver=local"],
    ...quoted,
    ...(mount.readOnly ? ["readonly"] : []),
  ].join(",");
}

function toSpec(layers: Layers, more: readonly SandboxMount[]): SandboxSpec {
  const { lower, upper, work, taskUid, taskGid, idmap } = layers;
  return {
    argv: ["true"],
    cwd: lower,
    env: {},
    uid: taskUid,
    gid: taskGid,
    userName: "tester",
    home: "/home/tester",
    mounts: [{ kind: "overlay", target: lower, lower, upper, work, idmap }, ...more],
    limits: {},
    seccomp: "default",
    network: "none",
    terminal: false,
    hostname: "sandbox",
  };
}

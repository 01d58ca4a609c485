import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseDigest, type Digest } from "../../src/core/ids.js";
import type { ProcessStamp, SessionRecord } from "../../src/core/session.js";
import { readProcessStamp } from "../../src/host/process-stamp.js";
import type { SessionDraft } from "../../src/store/session-writer.js";

/** A digest of that letter. */
export function digestOf(letter: string): Digest {
  const digest = parseDigest(`sha256:${letter.repeat(64)}`);
  if (digest === undefined) throw new Error(`not a hexadecimal digit: ${letter}`);
  return digest;
}

/** The stamp of this process. */
export function ownStamp(): ProcessStamp {
  const stamp = readProcessStamp();
  if (stamp === undefined) throw new Error("/proc does not show this process");
  return stamp;
}

/** The stamp of a process that is gone. */
export async function deadStamp(): Promise<ProcessStamp> {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const stamp = readProcessStamp(child.pid);
  child.kill("SIGKILL");
  await once(child, "exit");
  if (stamp === undefined) throw new Error("the process was not seen");
  return stamp;
}

/** A draft of an ended session on `/work/project`, but for what `changes` says. */
export function toDraft(changes: Partial<SessionRecord> = {}): SessionDraft {
  const { name, ...rest } = changes;
  return {
    ...(name === undefined ? {} : { name }),
    make: ({ dir }) => ({
      state: "pending",
      command: ["make", "test"],
      workspaces: ["/work/project"],
      layers: [
        {
          lower: "/work/project",
          upper: `${dir}/layers/0/upper`,
          work: `${dir}/layers/0/work`,
          stamp: `${dir}/layers/0/stamp`,
          staging: "rename",
          taskUid: 1000,
          taskGid: 1000,
          idmap: "none",
          covered: [],
        },
      ],
      spec: {
        argv: ["/usr/bin/make", "test"],
        cwd: "/work/project",
        env: { LANG: "C" },
        uid: 1000,
        gid: 1000,
        userName: "sandbox",
        home: "/home/sandbox",
        mounts: [{ kind: "readonly", source: "/srv/tool", target: "/srv/tool" }],
        limits: { pids: 4096 },
        seccomp: "default",
        network: "none",
        terminal: false,
        hostname: "sandbox",
      },
      engine: "oci",
      startedAt: "2026-01-02T03:04:05.000Z",
      endedAt: "2026-01-02T03:04:06.000Z",
      limits: [{ limit: "pids", by: "cgroup", detail: "" }],
      revision: 1,
      owner: ownStamp(),
      commits: [],
      ...rest,
    }),
  };
}

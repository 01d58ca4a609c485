import type { Readable } from "node:stream";
import { PassThrough } from "node:stream";
import { SandboxError } from "../../core/error.js";
import type { ContainerMount } from "./container-layers.js";
import { demuxOutput } from "./demux-output.js";
import { toHelperImage } from "./helper-image.js";
import { type Ownership, toLabels } from "./labels.js";
import type { Daemon } from "./open-daemon.js";
import { createOfOwn } from "./own-images.js";
import { pickNumber, pickText } from "./parse-answer.js";
import { toPerlArgv } from "./perl-bundle.js";
import { removeContainer } from "./remove-container.js";
import { toDockerMounts } from "./to-docker-mounts.js";

/** A short-lived container of ours: root's rights over what is mounted in it, nothing else and no network. */
export interface HelperInput {
  readonly daemon: Daemon;
  readonly ownership: Ownership;
  /** A verb of `helper.pl` and its arguments. */
  readonly argv: readonly string[];
  readonly mounts: readonly ContainerMount[];
  readonly abort?: AbortSignal;
}

/** A helper that runs. Disposing of it removes its container. */
export interface RunningHelper extends AsyncDisposable {
  readonly container: string;
  /** Must be read, or the helper waits. */
  readonly stdout: Readable;
  /** Resolves when it has ended well. Rejects with `sandbox-unavailable` and its last words. */
  readonly ended: Promise<void>;
}

/** What a helper may do to files of others; the rest of root's rights is dropped. */
const CAPABILITIES = [
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "FSETID",
  "MKNOD",
  "SETFCAP",
];

/** Names of a large directory, and hard links, are all that a helper keeps in memory; it starts no program. */
const MOST_MEMORY = 512 * 2 ** 20;
const MOST_PROCESSES = 16;

/** Creates a helper and does not start it: its mounts can be written with `PUT /containers/…/archive`. */
export async function createHelper(input: HelperInput): Promise<string> {
  const { daemon } = input;
  const answer = await createOfOwn(daemon, {
    image: toHelperImage(input.ownership.home),
    ownership: input.ownership,
    purpose: `helper-${input.argv[0] ?? ""}`,
    body: toHelperConfig(input),
    doing: "create a helper container",
    ...(input.abort === undefined ? {} : { abort: input.abort }),
  });
  return pickText(answer, "Id");
}

/** Starts a helper. */
export async function startHelper(input: HelperInput): Promise<RunningHelper> {
  const { daemon } = input;
  const container = await createHelper(input);
  try {
    const stream = await daemon.attach(container, { stdin: false });
    const stdout = new PassThrough();
    const stderr: string[] = [];
    const drained = demuxOutput(stream, {
      stdout: (chunk) => writeTo(stdout, chunk),
      stderr: (chunk) => void stderr.push(chunk.toString()),
    }).finally(() => stdout.end());
    drained.catch((error: unknown) => stdout.destroy(error instanceof Error ? error : undefined));
    await daemon.request({
      method: "POST",
      path: `/containers/${container}/start`,
      doing: "start a helper container",
    });
    const ended = waitForEnd(daemon, container, { drained, stderr });
    ended.catch(() => {});
    return {
      container,
      stdout,
      ended,
      [Symbol.asyncDispose]: async () => {
        // A daemon removes nothing whose output waits for a reader.
        stdout.destroy();
        stream.destroy();
        await removeContainer(daemon, container);
      },
    };
  } catch (error) {
    await removeContainer(daemon, container);
    throw error;
  }
}

/** Runs a helper to its end and returns what it said. */
export async function runHelper(input: HelperInput): Promise<Buffer> {
  await using helper = await startHelper(input);
  const chunks: Buffer[] = [];
  for await (const chunk of helper.stdout) chunks.push(Buffer.from(chunk));
  await helper.ended;
  return Buffer.concat(chunks);
}

function writeTo(to: PassThrough, chunk: Buffer): Promise<void> | void {
  if (to.destroyed || to.write(chunk)) return;
  return new Promise((resolve) => {
    const go = (): void => {
      to.off("drain", go).off("close", go);
      resolve();
    };
    to.once("drain", go).once("close", go);
  });
}

async function waitForEnd(
  daemon: Daemon,
  container: string,
  said: { readonly drained: Promise<void>; readonly stderr: readonly string[] },
): Promise<void> {
  const answer = await daemon.request({
    method: "POST",
    path: `/containers/${container}/wait`,
    doing: "wait for a helper container",
    mayTakeLong: true,
  });
  await said.drained;
  const code = pickNumber(answer, "StatusCode");
  if (code === 0) return;
  const words = said.stderr.join("").trim().split("\n").at(-1) ?? "";
  throw new SandboxError("sandbox-unavailable", `a helper container failed (${code}): ${words}`);
}

function toHelperConfig(input: HelperInput): object {
  return {
    Entrypoint: toPerlArgv("helper.pl"),
    Cmd: input.argv,
    User: "0:0",
    AttachStdout: true,
    AttachStderr: true,
    NetworkDisabled: true,
    Labels: toLabels(input.ownership, "helper"),
    HostConfig: {
      NetworkMode: "none",
      IpcMode: "private",
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      CapAdd: CAPABILITIES,
      SecurityOpt: ["no-new-privileges"],
      UsernsMode: "host",
      LogConfig: { Type: "none" },
      Memory: MOST_MEMORY,
      MemorySwap: MOST_MEMORY,
      PidsLimit: MOST_PROCESSES,
      Mounts: toDockerMounts(input.mounts, toLabels(input.ownership, "layers")),
    },
  };
}

import { statfsSync } from "node:fs";
import type { Native } from "../../host/native.js";
import type { ContainerMount } from "./container-layers.js";
import type { Ownership } from "./labels.js";
import type { Daemon } from "./open-daemon.js";
import type { CarriedUpper } from "./plan-carried.js";
import { type RunningHelper, startHelper } from "./run-helper.js";
import { LAYERS_AT, toUpperPlace } from "./send-layers.js";
import { unpackUpper } from "./unpack-upper.js";
import type { KnownOwners } from "./upper-entry.js";

/** What `fetchUpper` needs. */
export interface FetchUpperInput {
  readonly daemon: Daemon;
  readonly ownership: Ownership;
  /** The volume of the layers, read-only. */
  readonly layers: ContainerMount;
  readonly native: Native;
  readonly owners: KnownOwners;
}

/** Part of the free space here that changes may take. */
const SHARE = 0.95;

/** Replaces one upperdir of this machine by the one on the daemon. What was here stands until all of it has come. */
export async function fetchUpper(upper: CarriedUpper, input: FetchUpperInput): Promise<void> {
  const { daemon, ownership, layers, native, owners } = input;
  const { bavail, bsize } = statfsSync(upper.mount.upper);
  await using helper = await startHelper({
    daemon,
    ownership,
    argv: ["pack", `${LAYERS_AT}/${toUpperPlace(upper.index)}`],
    mounts: [layers],
  });
  const mostBytes = Math.floor(bavail * bsize * SHARE);
  await unpackUpper(readAll(helper), { upper: upper.mount.upper, native, owners, mostBytes });
}

/** All that the helper says; its failure is the archive's. */
async function* readAll(helper: RunningHelper): AsyncGenerator<Buffer, void> {
  for await (const chunk of helper.stdout) yield Buffer.from(chunk);
  await helper.ended;
}

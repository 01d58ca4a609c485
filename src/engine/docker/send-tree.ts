import { Readable } from "node:stream";
import type { Daemon } from "./open-daemon.js";
import { type TreeTarOptions, type WrittenTree, writeTreeTar } from "./write-tree-tar.js";

/** Where an archive is unpacked: a path in a container that need not run. */
export interface SendTarget {
  readonly daemon: Daemon;
  readonly container: string;
  readonly directory: string;
  readonly abort?: AbortSignal;
}

/** Sends a tree of this machine to a daemon as it is read; the daemon unpacks it (`PUT /containers/…/archive`). */
export async function sendTree(options: TreeTarOptions, target: SendTarget): Promise<WrittenTree> {
  let written: WrittenTree | undefined;
  const pieces = function* (): Generator<Buffer, void> {
    written = yield* writeTreeTar(options);
  };
  await sendArchive(Readable.from(pieces(), { objectMode: false, highWaterMark: 1 << 20 }), target);
  if (written === undefined) throw new Error("the archive was not read to its end");
  return written;
}

/** Sends an archive. An error of its reading is passed on as it is. */
export async function sendArchive(archive: Readable, target: SendTarget): Promise<void> {
  const { daemon, container, directory, abort } = target;
  // What breaks the reading must break the request too: a pipe alone would leave it waiting.
  const broken = new AbortController();
  archive.once("error", (error) => broken.abort(error));
  await daemon.request({
    method: "PUT",
    path: `/containers/${container}/archive`,
    query: { path: directory },
    upload: archive,
    doing: "take the workspace over",
    abort: abort === undefined ? broken.signal : AbortSignal.any([broken.signal, abort]),
  });
}

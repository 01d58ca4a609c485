import { mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { ROOT_PATH } from "../../core/path.js";
import { openFileOps } from "../../host/confined-calls.js";
import { openConfinedRoot } from "../../host/confined-root.js";
import { AT_FDCWD, type Native, RENAME_EXCHANGE } from "../../host/native.js";
import { randomBytes } from "../../host/random-bytes.js";
import { removeTree } from "../../host/remove-tree.js";
import { TarReader } from "./tar-reader.js";
import type { KnownOwners } from "./upper-entry.js";
import { toUnpackError, UpperWriter } from "./upper-writer.js";

/** What `unpackUpper` needs. */
export interface UnpackUpperInput {
  /** The host's upperdir, which is replaced as a whole. */
  readonly upper: string;
  readonly native: Native;
  readonly owners: KnownOwners;
  /** More than this is not unpacked, whatever is announced. */
  readonly mostBytes: number;
}

const INCOMING = "incoming-";

/**
 * Replaces an upperdir by what an archive from a daemon holds; the archive is not trusted. It is unpacked beside, brought to disk, and
 * exchanged in one rename: until then the old state stands, and an archive that breaks off, or holds what no upperdir of ours can,
 * changes nothing. Throws `damaged` for such an archive.
 */
export async function unpackUpper(
  archive: AsyncIterable<Buffer>,
  input: UnpackUpperInput,
): Promise<void> {
  const { upper, native } = input;
  const beside = path.dirname(upper);
  removeIncoming(beside);
  const incoming = path.join(beside, `${INCOMING}${randomBytes(6).toString("hex")}`);
  mkdirSync(incoming, { mode: 0o700 });
  try {
    await unpackInto(archive, incoming, input);
    native.renameat2(
      { dirfd: AT_FDCWD, path: incoming },
      { dirfd: AT_FDCWD, path: upper, flags: RENAME_EXCHANGE },
    );
  } catch (error) {
    throw toUnpackError(error, upper);
  } finally {
    removeTree(incoming);
  }
}

async function unpackInto(
  archive: AsyncIterable<Buffer>,
  incoming: string,
  { native, owners, mostBytes }: UnpackUpperInput,
): Promise<void> {
  const ops = openFileOps(native);
  using root = openConfinedRoot(incoming, { ops, strict: false });
  using writer = new UpperWriter({ root, ops, native, owners, mostBytes });
  const reader = new TarReader(writer);
  for await (const chunk of archive) reader.push(chunk);
  reader.end();
  writer.finish();
  ops.syncFilesystem(root.directory(ROOT_PATH));
}

/** What a process that was killed left. */
function removeIncoming(beside: string): void {
  for (const name of readdirSync(beside))
    if (name.startsWith(INCOMING)) removeTree(path.join(beside, name));
}

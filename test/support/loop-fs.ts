import { spawnSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** What filesystem is wanted. */
export interface LoopFsOptions {
  readonly type: "ext4" | "xfs" | "btrfs" | "tmpfs";
  /** XFS wants 300 at least, btrfs 110. */
  readonly sizeMiB: number;
  /** Mount options, e.g. `["prjquota"]`. */
  readonly options?: readonly string[];
  /** Passed to mkfs; without effect on a tmpfs. */
  readonly mkfs?: readonly string[];
  /** How many inodes there are at most (ext4 and tmpfs). */
  readonly inodes?: number;
}

/** A small filesystem of its own, mounted at `path`. Disposing of it unmounts and removes it. */
export interface LoopFs extends Disposable {
  readonly path: string;
  /** Remounts with one more option, e.g. `ro` or `rw`. */
  remount(option: string): void;
  /**
   * As if the disk were gone, with whatever was not on it yet: every further call fails (EIO), until `reopen`. Of ext4 and XFS. Device
   * mapper, which could do it for any, is in no kernel that these tests have met.
   */
  shutDown(): void;
  /** Unmounts and mounts a copy of what is on the disk, which replays the filesystem's own journal: another namespace may hold the old mount. */
  reopen(): void;
}

/** Mounts a new, empty filesystem (a file on a loop device, or a tmpfs). Root only. Its root has mode 0755. */
export function openLoopFs(wanted: LoopFsOptions): LoopFs {
  const base = mkdtempSync(path.join(tmpdir(), "sbx-fs-"));
  const mountPoint = path.join(base, "mnt");
  mkdirSync(mountPoint);
  const mount =
    wanted.type === "tmpfs" ? tmpfsMount(wanted, mountPoint) : loopMount(wanted, base, mountPoint);
  try {
    if (wanted.type !== "tmpfs") makeImage(wanted, base);
    run(mount);
  } catch (error) {
    rmSync(base, { recursive: true, force: true });
    throw error;
  }
  return {
    path: mountPoint,
    remount: (option) => run(["mount", "-o", `remount,${option}`, mountPoint]),
    shutDown: () => run(["python3", "-c", SHUT_DOWN, mountPoint]),
    reopen: () => {
      run(["umount", mountPoint]);
      const image = path.join(base, "image");
      run(["cp", "--sparse=always", image, `${image}.copy`]);
      renameSync(`${image}.copy`, image);
      run(mount);
    },
    [Symbol.dispose]: () => {
      run(["umount", "--recursive", mountPoint]);
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function tmpfsMount(wanted: LoopFsOptions, mountPoint: string): readonly string[] {
  const inodes = wanted.inodes === undefined ? [] : [`nr_inodes=${wanted.inodes}`];
  const options = [`size=${wanted.sizeMiB}m`, "mode=0755", ...inodes, ...(wanted.options ?? [])];
  return ["mount", "-t", "tmpfs", "-o", options.join(","), "tmpfs", mountPoint];
}

/** `EXT4_IOC_SHUTDOWN` and `XFS_IOC_GOINGDOWN` with `NOLOGFLUSH` (`fs/ext4/ext4.h`). */
const SHUT_DOWN =
  "import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";

function makeImage(wanted: LoopFsOptions, base: string): void {
  const image = path.join(base, "image");
  const fd = openSync(image, "w", 0o600);
  ftruncateSync(fd, wanted.sizeMiB * 1024 * 1024);
  closeSync(fd);
  const inodes =
    wanted.inodes === undefined || wanted.type !== "ext4" ? [] : ["-N", String(wanted.inodes)];
  run([`mkfs.${wanted.type}`, "-q", ...inodes, ...(wanted.mkfs ?? []), image]);
}

function loopMount(wanted: LoopFsOptions, base: string, mountPoint: string): readonly string[] {
  // A copy has the same UUID as what another namespace may still hold.
  const copied = wanted.type === "xfs" ? ["nouuid"] : [];
  const options = ["loop", ...copied, ...(wanted.options ?? [])].join(",");
  return ["mount", "-o", options, path.join(base, "image"), mountPoint];
}

function run([file = "", ...rest]: readonly string[]): void {
  const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
  const result = spawnSync(file, rest, { encoding: "utf8", env });
  if (result.status !== 0)
    throw new Error(`${file} ${rest.join(" ")}: ${result.stderr || String(result.error)}`);
}

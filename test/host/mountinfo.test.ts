import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mountOf, mountsBelow, parseMountInfo, readMountInfo } from "../../src/host/mountinfo.js";

const TEXT = `21 26 0:20 / /proc rw,relatime - proc proc rw
26 1 254:0 / / rw,relatime master:1 shared:2 - ext4 /dev/vda rw,discard
31 26 0:9 /sub /mnt/a\\040b\\134c rw,nosuid - tmpfs tmp rw,size=4k
32 26 0:10 / /mnt/ab rw - tmpfs none rw
33 31 0:11 / /mnt/a\\040b\\134c/in rw - tmpfs none rw
not a line
`;

describe("mountinfo", () => {
  const mounts = parseMountInfo(TEXT);

  it("undoes the kernel's escapes and skips optional fields", () => {
    assert.equal(mounts.length, 5);
    assert.deepEqual(mounts[2], {
      mountId: 31,
      parentId: 26,
      root: "/sub",
      mountPoint: "/mnt/a b\\c",
      fsType: "tmpfs",
      options: ["rw", "nosuid"],
      superOptions: ["rw", "size=4k"],
    });
    assert.equal(mounts[1]?.fsType, "ext4");
  });
  it("finds the mount that holds a path, and those below one, by whole components", () => {
    assert.equal(mountOf("/mnt/a b\\c/x", mounts)?.mountId, 31);
    assert.equal(mountOf("/mnt/abc", mounts)?.mountId, 26);
    assert.equal(mountOf("/mnt/ab", mounts)?.mountId, 32);
    assert.deepEqual(
      mountsBelow("/mnt/a b\\c", mounts).map((mount) => mount.mountId),
      [33],
    );
    assert.deepEqual(mountsBelow("/mnt/a", mounts), []);
    assert.equal(mountsBelow("/", mounts).length, 4);
  });
  it("reads this machine's", () => {
    assert.equal(mountOf("/proc", readMountInfo())?.fsType, "proc");
  });
});

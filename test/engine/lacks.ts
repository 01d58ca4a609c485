import type { Lacks } from "./case-test.js";

// What each backend of the engine suite does not have: name of a case, or of a part of the suite, → why it is skipped there.

const OWN_MOUNTS =
  "the tests' daemon has a mount namespace of its own: what is mounted after it has come up, it does not see";

const SYS =
  "every container of Docker's has a /sys: readable only, with what tells of devices masked (escape suite)";

/** Docker's daemon, whatever its runtime. */
const DOCKER: Lacks = {
  "no /sys": SYS,
  "a read-only directory with mounts below shows them, and no socket": OWN_MOUNTS,
  "the reserve: the task is ended before the filesystem is full": OWN_MOUNTS,
};

/** Docker's daemon with runc. */
export const DOCKER_RUNC: Lacks = {
  ...DOCKER,
  "the task reads no path of the layers in its mount table":
    "Docker mounts an overlay by its paths, and the kernel shows them in the mount table: they are read, not reached",
};

import type { Lacks } from "./case-test.js";

// What each backend of the engine suite does not have: name of a case, or of a part of the suite, → why it is skipped there.

const OWN_MOUNTS =
  "the tests' daemon has a mount namespace of its own: what is mounted after it has come up, it does not see";

const SYS =
  "every container of Docker's has one: readable only, with what tells of devices masked (escape suite)";

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

/** gVisor, however it is started. */
const GVISOR: Lacks = {
  "no /sys": "gVisor has one, and nothing of the host's in it",
  "ended before others where the machine's memory runs out":
    "gVisor's own kernel says 0; the process that the host's kernel sees is the sandbox",
  "a FIFO can be made, and is in the upperdir":
    "gVisor keeps a FIFO in its own memory: the host has none, and the changeset does not name it",
  "the calls of another architecture kill":
    "gVisor's own kernel answers them: the host's is not asked",
  "a unix socket is where it should be, and goes with the gateway":
    "gVisor's task reaches no unix socket of the host's: refused before it starts (oci-runsc)",
  "has a name": "this gVisor mounts a terminal where ttyname(3) does not find it",
};

/** gVisor without a daemon, started by whoever runs the tests. */
export const OCI_RUNSC: Lacks = {
  ...GVISOR,
  ...(process.getuid?.() === 0
    ? {}
    : {
        "memory: a hog fails or is killed, less than the limit is had":
          "gVisor needs a control group for it, which a plain user may not make here: reported as not in force",
        "read-only: directories and files can be read, not written, at any depth":
          "gVisor says yes to touch and chmod of one's own files there, in its memory only: the host's stay as they are, and content is refused",
      }),
};

/** Docker's daemon with gVisor. */
export const DOCKER_RUNSC: Lacks = {
  ...DOCKER,
  ...GVISOR,
  "a filter for its system calls":
    "runsc applies the profile only where it is started with --oci-seccomp; gVisor's kernel answers in its place",
  "refuses what is dangerous and lets pass what programs need":
    "without the profile gVisor's own kernel answers all calls: the host's is not asked",
  "nested sandboxes of the task's own cannot be made":
    "they are gVisor's own, in its kernel, without the profile that forbids them",
  programs: "slow by nature; the same kernel runs them without the daemon (oci-runsc)",
  network:
    "gVisor in a container has a network of its own, which no gateway can listen in: refused",
};

/** A daemon that sees another filesystem. */
export const DOCKER_REMOTE: Lacks = {
  "no /sys": SYS,
  "nothing of the host but system directories and what is mounted":
    "the daemon sees nothing of this host: the directories are the image's",
  "the task reads no path of the layers in its mount table":
    "it reads those of the daemon's volumes, as with docker-runc",
  "the reserve: the task is ended before the filesystem is full":
    "the layers lie with the daemon, not on the small filesystem",
  programs: "they meet the same kernel and filter as in docker-runc; the image has few of them",
  network: "no descriptor comes from a daemon that does not see this machine's files: refused",
};

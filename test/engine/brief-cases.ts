/** Cases that a backend is tried with in a brief run: one or two of each part of the suite. */
export const BRIEF_CASES: readonly string[] = [
  "passes the exit code on and keeps stdout and stderr apart",
  "the timeout ends a task that ignores SIGTERM, and its daemons",
  "pause brings all of it to a halt, resume lets it go on, and what is paused can be ended",
  "what outlives the task ends with it, and nothing is left",
  "no capability, no new privileges, and ids that are not root's on the host",
  "nothing of the host but system directories and what is mounted",
  "a network with loopback only",
  "the task reaches what listens for it, and that alone of its loopback",
  "nothing of the host or beyond can be reached without it",
  "writes land in the upperdir, the workspace stays as it is",
  "hidden: a file and a directory of the workspace, without a trace in the upperdir",
  // Only root has such a workspace.
  ...(process.getuid?.() === 0
    ? ["root's workspace, idmapped, is the task's to read and change"]
    : []),
  "nested sandboxes of the task's own cannot be made",
  "memory: a hog fails or is killed, less than the limit is had",
  "processes: a fork bomb stays in its bounds and is over with the task",
  "takes over a new size and tells the task",
];

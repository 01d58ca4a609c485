/**
 * What one process of a task costs under gVisor in threads of the host: up to 7 measured, each with its tracer, its
 * tracee and the Sentry's own. Where they run out the Sentry ends, and the task with it, without a word.
 */
const HOST_THREADS = 16;

/** Those of the Sentry itself, which has more for a moment while many processes begin at once. */
const OWN_THREADS = 256;

/**
 * The host's limit of processes for a sandbox under gVisor in which a task may have `processes`. gVisor itself counts
 * those by RLIMIT_NPROC, and then fork fails as it should; the host's only holds gVisor.
 */
export function toGvisorPids(processes: number): number {
  return OWN_THREADS + processes * HOST_THREADS;
}

import { SandboxError } from "../core/error.js";

/** Where and for what a reference is resolved. */
export interface ResolveOptions {
  /** The current directory, its symlinks resolved. */
  readonly cwd: string;
  /** `change`: a commit, rollback or discard, which must not guess between candidates without a person there. */
  readonly purpose: "read" | "change";
  readonly isTerminal: boolean;
  /** Milliseconds since the epoch. */
  readonly now?: number;
}

/** Something `latest` can choose. */
export interface Candidate {
  readonly id: string;
  readonly workspaces: readonly string[];
  /** ISO 8601, UTC: when it ended or was made. */
  readonly at: string;
  /** Whether `commit`, `discard` or `rollback` could still be meant for it. */
  readonly open: boolean;
  /** One line for a list. */
  readonly line: string;
}

const RECENT_MS = 3_600_000;

/**
 * The newest candidate with a workspace that is or contains the current directory, else the newest of all (cli.md); undefined where there
 * is none. Throws `usage` with the list where a change was asked for and several projects elsewhere could be meant, or nobody is at a terminal
 * and several open candidates are younger than an hour.
 */
export function chooseLatest<T extends Candidate>(
  candidates: readonly T[],
  options: ResolveOptions,
): T | undefined {
  const here = candidates.filter(({ workspaces }) =>
    workspaces.some((workspace) => holds(workspace, options.cwd)),
  );
  const pool = here.length > 0 ? here : candidates;
  const newest = pool.reduce<T | undefined>(
    (best, one) => (best === undefined || isNewer(one, best) ? one : best),
    undefined,
  );
  if (options.purpose === "change" && !options.isTerminal) refuseSeveral(pool, options);
  if (options.purpose === "change" && here.length === 0) refuseProjects(pool);
  return newest;
}

/** Throws `usage` that lists what a reference could mean. */
export function toAmbiguous(text: string, candidates: readonly Candidate[]): SandboxError {
  return new SandboxError("usage", `${text} could be any of these`, {
    list: candidates.map(({ line }) => line),
    hint: "name one by its id",
  });
}

function refuseSeveral(pool: readonly Candidate[], options: ResolveOptions): void {
  const since = (options.now ?? Date.now()) - RECENT_MS;
  const recent = pool.filter(({ open, at }) => open && Date.parse(at) >= since);
  if (recent.length > 1) throw toAmbiguous("latest", recent);
}

/** Typed twice, `rollback latest` must not go on to another project. */
function refuseProjects(pool: readonly Candidate[]): void {
  const newest = new Map<string, Candidate>();
  for (const one of pool.filter(({ open }) => open)) {
    const project = one.workspaces.join("\0");
    const known = newest.get(project);
    if (known === undefined || isNewer(one, known)) newest.set(project, one);
  }
  if (newest.size > 1) throw toAmbiguous("latest", [...newest.values()]);
}

function isNewer(one: Candidate, other: Candidate): boolean {
  return one.at === other.at ? one.id > other.id : one.at > other.at;
}

function holds(workspace: string, directory: string): boolean {
  return workspace === directory || directory.startsWith(`${workspace}/`);
}

/** What every planted secret begins with (`SECRET` in `programs/say.h`). */
export const SECRET = "sandbox-escape-secret";

/** What a sandbox finds of the host, in words that attacks are given. All paths are the host's. */
export interface Ground {
  readonly uid: string;
  readonly home: string;
  readonly project: string;
  readonly stateHome: string;
  /** Tells this ground from others that are there at the same time. */
  readonly key: string;
  /** A file outside every mount that anybody on the host may read; it holds a secret. */
  readonly secret: string;
  /** A path outside, in a directory where anybody may write, that one attack alone is given. */
  readonly drop: string;
  /** Another name, outside, of the file `two-names` of the workspace. */
  readonly outsideName: string;
  /** Given to the sandbox as `--ro` and as `--tool`; live things are in them. */
  readonly shared: string;
  readonly tool: string;
  /** A directory below a system directory, with live things in it. Only where root runs the tests. */
  readonly system: string | undefined;
  /** Unix sockets that answer outside of all mounts; the first is abstract. */
  readonly sockets: readonly [string, ...string[]];
  /** A file in `/dev/shm` that holds a secret. */
  readonly posixMemory: string;
  /** This machine's own addresses. */
  readonly addresses: readonly string[];
  /** A process of the host: number, TCP port, key of shared memory. Its command line holds a secret. */
  readonly holder: { readonly pid: string; readonly port: string; readonly key: string };
  /** The directory of another session: its log and its layers. */
  readonly otherSession: string;
  /** Paths in the changeset of the quiet scene. */
  readonly readChanges: () => readonly string[];
  /** What a run was given that a project's file widens, a key at a time; undefined where each is refused. */
  readonly widened: string | undefined;
  /** A reason where a program planted in this folder of the workspace has run on the host. */
  readonly wasRun: (folder: string) => string | undefined;
}

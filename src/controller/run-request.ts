import type { Approve } from "./judge-command.js";

/** What a person asked for with `run`, as it was written; nothing of it has been checked yet. */
export interface RunRequest {
  /** A profile's name or file; undefined is `default`. */
  readonly profile?: string | undefined;
  readonly command: readonly string[];
  /** Workspaces; none means the current directory. */
  readonly dirs: readonly string[];
  readonly engine: string | undefined;
  readonly runtime: string | undefined;
  /** The root filesystem; undefined is the host's own system directories. */
  readonly image: string | undefined;
  readonly env: readonly string[];
  readonly readOnly: readonly string[];
  readonly hide: readonly string[];
  readonly tools: readonly string[];
  readonly timeout: string | undefined;
  readonly memory: string | undefined;
  readonly cpus: string | undefined;
  readonly pids: string | undefined;
  readonly upper: string | undefined;
  readonly network?: string | undefined;
  /** Hosts that may be reached. */
  readonly allow?: readonly string[];
  /** Hosts for which it may have signatures of the person's ssh agent, and for which git has the person's credentials. */
  readonly sshAgent?: readonly string[];
  readonly gitCredentials?: readonly string[];
  readonly name: string | undefined;
  readonly terminal: boolean;
  /** Nobody will ever answer a question: what would wait for one is ended. */
  readonly isUnattended?: boolean;
  /** Asks a person about the command itself; undefined where nobody is there. */
  readonly approve?: Approve;
  /** The profile was chosen by the program's name: nobody asked for it. */
  readonly isPreset?: true;
  /** Of the profile: the variables that pass, and what is thrown away (absolute paths). */
  readonly passed?: readonly string[];
  readonly scratch?: readonly string[];
  /** Of the profile: files of the host's that are covered so that nobody can start them (absolute, real). */
  readonly masked?: readonly string[];
  /** Of the profile: what the task can write it cannot execute. */
  readonly isWrittenNoexec?: boolean;
}

/** The same for `exec`, which keeps the session's own scope. */
export interface ExecRequest {
  readonly session: string;
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly timeout: string | undefined;
  readonly terminal: boolean;
  readonly approve?: Approve;
}

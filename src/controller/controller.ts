import type { planCommit } from "../commit/plan-commit.js";
import type { SessionId } from "../core/ids.js";
import type { RelPath } from "../core/path.js";
import type { ProcessStamp } from "../core/session.js";
import type { Engine } from "../engine/engine.js";
import type { ShellParser } from "../policy/commands/command-unit.js";
import type { Store } from "../store/open-store.js";
import type { ProfilePlaces } from "./profile-files.js";

/** System calls through koffi, as the folders below take them. */
export type Native = Parameters<typeof planCommit>[0]["native"];

/** Host ids. */
export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** A program and what has to be mounted for it to run; see `host/find-program.ts`. */
export interface FoundTool {
  /** What to execute inside: an absolute path. */
  readonly path: string;
  /** Host directories or files to mount read-only at their own path. */
  readonly prefixes: readonly string[];
  /** Directories for PATH inside. */
  readonly pathEntries: readonly string[];
  /** Variables it needs to find its own parts, e.g. RUSTUP_HOME. */
  readonly env: Readonly<Record<string, string>>;
}

/** A project's directory, see `host/project-directory.ts`: nothing in it is followed. */
export interface ProjectDirectory extends Disposable {
  typeOf(path: RelPath): string | undefined;
  names(): readonly string[];
  put(name: string, text: string, o: { readonly replace: boolean }): boolean;
}

/** What the use cases ask of this machine besides files: `main.ts` composes it of `host/`. */
export interface HostPort {
  /** Loads libc on the first call: some milliseconds. */
  native(): Promise<Native>;
  /** Throws `command-not-found` or `not-executable` saying which host path is hidden and which flag shows it. */
  findProgram(
    name: string,
    at: {
      path: string;
      cwd: string;
      workspaces: readonly string[];
      home: string;
      /** Shown anyway, by `--tool` or `--ro`. */
      shown: readonly string[];
      /** Never to be shown. */
      keepOut: readonly string[];
    },
  ): FoundTool;
  /** The prefix that shows `tool` (from `--tool`). */
  findTool(
    tool: string,
    at: { home: string; keepOut: readonly string[]; hasImage: boolean },
  ): readonly string[];
  /** Who the task runs as. Throws `usage` where the workspaces' owners contradict one another. */
  chooseTaskIds(at: {
    workspaceOwners: readonly Ids[];
    self: Ids;
    env: Readonly<Record<string, string | undefined>>;
  }): Ids & { readonly name: string };
  /** This process, to be told from others when it is gone. */
  processStamp(): ProcessStamp;
  /** Whether anything of the session's sandbox still runs. */
  isSandboxAlive(session: SessionId): boolean;
  /** See `host/run-hook.ts`: what went wrong, or undefined. */
  runHook(
    argv: readonly string[],
    o: { readonly input: string; readonly timeoutMs: number },
  ): Promise<string | undefined>;
  openProject(directory: string): Promise<ProjectDirectory>;
  /** See `host/run-for-output.ts`. */
  runForOutput(
    argv: readonly string[],
    timeoutMs: number,
    o?: {
      readonly input?: string;
      readonly env?: Readonly<Record<string, string | undefined>>;
    },
  ): Promise<string>;
  /** flock(2) on a directory; undefined where somebody else holds it. */
  tryLockDirectory(native: Native, directory: string): Disposable | undefined;
}

/** Which engine; undefined is the default. `daemon` is that of a session that exists already. */
export interface EngineChoice {
  readonly engine: string | undefined;
  readonly runtime: string | undefined;
  readonly daemon?: string | undefined;
}

/** What every use case needs: made once by `main.ts`. */
export interface Controller {
  readonly store: Store;
  /** `$SANDBOX_HOME`. */
  readonly stateHome: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The invoker's PATH, before the launcher fixed its own. */
  readonly invokerPath: string;
  /** Where this program itself lies: the directory of `dist/`. */
  readonly programRoot: string;
  /** Where profiles lie. */
  readonly profiles: ProfilePlaces;
  /** Loads two grammars of the shell on the first call: some tens of milliseconds. */
  openShellParser(): Promise<ShellParser>;
  /** The person's home directory on the host. */
  readonly personHome: string;
  readonly self: Ids;
  readonly host: HostPort;
  openEngine(choice: EngineChoice): Promise<Engine>;
  /** A host path as a person wrote it → absolute, symlinks above its last component resolved. */
  resolvePath(text: string): string;
  /** How far something has come; undefined: it has ended. */
  progress(what: string, count: number | undefined): void;
  /** One line for a person, on stderr. */
  notice(line: string): void;
}

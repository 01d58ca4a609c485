import { SandboxError } from "../core/error.js";
import type { SandboxImage, SandboxMount, SandboxSpec } from "../core/sandbox-spec.js";
import { joinJavaOptions } from "./network/inside-env.js";
import { type Env, type HostEnv, parseEnv, toPassedEnv } from "./parse-env.js";
import { type LimitTexts, parseDuration, parseLimits } from "./parse-limits.js";
import { type MountRequest, resolveMounts } from "./resolve-mounts.js";
import { isInside, isSystemPath, STANDARD_PATH } from "../core/system-path.js";

/** What a run asks for, and the facts about the host it rests on. */
export interface ResolveSpecInput extends MountRequest, LimitTexts {
  /** The program's path inside, and its arguments. */
  readonly argv: readonly string[];
  /** The invoker's current directory, its symlinks resolved. */
  readonly cwd: string;
  /** Host ids of the task, and the name they get inside. */
  readonly task: { readonly uid: number; readonly gid: number; readonly name: string };
  readonly hostEnv: HostEnv;
  /** `--env`. */
  readonly env: readonly string[];
  /** Names of the host's variables that pass; default: the built-in list. */
  readonly passed?: readonly string[];
  /** Directories that PATH must have for the program. */
  readonly pathEntries: readonly string[];
  /** Variables without which the program does not find its own parts, e.g. RUSTUP_HOME. */
  readonly toolEnv?: Env;
  /** The invoker's PATH; default `hostEnv.PATH`. */
  readonly invokerPath?: string;
  readonly terminal: boolean;
  readonly isWrittenNoexec?: boolean;
  /** The only way out is the gateway, and these variables are for programs that use it; absent: no network. */
  readonly gatewayEnv?: Env;
  /** With `hasImage`: the image, and the variables it sets. Where it is not known yet, the spec has none. */
  readonly image?: { readonly image: SandboxImage; readonly env: Env };
}

/** What another task on the same layers may choose. */
export interface ResolveExecInput {
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly passed?: readonly string[];
  readonly hostEnv: HostEnv;
  readonly timeout: string | undefined;
  readonly terminal: boolean;
}

const HOME = "/home/sandbox";

/**
 * The immutable description of a sandbox, but for its overlays: their places follow from the session's id, the caller
 * puts them before `mounts`. Pure. Throws `usage` naming the option that is wrong.
 */
export function resolveSpec(input: ResolveSpecInput): SandboxSpec {
  if (input.task.uid === 0 || input.task.gid === 0)
    throw new Error("a task must never have host id 0");
  const mounts = resolveMounts(input);
  const base = { ...toBaseEnv(input, mounts), ...input.toolEnv };
  const named = parseEnv(input.env, input.hostEnv);
  return {
    argv: toArgv(input.argv),
    cwd: input.workspaces.find((workspace) => isInside(input.cwd, workspace))
      ? input.cwd
      : (input.workspaces[0] ?? HOME),
    env: {
      ...base,
      ...input.gatewayEnv,
      ...named,
      ...joinJavaOptions(input.gatewayEnv, { ...base, ...named }),
    },
    uid: input.task.uid,
    gid: input.task.gid,
    userName: input.task.name,
    home: HOME,
    mounts,
    ...(input.image === undefined ? {} : { image: input.image.image }),
    limits: parseLimits(input),
    seccomp: "default",
    network: input.gatewayEnv === undefined ? "none" : "gateway",
    terminal: input.terminal,
    hostname: "sandbox",
    ...(input.isWrittenNoexec === true ? { isWrittenNoexec: true } : {}),
  };
}

/** The description for another task in the scope of `spec`: nothing more is mounted. Throws `usage`. */
export function resolveExec(spec: SandboxSpec, input: ResolveExecInput): SandboxSpec {
  const { timeoutMs: _, ...limits } = spec.limits;
  return {
    ...spec,
    argv: toArgv(input.argv),
    env: {
      ...spec.env,
      ...toPassedEnv(input.hostEnv, input.passed),
      ...parseEnv(input.env, input.hostEnv),
    },
    limits:
      input.timeout === undefined
        ? limits
        : { ...limits, timeoutMs: parseDuration(input.timeout, "--timeout") },
    terminal: input.terminal,
  };
}

function toBaseEnv(input: ResolveSpecInput, mounts: readonly SandboxMount[]): Env {
  const person = { HOME, USER: input.task.name, LOGNAME: input.task.name };
  const passed = toPassedEnv(input.hostEnv, input.passed);
  if (input.hasImage === true) return { ...toImageEnv(input), ...passed, ...person };
  return { ...passed, ...person, SHELL: "/bin/bash", PATH: toPath(input, mounts).join(":") };
}

/** The image's own variables; its PATH, behind the directories of what was mounted to be run. */
function toImageEnv({ image, pathEntries }: ResolveSpecInput): Env {
  const path = image?.env["PATH"] ?? STANDARD_PATH.join(":");
  return { ...image?.env, PATH: [...pathEntries, path].join(":") };
}

/**
 * The program's own directories that the invoker's PATH has not, then of that PATH what can be seen inside and is not
 * the task's to write, then the standard directories.
 */
function toPath(input: ResolveSpecInput, mounts: readonly SandboxMount[]): readonly string[] {
  const invoker = (input.invokerPath ?? input.hostEnv["PATH"] ?? "").split(":");
  const usable = invoker
    .filter((entry) => entry.startsWith("/"))
    .map((entry) => (entry.length > 1 ? entry.replace(/\/+$/, "") : entry))
    .filter((entry) => isSystemPath(entry) || isShown(entry, mounts))
    .filter((entry) => !input.workspaces.some((workspace) => isInside(entry, workspace)));
  const own = input.pathEntries.filter((entry) => !usable.includes(entry) && !isSystemPath(entry));
  return [...new Set([...own, ...usable, ...STANDARD_PATH])];
}

/** In a mounted directory, or holding a mounted file. */
function isShown(directory: string, mounts: readonly SandboxMount[]): boolean {
  return mounts.some(
    ({ kind, target }) =>
      kind === "readonly" &&
      (isInside(directory, target) || target.slice(0, target.lastIndexOf("/")) === directory),
  );
}

function toArgv(argv: readonly string[]): readonly [string, ...string[]] {
  const [program, ...args] = argv;
  if (program === undefined)
    throw new SandboxError("usage", "no command", { hint: "sandbox run -- COMMAND [ARG...]" });
  if (argv.some((arg) => arg.includes("\0")))
    throw new SandboxError("usage", "an argument holds a NUL character");
  return [program, ...args];
}

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openPlainUser, type PlainUser } from "./plain-user.js";
import { projectRoot } from "./project-root.js";

/** What one call of the program did. */
interface ProgramResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Somebody who uses the built program: a home, a project directory, a state directory, all thrown away. */
export interface Person extends Disposable {
  readonly kind: "root" | "plain user";
  readonly uid: number;
  readonly home: string;
  readonly project: string;
  readonly stateHome: string;
  /** Runs `sandbox ARGS` in the project, without a terminal. */
  sandbox(args: readonly string[], options?: SandboxOptions): ProgramResult;
  /** `sandbox ARGS --json`, parsed. Fails where stdout is not one JSON value. */
  sandboxJson(args: readonly string[], options?: SandboxOptions): JsonResult;
  /** Words and environment to start the program by oneself. */
  command(args: readonly string[]): {
    readonly argv: readonly [string, ...string[]];
    readonly env: Env;
  };
  /** Makes files of the project as this person: path → text; a path that ends in `/` is a directory. */
  make(files: Readonly<Record<string, string>>): void;
  /** Runs a program as this person in the project. */
  run(argv: readonly string[], options?: SandboxOptions): ProgramResult;
}

type Env = Readonly<Record<string, string>>;

/** How the program is called. */
interface SandboxOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Env;
}

/** A call with `--json`. */
interface JsonResult {
  readonly status: number | null;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into what the program printed
  readonly json: any;
  readonly stderr: string;
}

/** Opens a person. Root's project belongs to root; a plain user is made for the occasion (`openPlainUser`). */
export function openPerson(kind: Person["kind"]): Person {
  return kind === "root" ? openRoot() : openUser(openPlainUser());
}

function openRoot(): Person {
  const home = mkdtempSync(path.join(tmpdir(), "sbx-root-"));
  return toPerson({
    kind: "root",
    uid: 0,
    home,
    base: { PATH: SYSTEM_PATH, HOME: home, LANG: "C.UTF-8" },
    command: ([file = "true", ...rest]) => [file, ...rest],
    dispose: () => rmSync(home, { recursive: true, force: true }),
  });
}

function openUser(user: PlainUser): Person {
  return toPerson({
    kind: "plain user",
    uid: user.uid,
    home: user.home,
    base: user.env,
    command: (argv) => user.command(argv),
    dispose: () => user[Symbol.dispose](),
  });
}

const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const NATIVE = ["koffi", "@koromix", "libsql", "@libsql", "@neon-rs", "detect-libc"];
const BUILT = ["dist/sandbox", ...NATIVE.map((name) => `node_modules/${name}`)];

/** The built program, where this person can read it: a checkout below /root is copied to their home. */
function installFor(parts: PersonParts): string {
  const program = path.join(projectRoot, "dist", "sandbox", "cli-main.cjs");
  const [file, ...rest] = parts.command(["test", "-r", program]);
  if (spawnSync(file, rest).status === 0) return program;
  const own = path.join(parts.home, "installed");
  for (const name of BUILT)
    cpSync(path.join(projectRoot, name), path.join(own, name), { recursive: true });
  return path.join(own, "dist", "sandbox", "cli-main.cjs");
}

interface PersonParts {
  readonly kind: Person["kind"];
  readonly uid: number;
  readonly home: string;
  readonly base: Env;
  readonly command: (argv: readonly string[]) => readonly [string, ...string[]];
  readonly dispose: () => void;
}

function toPerson(parts: PersonParts): Person {
  const { kind, uid, home } = parts;
  const project = path.join(home, "project");
  const stateHome = path.join(home, "state");
  const program = installFor(parts);
  const env: Env = { ...parts.base, SANDBOX_HOME: stateHome };
  const run = (argv: readonly string[], options: SandboxOptions = {}): ProgramResult => {
    const [file, ...rest] = parts.command(argv);
    const { status, stdout, stderr } = spawnSync(file, rest, {
      cwd: options.cwd ?? project,
      env: { ...env, ...options.env },
      input: options.input ?? "",
      encoding: "utf8",
      timeout: 120_000,
      maxBuffer: 64 << 20,
    });
    return { status, stdout, stderr };
  };
  const sandbox: Person["sandbox"] = (args, options) =>
    run([process.execPath, program, ...args], options);
  mustRun(parts.command(["mkdir", "-p", project]), env);
  return {
    kind,
    uid,
    home,
    project,
    stateHome,
    sandbox,
    run,
    sandboxJson: (args, options) => {
      const { status, stdout, stderr } = sandbox(withJson(args), options);
      return { status, json: JSON.parse(stdout), stderr };
    },
    command: (args) => ({ argv: parts.command([process.execPath, program, ...args]), env }),
    make: (files) => {
      for (const [file, text] of Object.entries(files)) {
        const full = path.join(project, file);
        const directory = file.endsWith("/") ? full : path.dirname(full);
        mustRun(parts.command(["mkdir", "-p", "--", directory]), env);
        if (!file.endsWith("/")) mustRun(parts.command(["tee", "--", full]), env, text);
      }
    },
    [Symbol.dispose]: parts.dispose,
  };
}

/** Before the task's own words. */
function withJson(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  return end < 0 ? [...args, "--json"] : [...args.slice(0, end), "--json", ...args.slice(end)];
}

function mustRun([file, ...rest]: readonly [string, ...string[]], env: Env, input = ""): void {
  const { status, stderr } = spawnSync(file, rest, { env, input, encoding: "utf8" });
  if (status !== 0) throw new Error(`${file} ${rest.join(" ")}: ${stderr}`);
}

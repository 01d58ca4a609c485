/** How a program that starts another one is called. */
export interface Wrapper {
  /** Options without a value: `-x`, `--name`. */
  readonly flags: readonly string[];
  /** Options with one, in the next word or attached. */
  readonly valued: readonly string[];
  /** Words of its own before the command. */
  readonly operands: number;
  /** `NAME=VALUE` may stand before the command. */
  readonly assigns?: boolean;
  /** Options of `flags` and `valued` after which the command is not what it looks like. */
  readonly hides?: readonly string[];
  /** Options that change the current directory. */
  readonly moves?: readonly string[];
  /** It adds arguments that are not on its command line. */
  readonly openEnded?: boolean;
}

const PLAIN: Wrapper = { flags: [], valued: [], operands: 0 };

/** Programs that only start what follows (their manual pages, GNU coreutils 9, util-linux 2.39, sudo 1.9, findutils 4.9). */
export const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map<string, Wrapper>([
  [
    "env",
    {
      flags: ["-i", "--ignore-environment", "-0", "--null", "-v", "--debug", "-"],
      valued: ["-u", "--unset", "-C", "--chdir", "-S", "--split-string"],
      operands: 0,
      assigns: true,
      hides: ["-S", "--split-string"],
      moves: ["-C", "--chdir"],
    },
  ],
  [
    "timeout",
    {
      flags: ["--foreground", "--preserve-status", "-v", "--verbose", "-f", "-p"],
      valued: ["-k", "--kill-after", "-s", "--signal"],
      operands: 1,
    },
  ],
  ["nice", { flags: [], valued: ["-n", "--adjustment"], operands: 0 }],
  ["nohup", PLAIN],
  ["setsid", { ...PLAIN, flags: ["-c", "--ctty", "-f", "--fork", "-w", "--wait"] }],
  [
    "ionice",
    {
      flags: ["-t", "--ignore"],
      valued: ["-c", "--class", "-n", "--classdata"],
      operands: 0,
    },
  ],
  [
    "stdbuf",
    { flags: [], valued: ["-i", "--input", "-o", "--output", "-e", "--error"], operands: 0 },
  ],
  ["chrt", { flags: ["-b", "-f", "-i", "-o", "-r", "-R"], valued: [], operands: 1 }],
  ["taskset", { flags: ["-a"], valued: ["-c"], operands: 1 }],
  ["time", { flags: ["-p", "-v", "--verbose", "--portability"], valued: [], operands: 0 }],
  [
    "sudo",
    {
      flags: ["-n", "--non-interactive", "-E", "-H", "--set-home", "-k", "-b", "-S", "-A", "-P"],
      valued: [
        "-u",
        "--user",
        "-g",
        "--group",
        "-p",
        "--prompt",
        "-D",
        "--chdir",
        "-h",
        "-C",
        "-T",
      ],
      operands: 0,
      assigns: true,
      moves: ["-D", "--chdir"],
    },
  ],
  ["doas", { flags: ["-n"], valued: ["-u"], operands: 0 }],
  [
    "xargs",
    {
      flags: ["-0", "--null", "-r", "--no-run-if-empty", "-t", "--verbose", "-x", "--exit", "-o"],
      valued: [
        "-n",
        "--max-args",
        "-P",
        "--max-procs",
        "-L",
        "--max-lines",
        "-s",
        "--max-chars",
        "-d",
        "--delimiter",
        "-a",
        "--arg-file",
        "-E",
        "-I",
      ],
      operands: 0,
      hides: ["-I"],
      openEnded: true,
    },
  ],
  ["command", { flags: ["-p"], valued: [], operands: 0 }],
  ["builtin", PLAIN],
  ["exec", { flags: ["-c", "-l"], valued: ["-a"], operands: 0 }],
  ["busybox", PLAIN],
  ["toybox", PLAIN],
  [
    "strace",
    {
      flags: ["-f", "-ff", "-q", "-qq", "-c", "-y", "-yy", "-t", "-tt", "-T"],
      valued: ["-e", "-o", "-s"],
      operands: 0,
    },
  ],
]);

/** Shells whose `-c` is read here. */
export const SHELLS: ReadonlySet<string> = new Set([
  "sh",
  "bash",
  "dash",
  "ash",
  "ksh",
  "mksh",
  "zsh",
  "rbash",
]);

/** Programs and shell words that run what they are told in ways that are not read here. */
export const OPAQUE: ReadonlySet<string> = new Set([
  "eval",
  "source",
  ".",
  "trap",
  "alias",
  "enable",
  "hash",
  "fc",
  "coproc",
  "mapfile",
  "readarray",
  "complete",
  "bind",
  "parallel",
  "watch",
  "script",
  "su",
  "runuser",
  "setpriv",
  "chroot",
  "nsenter",
  "unshare",
  "ip",
  "capsh",
  "start-stop-daemon",
  "systemd-run",
  "at",
  "batch",
  "crontab",
  "ld.so",
  "ld-linux-x86-64.so.2",
  "ld-linux-aarch64.so.1",
  "fish",
  "csh",
  "tcsh",
  "pwsh",
  "expect",
  "screen",
  "tmux",
  "flock",
  "run-parts",
]);

/** Shell words that change the current directory. */
export const MOVERS: ReadonlySet<string> = new Set(["cd", "pushd", "popd"]);

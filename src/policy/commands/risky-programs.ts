/** How a program can be told to start another one. */
export interface RiskyProgram {
  /** Options that do it, wherever they stand. */
  readonly options: readonly string[];
  /** Options that do it before the first operand only (`git -c`, but not `git commit -c`). */
  readonly globals?: readonly string[];
  /** Operands that do it (`git bisect run`). */
  readonly words?: readonly string[];
  /** Short options are never in one word (`find -exec`). */
  readonly longByOneDash?: boolean;
  /** It runs whatever it is given: a rule that does not name it never allows it. */
  readonly runsAnything?: boolean;
}

const interpreter = (...options: readonly string[]): RiskyProgram => ({
  options,
  runsAnything: true,
});

/** From the manual pages of each program, and the list of GTFOBins. A list: it is not complete. */
export const RISKY_PROGRAMS: ReadonlyMap<string, RiskyProgram> = new Map<string, RiskyProgram>([
  ["find", { options: ["-exec", "-execdir", "-ok", "-okdir"], longByOneDash: true }],
  ["fd", { options: ["-x", "--exec", "-X", "--exec-batch"] }],
  ["fdfind", { options: ["-x", "--exec", "-X", "--exec-batch"] }],
  [
    "git",
    {
      globals: [
        "-c",
        "--config-env",
        "--exec-path",
        "-p",
        "--paginate",
        "--git-dir",
        "--work-tree",
        "-C",
      ],
      options: [
        "--upload-pack",
        "--receive-pack",
        "--exec",
        "--ext-diff",
        "--textconv",
        "--open-files-in-pager",
        "--extcmd",
        "--template",
        "--config",
      ],
      words: ["filter-branch", "foreach", "difftool", "mergetool", "run", "config"],
    },
  ],
  [
    "tar",
    {
      options: [
        "--checkpoint-action",
        "--to-command",
        "--use-compress-program",
        "-I",
        "--rsh-command",
        "--rmt-command",
        "--info-script",
        "--new-volume-script",
        "-F",
      ],
    },
  ],
  ["rsync", { options: ["-e", "--rsh", "--rsync-path"] }],
  ["ssh", { options: ["-o", "-F", "-J"], runsAnything: true }],
  ["scp", { options: ["-o", "-F", "-S", "-J"] }],
  ["sftp", { options: ["-o", "-F", "-S", "-D", "-b", "-J"] }],
  ["rg", { options: ["--pre", "--hostname-bin"] }],
  ["ag", { options: ["--pager"] }],
  ["bat", { options: ["--pager"] }],
  [
    "man",
    { options: ["-P", "--pager", "-H", "--html", "-C", "--config-file"], runsAnything: true },
  ],
  ["sort", { options: ["--compress-program"] }],
  ["split", { options: ["--filter"] }],
  ["zip", { options: ["-TT", "--unzip-command"] }],
  ["wget", { options: ["--use-askpass", "-e", "--execute", "--config"] }],
  ["curl", { options: ["-K", "--config"] }],
  ["tcpdump", { options: ["-z"] }],
  ["gcc", { options: ["-wrapper", "-fplugin", "-B", "-specs"], longByOneDash: true }],
  ["cc", { options: ["-wrapper", "-fplugin", "-B", "-specs"], longByOneDash: true }],
  ["go", { options: ["-exec", "-toolexec", "-overlay", "-vettool"], longByOneDash: true }],
  ["cargo", { options: ["--config"] }],
  ["make", interpreter("--eval", "-f", "--file", "--makefile", "-C", "--directory", "-I")],
  ["npm", { options: ["--script-shell", "--node-options", "--prefix"], words: ["exec", "x"] }],
  ["npx", interpreter("-c", "--call")],
  ["awk", interpreter("-f", "--file", "-i", "-l", "-e")],
  ["gawk", interpreter("-f", "--file", "-i", "-l", "-e", "--source", "--load", "--include")],
  ["mawk", interpreter("-f")],
  ["sed", { options: ["-f", "--file"], runsAnything: true }],
  ["python", interpreter("-c", "-m", "-i")],
  ["python3", interpreter("-c", "-m", "-i")],
  ["perl", interpreter("-e", "-E", "-M", "-m", "-I", "-d", "-x")],
  ["ruby", interpreter("-e", "-r", "-I", "-x")],
  [
    "node",
    interpreter("-e", "--eval", "-p", "--print", "-r", "--require", "--import", "--loader", "-i"),
  ],
  ["php", interpreter("-r", "-B", "-R", "-E", "-d", "-z", "-c")],
  ["lua", interpreter("-e", "-l", "-i")],
  ["tclsh", interpreter()],
  ["java", interpreter("-javaagent", "-agentlib", "-agentpath", "--source")],
  ["gdb", interpreter("-ex", "-x", "--eval-command", "--command", "-iex", "-ix")],
  ["vi", interpreter("-c", "--cmd", "-S", "-u", "-s", "-w")],
  ["vim", interpreter("-c", "--cmd", "-S", "-u", "-s", "-w")],
  ["nvim", interpreter("-c", "--cmd", "-S", "-u", "-s", "-w", "-l")],
  ["emacs", interpreter("--eval", "--execute", "-f", "--funcall", "-l", "--load", "--script")],
  ["nano", interpreter("-s", "--speller", "-f", "--rcfile")],
  ["ed", interpreter()],
  ["ex", interpreter("-c")],
  ["less", interpreter("-k", "--lesskey-file", "--lesskey-src", "--lesskey-content")],
  ["more", interpreter()],
  ["most", interpreter()],
  ["docker", interpreter()],
  ["podman", interpreter()],
  ["kubectl", { options: ["--kubeconfig"], words: ["exec", "plugin"] }],
]);

/** Variables that make a program run something else, or be another program. */
export const RISKY_VARIABLES =
  /^(?:PATH|IFS|ENV|BASH_ENV|SHELLOPTS|BASHOPTS|PS4|PROMPT_COMMAND|SHELL|LD_\w+|GCONV_PATH|NODE_OPTIONS|NODE_PATH|PYTHON\w+|PERL5\w*|RUBY\w*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|GIT_\w+|SSH_\w+|\w*PAGER|\w*EDITOR|VISUAL|BROWSER|LESS\w*|MAKEFLAGS|MAKE|CC|CXX|RUSTC_WRAPPER|TAR_OPTIONS|RSYNC_\w+|HOME|XDG_CONFIG_HOME|npm_config_\w+)$/;

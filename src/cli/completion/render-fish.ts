import type {
  ArgumentKind,
  CompletionCommand,
  CompletionOption,
  CompletionTable,
} from "./completion-table.js";
import { quoteForFish, quoteForShell } from "./shell-quote.js";

/** Fish: a `complete` line for each command, option and argument. */
export function renderFish(table: CompletionTable): string {
  const program = quoteForShell(table.program);
  const name = `__${table.program.replace(/\W/g, "_")}`;
  const lines = [
    `# fish completion for ${table.program}; load it with: ${table.program} completion fish | source`,
    "",
    `function ${name}_ids`,
    `    command ${quoteForFish(table.executable)} __complete $argv[1] 2>/dev/null`,
    `    printf 'latest\\tthe newest\\n'`,
    "end",
    "",
    "# True while no command, or the command $argv[1], was given, and no -- yet.",
    `function ${name}_in`,
    "    set -l words (commandline -opc)",
    "    contains -- -- $words; and return 1",
    "    set -l command",
    "    for word in $words[2..-1]",
    "        string match -q -- '-*' $word; and continue",
    "        set command $word",
    "        break",
    "    end",
    `    test "$command" = "$argv[1]"`,
    "end",
    "",
    `function ${name}_after_dashes`,
    "    contains -- -- (commandline -opc)",
    "end",
    "",
    `complete -c ${program} -f`,
    ...table.commands.map(
      (command) =>
        `complete -c ${program} -n '${name}_in ""' -a ${quoteForFish(command.name)} -d ${quoteForFish(command.summary)}`,
    ),
    ...table.options.map((option) => optionLine(table, `${name}_in ""`, option)),
    ...table.commands.flatMap((command) => commandLines(table, name, command)),
    `complete -c ${program} -n ${name}_after_dashes -a '(__fish_complete_subcommand --fcs-skip=(contains -i -- -- (commandline -opc)))'`,
  ];
  return `${lines.join("\n")}\n`;
}

function commandLines(
  table: CompletionTable,
  name: string,
  command: CompletionCommand,
): readonly string[] {
  const condition = `${name}_in ${command.name}`;
  const args = new Set(command.args.flatMap((kind) => toSource(name, kind, table)));
  return [
    ...command.options.map((option) => optionLine(table, condition, option)),
    ...[...args].map(
      (source) => `complete -c ${table.program} -n ${quoteForFish(condition)} ${source}`,
    ),
  ];
}

function optionLine(table: CompletionTable, condition: string, option: CompletionOption): string {
  const names = option.names.map((one) =>
    one.startsWith("--") ? `-l ${one.slice(2)}` : `-s ${one.slice(1)}`,
  );
  const name = `__${table.program.replace(/\W/g, "_")}`;
  const flag = option.value?.kind === "file" ? "-r" : "-x";
  const value = option.value === undefined ? [] : [flag, ...toSource(name, option.value, table)];
  return [
    `complete -c ${table.program} -n ${quoteForFish(condition)}`,
    ...names,
    ...value,
    `-d ${quoteForFish(option.summary)}`,
  ].join(" ");
}

/** Options of `complete` that give the candidates. */
function toSource(name: string, kind: ArgumentKind, table: CompletionTable): readonly string[] {
  switch (kind.kind) {
    case "session":
      return [`-a '(${name}_ids sessions)'`];
    case "commit":
      return [`-a '(${name}_ids commits)'`];
    case "directory":
      return ["-a '(__fish_complete_directories)'"];
    case "file":
      return ["-F"];
    case "choice":
      return [`-a ${quoteForFish(kind.choices.join(" "))}`];
    case "command-name":
      return [`-a ${quoteForFish(table.commands.map((command) => command.name).join(" "))}`];
    default:
      return [];
  }
}

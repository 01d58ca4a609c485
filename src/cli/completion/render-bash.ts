import type {
  ArgumentKind,
  CompletionCommand,
  CompletionOption,
  CompletionTable,
} from "./completion-table.js";
import { quoteForShell } from "./shell-quote.js";

/** Bash: one function; works with and without the bash-completion package. */
export function renderBash(table: CompletionTable): string {
  const name = `_${table.program.replace(/\W/g, "_")}`;
  return `# bash completion for ${table.program}; load it with: source <(${table.program} completion bash)

${name}_words() {
  local word
  for word in "$@"; do
    [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
  done
}

${name}_ids() {
  local line
  while IFS= read -r line; do
    line=\${line%%$'\\t'*}
    [[ $line == "$cur"* ]] && COMPREPLY+=("$line")
  done < <(command ${quoteForShell(table.executable)} __complete "$1" 2>/dev/null)
}

${name}_files() {
  local line
  compopt -o filenames 2>/dev/null
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$1" -- "$cur")
}

# What stands for one argument or value: session, commit, directory, file, command, none, or choices.
${name}_kind() {
  case $1 in
    session) ${name}_ids sessions; ${name}_words latest ;;
    commit) ${name}_ids commits; ${name}_words latest ;;
    directory) ${name}_files -d ;;
    file) ${name}_files -f ;;
    command-name) ${name}_words ${words(table.commands.map((command) => command.name))} ;;
    command) while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -c -- "$cur") ;;
    choice) shift; ${name}_words "$@" ;;
  esac
}

${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} command= line word i args=0 value= dashes=0
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $value ]]; then
      # The value of an option; bash makes a word of the = between them.
      [[ $word != "=" ]] && value=
      continue
    fi
    if [[ $word == -- && -n $command ]]; then dashes=$i; break; fi
    if [[ $word == -* ]]; then
      value=$(${name}_value "$command" "$word")
    elif [[ -z $command ]]; then
      command=$word
    else
      args=$((args + 1))
    fi
  done
  if ((dashes > 0)); then
    if ((COMP_CWORD == dashes + 1)); then
      ${name}_kind command
    elif declare -F _command_offset >/dev/null; then
      _command_offset $((dashes + 1))
    else
      ${name}_files -f
    fi
    return
  fi
  if [[ $cur == "=" ]]; then cur=; fi
  if [[ -n $value ]]; then
    # shellcheck disable=SC2086
    ${name}_kind $value
  elif [[ $cur == -* ]]; then
    ${name}_options "$command"
  elif [[ -z $command ]]; then
    ${name}_kind command-name
  else
    ${name}_argument "$command" "$args"
  fi
}

# What the value of an option is; nothing where it has none.
${name}_value() {
  case "$1 $2" in
${valueCases(table)}
  esac
}

${name}_options() {
  case $1 in
${table.commands.map((command) => optionCase(name, command)).join("\n")}
    *) ${name}_words ${words(optionNames(table.options))} ;;
  esac
}

${name}_argument() {
  case "$1 $2" in
${table.commands.flatMap((command) => argumentCases(name, command)).join("\n")}
  esac
}

complete -F ${name} ${table.program}
`;
}

function words(list: readonly string[]): string {
  return list.map(quoteForShell).join(" ");
}

function optionNames(options: readonly CompletionOption[]): readonly string[] {
  return options.flatMap((option) => option.names);
}

function toWords(kind: ArgumentKind): string {
  return kind.kind === "choice" ? words(["choice", ...kind.choices]) : kind.kind;
}

function valueCases(table: CompletionTable): string {
  const cases = [{ name: "", options: table.options }, ...table.commands].flatMap((command) =>
    command.options.flatMap(({ names, value }) =>
      value === undefined
        ? []
        : `    ${names.map((option) => quoteForShell(`${command.name} ${option}`)).join(" | ")}) echo ${quoteForShell(toWords(value))} ;;`,
    ),
  );
  return cases.length === 0 ? "    *) ;;" : cases.join("\n");
}

function optionCase(name: string, command: CompletionCommand): string {
  return `    ${command.name}) ${name}_words ${words(optionNames(command.options))} ;;`;
}

function argumentCases(name: string, command: CompletionCommand): readonly string[] {
  return command.args.map((kind, at) => {
    const isLast = at === command.args.length - 1;
    const pattern = quoteForShell(`${command.name} `) + (isLast ? "*" : String(at));
    return `    ${pattern}) ${name}_kind ${toWords(kind)} ;;`;
  });
}

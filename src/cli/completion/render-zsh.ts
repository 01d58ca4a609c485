import type {
  ArgumentKind,
  CompletionCommand,
  CompletionOption,
  CompletionTable,
} from "./completion-table.js";
import { quoteForShell } from "./shell-quote.js";

/** Zsh: `_arguments` specifications; works from `fpath` and from `source`. */
export function renderZsh(table: CompletionTable): string {
  const name = `_${table.program.replace(/\W/g, "_")}`;
  return `#compdef ${table.program}
# zsh completion for ${table.program}; load it with: source <(${table.program} completion zsh)

${name}_ids() {
  local -a found described
  local line
  for line in "\${(@f)$(command ${quoteForShell(table.executable)} __complete "$1" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    found+=("\${line%%$'\\t'*}")
    described+=("\${line/$'\\t'/  }")
  done
  found+=(latest)
  described+=('latest  the newest')
  compadd -l -d described -a found
}

${name}_commands() {
  local -a commands
  commands=(
${table.commands.map((command) => `    ${quoteForShell(`${escapeColon(command.name)}:${command.summary}`)}`).join("\n")}
  )
  _describe -t commands command commands
}

${name}() {
  local curcontext=$curcontext state line ret=1
  local -A opt_args
  _arguments -C \\
${table.options.map((option) => `    ${optionSpec(name, option)} \\\n`).join("")}    '1: :${name}_commands' \\
    '*:: :->rest' && ret=0
  [[ $state == rest ]] || return ret
  curcontext="\${curcontext%:*:*}:${table.program}-$line[1]:"
  case $line[1] in
${table.commands.map((command) => commandCase(name, command)).join("\n")}
  esac
  return ret
}

if [[ \${funcstack[1]} == ${name} ]]; then
  ${name} "$@"
else
  compdef ${name} ${table.program}
fi
`;
}

function commandCase(name: string, command: CompletionCommand): string {
  const runsCommand = command.args.some((kind) => kind.kind === "command");
  const specs = [
    ...command.options.map((option) => optionSpec(name, option)),
    ...command.args.map((kind, at) => argumentSpec(name, kind, { at, of: command.args.length })),
  ];
  const flags = runsCommand ? "-s -S -A '-*'" : "-s -S";
  const lines = specs.map((spec) => ` \\\n        ${spec}`).join("");
  return `    ${command.name})\n      _arguments ${flags}${lines} && ret=0\n      ;;`;
}

/** `(-t --tty)'{-t,--tty}'[summary]:value:action` */
function optionSpec(name: string, option: CompletionOption): string {
  const value = option.value === undefined ? "" : `: :${toAction(name, option.value)}`;
  const tail = quoteForShell(`[${escapeBrackets(option.summary)}]${value}`);
  const spelled = option.names.map((one) =>
    option.value !== undefined && one.startsWith("--") ? `${one}=` : one,
  );
  return spelled.length === 1 ? `'*'${spelled[0]}${tail}` : `'*'{${spelled.join(",")}}${tail}`;
}

function argumentSpec(
  name: string,
  kind: ArgumentKind,
  place: { readonly at: number; readonly of: number },
): string {
  if (kind.kind === "command") return `'*:: :_normal'`;
  const position = place.at === place.of - 1 && place.of > 1 ? "*" : String(place.at + 1);
  return quoteForShell(`${position}: :${toAction(name, kind)}`);
}

function toAction(name: string, kind: ArgumentKind): string {
  switch (kind.kind) {
    case "session":
      // A leading blank: `_arguments` adds no words of its own.
      return ` ${name}_ids sessions`;
    case "commit":
      return ` ${name}_ids commits`;
    case "directory":
      return "_files -/";
    case "file":
      return "_files";
    case "command":
      return "_normal";
    case "command-name":
      return ` ${name}_commands`;
    case "choice":
      return `(${kind.choices.join(" ")})`;
    default:
      return " ";
  }
}

function escapeBrackets(text: string): string {
  return text.replace(/[[\]\\]/g, "\\$&");
}

function escapeColon(text: string): string {
  return text.replaceAll(":", "\\:");
}

import type { Option } from "commander";
import type {
  ArgumentKind,
  CompletionCommand,
  CompletionOption,
  CompletionTable,
} from "./completion/completion-table.js";
import { toCommand } from "./parse-command-line.js";
import { COMMANDS } from "./registry.js";

/** The command line as the completion scripts want it, read off the commands themselves; `executable` lists the ids. */
export async function toCompletionTable(
  streams: Parameters<typeof toCommand>[1],
  executable: string,
): Promise<CompletionTable> {
  const commands: CompletionCommand[] = [];
  for (const entry of COMMANDS) {
    if (entry.hidden === true) continue;
    const command = toCommand(entry, streams);
    (await entry.load()).define(command);
    commands.push({
      name: entry.name,
      summary: entry.summary,
      options: [...command.options.map(toOption), HELP],
      args: command.registeredArguments.map((argument) => toArgument(argument.name())),
    });
  }
  const version: CompletionOption = { names: ["-V", "--version"], summary: "show the version" };
  return { program: "sandbox", executable, commands, options: [version, HELP] };
}

const HELP: CompletionOption = { names: ["-h", "--help"], summary: "show the help" };

/** What stands between the angle brackets of the commands' own definitions. */
const PLACEHOLDERS: Readonly<Record<string, ArgumentKind>> = {
  session: { kind: "session" },
  commit: { kind: "commit" },
  command: { kind: "command" },
  path: { kind: "file" },
  shell: { kind: "choice", choices: ["bash", "zsh", "fish"] },
};

const OPTION_VALUES: Readonly<Record<string, ArgumentKind>> = {
  "--session": { kind: "session" },
  "--replay": { kind: "session" },
  "--dir": { kind: "directory" },
  "--ro": { kind: "file" },
  "--hide": { kind: "file" },
  "--tool": { kind: "file" },
  "--engine": { kind: "choice", choices: ["oci"] },
  "--runtime": { kind: "choice", choices: ["crun", "runc", "runsc"] },
  "--image": { kind: "file" },
  "--network": { kind: "choice", choices: ["none"] },
  "--commit": { kind: "choice", choices: ["ask", "auto", "never"] },
};

function toArgument(name: string): ArgumentKind {
  return PLACEHOLDERS[name] ?? { kind: "none" };
}

function toOption(option: Option): CompletionOption {
  const names = [option.short, option.long].filter((name) => name !== undefined);
  const base = { names, summary: option.description };
  if (!option.required && !option.optional) return base;
  return { ...base, value: OPTION_VALUES[option.long ?? ""] ?? { kind: "none" } };
}

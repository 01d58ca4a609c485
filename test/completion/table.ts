import type { CompletionTable } from "../../src/cli/completion/completion-table.js";

/** A small command line with every kind of argument. */
export function tableOf(executable: string): CompletionTable {
  const json = { names: ["--json"], summary: "for programs: [one] object, it's plain" };
  const session = { kind: "session" } as const;
  const file = { kind: "file" } as const;
  return {
    program: "sandbox",
    executable,
    options: [{ names: ["-h", "--help"], summary: "show this help" }],
    commands: [
      {
        name: "run",
        summary: "run a task",
        options: [
          { names: ["--dir"], summary: "workspace", value: { kind: "directory" } },
          {
            names: ["--commit"],
            summary: "when",
            value: { kind: "choice", choices: ["ask", "auto", "never"] },
          },
          { names: ["-t", "--tty"], summary: "a terminal" },
          { names: ["--name"], summary: "a name", value: { kind: "none" } },
          json,
        ],
        args: [{ kind: "command" }],
      },
      { name: "diff", summary: "what changed", options: [json], args: [session, file] },
      { name: "discard", summary: "drop a session", options: [], args: [session] },
      { name: "rollback", summary: "undo a commit", options: [], args: [{ kind: "commit" }] },
      {
        name: "completion",
        summary: "shell completion",
        options: [],
        args: [{ kind: "choice", choices: ["bash", "zsh", "fish"] }],
      },
    ],
  };
}

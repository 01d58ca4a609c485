import type { CliCommand } from "./cli-command.js";

/** A subcommand before its module is read: start-up reads only the one that was asked for. */
export interface RegisteredCommand {
  readonly name: string;
  readonly summary: string;
  /** Not listed in the help. */
  readonly hidden?: boolean;
  readonly load: () => Promise<CliCommand>;
}

/** Every subcommand, in the order of the help. */
export const COMMANDS: readonly RegisteredCommand[] = [
  {
    name: "run",
    summary: "run a task in a disposable sandbox over the workspace(s)",
    load: async () => (await import("./commands/run.js")).runCommand,
  },
  {
    name: "exec",
    summary: "run another task on the same layers",
    load: async () => (await import("./commands/exec.js")).execCommand,
  },
  {
    name: "stop",
    summary: "end the task of a session that runs; its changes are kept",
    load: async () => (await import("./commands/stop.js")).stopCommand,
  },
  {
    name: "ls",
    summary: "list sessions",
    load: async () => (await import("./commands/ls.js")).lsCommand,
  },
  {
    name: "show",
    summary: "one session: state, spec, exit, changes",
    load: async () => (await import("./commands/show.js")).showCommand,
  },
  {
    name: "diff",
    summary: "what a session changed",
    load: async () => (await import("./commands/diff.js")).diffCommand,
  },
  {
    name: "review",
    summary: "approve or reject changes, also by hunk, for a later commit",
    load: async () => (await import("./commands/review.js")).reviewCommand,
  },
  {
    name: "commit",
    summary: "apply approved changes to the real files, all or nothing",
    load: async () => (await import("./commands/commit.js")).commitCommand,
  },
  {
    name: "rollback",
    summary: "undo a commit",
    load: async () => (await import("./commands/rollback.js")).rollbackCommand,
  },
  {
    name: "refresh",
    summary: "bring your newer edits under a pending session",
    load: async () => (await import("./commands/refresh.js")).refreshCommand,
  },
  {
    name: "discard",
    summary: "drop a session and its layers",
    load: async () => (await import("./commands/discard.js")).discardCommand,
  },
  {
    name: "approvals",
    summary: "what waits for an approval, and what exactly it is about",
    load: async () => (await import("./commands/approvals.js")).approvalsCommand,
  },
  {
    name: "approve",
    summary: "approve what waits, bound to the digest of what you saw",
    load: async () => (await import("./commands/approve.js")).approveCommand,
  },
  {
    name: "deny",
    summary: "deny what waits",
    load: async () => (await import("./commands/deny.js")).denyCommand,
  },
  {
    name: "log",
    summary: "what was asked for, decided and done; whether that record is whole",
    load: async () => (await import("./commands/log.js")).logCommand,
  },
  {
    name: "serve",
    summary: "the queue and approvals as a service",
    load: async () => (await import("./commands/serve.js")).serveCommand,
  },
  {
    name: "submit",
    summary: "give the service a task, or a commit, rollback or discard, to queue",
    load: async () => (await import("./commands/submit.js")).submitCommand,
  },
  {
    name: "queue",
    summary: "what the service has waiting and running",
    load: async () => (await import("./commands/queue.js")).queueCommand,
  },
  {
    name: "wait",
    summary: "wait for an action of the service, and exit as it does",
    load: async () => (await import("./commands/wait.js")).waitCommand,
  },
  {
    name: "cancel",
    summary: "cancel an action of the service",
    load: async () => (await import("./commands/cancel.js")).cancelCommand,
  },
  {
    name: "recover",
    summary: "finish or undo an interrupted commit",
    load: async () => (await import("./commands/recover.js")).recoverCommand,
  },
  {
    name: "prune",
    summary: "remove layers that nobody needs, and what killed processes left",
    load: async () => (await import("./commands/prune.js")).pruneCommand,
  },
  {
    name: "doctor",
    summary: "what this host can do, and how to mend what it can't",
    load: async () => (await import("./commands/doctor.js")).doctorCommand,
  },
  {
    name: "policy",
    summary: "check a profile or a command, explain a profile, run its examples",
    load: async () => (await import("./commands/policy.js")).policyCommand,
  },
  {
    name: "init",
    summary: "look at a project and write its .sandbox.yaml",
    load: async () => (await import("./commands/init.js")).initCommand,
  },
  {
    name: "completion",
    summary: "shell completion for bash, zsh or fish",
    load: async () => (await import("./commands/completion.js")).completionCommand,
  },
  {
    name: "__complete",
    summary: "words for shell completion",
    hidden: true,
    load: async () => (await import("./commands/complete-words.js")).completeWordsCommand,
  },
];

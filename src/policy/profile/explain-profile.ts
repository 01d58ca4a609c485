import type {
  ArgvToken,
  Budgets,
  CommandRule,
  EffectBudget,
  HomeRule,
  Profile,
} from "../../core/profile.js";
import { listInspected } from "../network/list-inspected.js";
import { renderGitCredentials } from "../network/parse-git-credentials.js";
import { renderSshAgent } from "../network/parse-ssh-agent.js";
import { renderHostRule } from "../network/render-host-rule.js";
import { findDeniedPrograms } from "../commands/find-denied-programs.js";
import { findUnenforced } from "./find-unenforced.js";
import { renderBytes, renderDuration } from "./units.js";

/** One part of the report. */
export interface ProfileChapter {
  readonly title: string;
  readonly lines: readonly string[];
}

/** What a profile lets a task touch, run and send, for how long, and what would widen it: plain words, a line each. */
export function explainProfile(profile: Profile): readonly ProfileChapter[] {
  return [
    { title: "It may touch", lines: explainPaths(profile) },
    { title: "Of its changes", lines: explainChanges(profile) },
    { title: "It may run", lines: explainCommands(profile) },
    { title: "It may send", lines: explainNetwork(profile) },
    { title: "It has", lines: explainMeans(profile) },
    {
      title: "Not in force in this version: a run with it is refused",
      lines: findUnenforced(profile),
    },
    { title: "What would widen it", lines: explainWidening(profile) },
  ].filter(({ lines }) => lines.length > 0);
}

const MODES = {
  overlay: "seen and changed, as a copy until you commit",
  scratch: "seen and changed, thrown away at the end",
  readonly: "seen, not changed",
  hidden: "not seen",
} as const;

function explainPaths({ paths, home = [] }: Profile): readonly string[] {
  return [
    ...paths.map(({ path, mode }) => {
      const name = path === "." ? "the workspace" : path;
      return `${name}: ${MODES[mode]}`;
    }),
    ...home.map(explainHome),
  ];
}

const HOME_MODES = {
  scratch: "a copy, changes of it thrown away at the end",
  readonly: "a copy, not changed",
  cache: "seen as it is, changes of it thrown away at the end",
} as const;

function explainHome({ path, mode, keys, hosts }: HomeRule): string {
  const only = keys === undefined ? "" : `; of it only ${keys.join(", ")}`;
  const where = hosts.length === 0 ? "nowhere" : `to ${hosts.map(renderHostRule).join(", ")} only`;
  const secrets = mode === "cache" ? "" : `; what is secret in it goes ${where}`;
  return `~/${path}: ${HOME_MODES[mode]}${only}${secrets}`;
}

function explainChanges({ scope, changes }: Profile): readonly string[] {
  const lines: string[] = [];
  const outside = scope.outside === "deny" ? "never committed" : "asked about";
  for (const globs of scope.commit)
    lines.push(
      `${globs.length === 0 ? "everything" : `what is not ${globs.join(" or ")}`} is ${outside}`,
    );
  for (const glob of scope.deny) lines.push(`${glob} is never committed`);
  for (const { match, kinds, risk, decision } of changes) {
    const what = [
      kinds?.join(" or "),
      match === undefined ? undefined : `of ${match}`,
      risk === undefined ? undefined : `with the risk ${risk}`,
    ];
    lines.push(`${what.filter((part) => part !== undefined).join(" ")}: ${SAID[decision]}`);
  }
  lines.push("every other change is asked about; what runs later on this host, by name");
  if (changes.some(({ decision, risk }) => decision === "allow" && risk === undefined))
    lines.push("what is allowed is still asked about by name where it runs later on this host");
  lines.push("what raises rights, devices and forged marks are never committed");
  return lines;
}

const SAID = { allow: "allowed", ask: "asked about", deny: "denied" } as const;

function explainCommands({ commands, arguments: added = {} }: Profile): readonly string[] {
  const lines = commands.rules.map(explainRule);
  const rest = lines.length === 0 ? "every command" : "every other command";
  const denied = findDeniedPrograms({ commands });
  const gone = [...denied.names, ...denied.files].join(", ");
  return [
    ...lines,
    ...(gone === "" ? [] : [`not there to be started by any other program either: ${gone}`]),
    ...Object.entries(added).map(
      ([name, { add }]) =>
        `${name} gets ${add.length === 0 ? "nothing added" : `${add.join(" ")} added`}`,
    ),
    `${rest}: ${SAID[commands.default]}${commands.default === "ask" ? "; with nobody to ask, denied" : ""}`,
  ];
}

function explainRule({ id, argv, exe, options, args, decision }: CommandRule): string {
  const limits = [
    ...(exe === undefined ? [] : [`the file ${exe.join(" or ")}`]),
    ...explainOptions(options),
    ...explainArgs(args),
  ];
  const only = limits.length === 0 ? "" : ` (${limits.join(", ")}; anything else of it is denied)`;
  return `${argv.map(explainToken).join(" ")}${only}: ${SAID[decision]} [${id}]`;
}

function explainOptions(options: CommandRule["options"]): readonly string[] {
  if (options === undefined) return [];
  const { allow, deny, unknown } = options;
  return [
    allow.length === 0 ? "no options" : `the options ${allow.join(" ")}`,
    ...(deny.length === 0 ? [] : [`never ${deny.join(" ")}`]),
    ...(unknown === "deny" ? [] : [`other options ${SAID[unknown]}`]),
    ...(options.require_end_of_options ? ["operands behind --"] : []),
  ];
}

function explainArgs(args: CommandRule["args"]): readonly string[] {
  if (args === undefined) return [];
  return [
    ...(args.kind === "none" ? ["no operands"] : []),
    ...(args.within === "workspace" ? ["paths in the workspace"] : []),
    ...(args.max === undefined ? [] : [`at most ${args.max} operands`]),
  ];
}

function explainToken(token: ArgvToken): string {
  if (typeof token === "string") return token;
  return "oneof" in token ? token.oneof.join("|") : "WORD";
}

function explainNetwork(profile: Profile): readonly string[] {
  const { network, budgets, secrets = {}, ssh_agent = [], git_credentials = [] } = profile;
  if (network.mode === "none") return ["nothing: it has no network"];
  const hosts = network.allow.map(renderHostRule);
  const inspect = listInspected(profile);
  return [
    network.mode === "open"
      ? `to any public address${hosts.length === 0 ? "" : `, and to ${hosts.join(", ")}`}`
      : `${hosts.length === 0 ? "nothing: no host is allowed" : `to ${hosts.join(", ")} only`}`,
    ...(inspect.length === 0
      ? []
      : [`the gateway opens the TLS to ${inspect.join(", ")}, and so sees what is asked there`]),
    ...Object.entries(secrets).map(
      ([name, { hosts: places }]) =>
        `${name} only to ${places.map(renderHostRule).join(", ")}; the task itself holds a placeholder`,
    ),
    ...ssh_agent.map(
      (rule) => `signatures of your ssh agent for logins at ${renderSshAgent(rule)}; no other`,
    ),
    ...git_credentials.map(
      (rule) => `your git credentials with git's requests to ${renderGitCredentials(rule)} only`,
    ),
    ...(budgets.send === undefined
      ? []
      : [
          `${explainBudget(budgets.send)}${budgets.send.by === undefined ? "" : ", for each host by itself"}`,
        ]),
  ];
}

function explainMeans(profile: Profile): readonly string[] {
  const { limits, env, user, engine, runtime, seccomp, exec, approvals } = profile;
  const { memory, cpus, pids, upper, time } = limits;
  return [
    time === undefined ? "no limit of time" : `${renderDuration(time)} of time`,
    memory === undefined ? "no limit of memory of its own" : `${renderBytes(memory)} of memory`,
    ...(cpus === undefined ? [] : [`${cpus} processors`]),
    ...(pids === undefined ? [] : [`${pids} processes`]),
    ...(upper === undefined ? [] : [`${renderBytes(upper)} for what it writes`]),
    env.pass.length === 0 ? "no variable of yours" : `of your variables ${env.pass.join(" ")}`,
    ...Object.entries(env.set).map(([name, value]) => `${name}=${JSON.stringify(value)}`),
    ...(user.uid === undefined ? [] : [`the user id ${user.uid}`]),
    ...(engine === undefined ? [] : [`the engine ${engine}`]),
    ...(runtime === undefined ? [] : [`the runtime ${runtime}`]),
    `the system calls of seccomp ${seccomp}`,
    ...(exec === "allowed" ? [] : ["no program of its own: what it may write it may not execute"]),
    ...explainBudgets(profile.budgets),
    ...((approvals?.require ?? 1) === 1
      ? []
      : [`${approvals?.require} different reviewers for each question: one at a terminal is one`]),
  ];
}

function explainBudgets(budgets: Budgets): readonly string[] {
  const verbs = { delete: "deletes", overwrite: "overwrites" } as const;
  const lines = (["delete", "overwrite"] as const).flatMap((key) => {
    const budget = budgets[key];
    return budget === undefined ? [] : [`${verbs[key]} ${explainBudget(budget)}`];
  });
  const { retry } = budgets;
  if (retry === undefined) return lines;
  return [...lines, `${retry.same_command_failures} failures of one command, then ${retry.over}`];
}

function explainBudget({ files, bytes, requests, per, over }: EffectBudget): string {
  const amounts = [
    ...(files === undefined ? [] : [`${files} files`]),
    ...(bytes === undefined ? [] : [renderBytes(bytes)]),
    ...(requests === undefined ? [] : [`${requests} requests`]),
  ];
  return `at most ${amounts.join(" and ")} per ${per}, then ${over}`;
}

function explainWidening({ sources, scope, commands, paths }: Profile): readonly string[] {
  const last = sources.at(-1) ?? "";
  return [
    `options on the command line (--dir, --ro, --tool, --env, --allow, --timeout, --memory…)`,
    ...(scope.commit.length === 0 ? [] : ["more globs in scope.commit"]),
    ...(commands.default === "allow" && commands.rules.length === 0
      ? []
      : ["milder rules in commands, or a milder default"]),
    ...(paths.some(({ mode }) => mode !== "overlay") ? ["fewer entries in paths"] : []),
    `written in a file of yours that extends this (it is made of ${sources.join(", ")})`,
    ...(last.endsWith(".sandbox.yaml") ? [`never ${last}: a project's file only tightens`] : []),
    "never by the task itself: what it was given is fixed when it starts",
  ];
}

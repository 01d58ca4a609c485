import type {
  ArgRule,
  Budgets,
  CommandRule,
  EffectBudget,
  OptionRule,
  OverBudget,
  Profile,
  ProfileLimits,
} from "../../core/profile.js";
import { toHomeRule } from "./to-home-rule.js";
import { toNetwork } from "./to-network.js";
import { toSecrets } from "./to-secrets.js";
import { toGitCredentials, toSshAgent } from "./to-credentials.js";
import type { ProfileDocument } from "./document-schema.js";
import { toBytes, toMilliseconds } from "./units.js";

/**
 * `parent` with what `document` says on top: lists of rules grow, a command rule of the same id is replaced, single values
 * (also `scope.commit` and `env.pass`) are replaced. Pure; both are valid.
 */
export function extendProfile(parent: Profile, document: ProfileDocument, source: string): Profile {
  const {
    engine = parent.engine,
    runtime = parent.runtime,
    approvals = parent.approvals,
  } = document;
  return {
    version: 1,
    sources: [...parent.sources, source],
    ...(engine === undefined ? {} : { engine }),
    ...(runtime === undefined ? {} : { runtime }),
    paths: [...parent.paths, ...(document.paths ?? [])],
    scope: toScope(parent.scope, document.scope),
    user: {
      ...parent.user,
      ...(document.user?.uid === undefined ? {} : { uid: document.user.uid }),
      groups: document.user?.groups ?? parent.user.groups,
    },
    seccomp: document.seccomp ?? parent.seccomp,
    limits: { ...parent.limits, ...toLimits(document.limits) },
    env: {
      pass: document.env?.pass ?? parent.env.pass,
      set: { ...parent.env.set, ...document.env?.set },
    },
    network: extendNetwork(parent.network, document.network),
    ...extendSecrets(parent.secrets, document.secrets),
    ...extendCredentials(parent, document),
    ...extendHome(parent.home, document.home),
    ...extendArguments(parent.arguments, document.arguments),
    exec: document.exec ?? parent.exec,
    commands: toCommands(parent.commands, document.commands),
    changes: [...parent.changes, ...(document.changes ?? []).map(withoutAbsent)],
    budgets: { ...parent.budgets, ...toBudgets(document.budgets) },
    ...(approvals === undefined ? {} : { approvals }),
  };
}

/** Hosts grow; under `none` there are none. */
function extendNetwork(
  parent: Profile["network"],
  document: ProfileDocument["network"],
): Profile["network"] {
  if (document === undefined) return parent;
  const { mode, allow, inspect } = toNetwork(document);
  if (mode === "none") return { mode, allow: [] };
  const all = [...(parent.inspect ?? []), ...(inspect ?? [])];
  return {
    mode,
    allow: [...parent.allow, ...allow],
    ...(all.length === 0 ? {} : { inspect: all }),
  };
}

/** One of the same name is replaced. */
function extendSecrets(
  parent: Profile["secrets"],
  document: ProfileDocument["secrets"],
): Pick<Profile, "secrets"> {
  const secrets = { ...parent, ...(document === undefined ? {} : toSecrets(document)) };
  return Object.keys(secrets).length === 0 ? {} : { secrets };
}

/** Those for the same place are replaced together: also by fewer keys, or a question. */
function extendCredentials(
  parent: Pick<Profile, "ssh_agent" | "git_credentials">,
  document: Pick<ProfileDocument, "ssh_agent" | "git_credentials">,
): Pick<Profile, "ssh_agent" | "git_credentials"> {
  const agent = replacePlaces(parent.ssh_agent ?? [], (document.ssh_agent ?? []).map(toSshAgent));
  const git = replacePlaces(
    parent.git_credentials ?? [],
    (document.git_credentials ?? []).map(toGitCredentials),
  );
  return {
    ...(agent.length === 0 ? {} : { ssh_agent: agent }),
    ...(git.length === 0 ? {} : { git_credentials: git }),
  };
}

function replacePlaces<T extends { readonly host: string; readonly port: number }>(
  parent: readonly T[],
  own: readonly T[],
): readonly T[] {
  const isOwn = (one: T): boolean =>
    own.some(({ host, port }) => host === one.host && port === one.port);
  return [...parent.filter((one) => !isOwn(one)), ...own];
}

/** An entry of the same path is replaced. */
function extendHome(
  parent: Profile["home"] = [],
  document: ProfileDocument["home"] = [],
): Pick<Profile, "home"> {
  const replaced = new Set(document.map(({ path }) => path));
  const home = [...parent.filter(({ path }) => !replaced.has(path)), ...document.map(toHomeRule)];
  return home.length === 0 ? {} : { home };
}

/** Those of one program are replaced together: an empty list takes them away. */
function extendArguments(
  parent: Profile["arguments"],
  document: ProfileDocument["arguments"],
): Pick<Profile, "arguments"> {
  const own = Object.entries(document ?? {}).map(
    ([name, { add, unless = [] }]) => [name, { add, unless }] as const,
  );
  const all = { ...parent, ...Object.fromEntries(own) };
  return Object.keys(all).length === 0 ? {} : { arguments: all };
}

function toScope(parent: Profile["scope"], scope: ProfileDocument["scope"]): Profile["scope"] {
  return {
    commit: scope?.commit === undefined ? parent.commit : [scope.commit],
    deny: [...parent.deny, ...(scope?.deny ?? [])],
    outside: scope?.outside ?? parent.outside,
  };
}

/** Sizes in bytes, times in milliseconds. */
export function toLimits(limits: ProfileDocument["limits"]): ProfileLimits {
  const { memory, cpus, pids, upper, time } = limits ?? {};
  return withoutAbsent({
    memory: memory === undefined ? undefined : toBytes(memory),
    cpus,
    pids,
    upper: upper === undefined ? undefined : toBytes(upper),
    time: time === undefined ? undefined : toMilliseconds(time),
  });
}

function toCommands(
  parent: Profile["commands"],
  commands: ProfileDocument["commands"],
): Profile["commands"] {
  const rules = (commands?.rules ?? []).map(toCommandRule);
  const replaced = new Set(rules.map(({ id }) => id));
  return {
    default: commands?.default ?? parent.default,
    rules: [...parent.rules.filter(({ id }) => !replaced.has(id)), ...rules],
  };
}

type RuleDocument = NonNullable<NonNullable<ProfileDocument["commands"]>["rules"]>[number];

/** A rule with what it leaves unsaid: unknown options are denied, abbreviations too. */
export function toCommandRule(rule: RuleDocument): CommandRule {
  const { options, args, examples } = rule;
  return {
    ...withoutAbsent({ id: rule.id, argv: rule.argv, exe: rule.exe, effect: rule.effect }),
    ...(options === undefined ? {} : { options: toOptionRule(options) }),
    ...(args === undefined ? {} : { args: toArgRule(args) }),
    decision: rule.decision,
    examples: { match: examples?.match ?? [], nomatch: examples?.nomatch ?? [] },
  };
}

function toOptionRule(options: NonNullable<RuleDocument["options"]>): OptionRule {
  return {
    allow: [],
    deny: [],
    unknown: "deny",
    abbreviations: "deny",
    require_end_of_options: false,
    ...withoutAbsent(options),
  };
}

function toArgRule(args: NonNullable<RuleDocument["args"]>): ArgRule {
  return { no_symlink_escape: false, ...withoutAbsent(args) };
}

/** Sizes in bytes. */
export function toBudgets(budgets: ProfileDocument["budgets"]): Budgets {
  const { delete: deletes, overwrite, send, retry } = budgets ?? {};
  return withoutAbsent({
    delete: deletes === undefined ? undefined : toEffect(deletes),
    overwrite: overwrite === undefined ? undefined : toEffect(overwrite),
    send:
      send === undefined
        ? undefined
        : { ...toEffect(send), ...(send.by === undefined ? {} : { by: send.by }) },
    retry,
  });
}

interface EffectDocument {
  readonly files?: number | undefined;
  readonly requests?: number | undefined;
  readonly bytes?: string | number | undefined;
  readonly per: EffectBudget["per"];
  readonly over: OverBudget;
}

function toEffect({ bytes, per, over, files, requests }: EffectDocument): EffectBudget {
  const size = bytes === undefined ? undefined : toBytes(bytes);
  return { ...withoutAbsent({ files, requests, bytes: size }), per, over };
}

/** With keys that may be absent instead of undefined. */
type Defined<T> = { [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>;
};

function withoutAbsent<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, part]) => part !== undefined),
  ) as Defined<T>;
}

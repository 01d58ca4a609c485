import type { Digest } from "./ids.js";
import type { RiskId } from "./risk.js";
import type { GitCredentialRule, HostRule, SshAgentRule } from "./send.js";

/** The answers of policy, from mild to strict. */
export type Verdict = "allow" | "ask" | "deny";

/** How a path is mounted. `scratch`: copy-on-write, thrown away. */
export type PathMode = "overlay" | "scratch" | "readonly" | "hidden";

/**
 * A profile after all its layers have been joined: what a task may touch, run and send, and for how long. Plain data;
 * its canonical JSON has a digest. Sizes are bytes, times milliseconds; absent is not limited here.
 */
export interface Profile {
  readonly version: 1;
  /** Where it comes from, lowest layer first: the file, or `built-in:NAME`. */
  readonly sources: readonly string[];
  readonly engine?: "oci" | "docker";
  readonly runtime?: string;
  readonly paths: readonly PathRule[];
  readonly scope: ScopeRule;
  readonly user: { readonly uid?: number; readonly groups: readonly number[] };
  readonly seccomp: string;
  readonly limits: ProfileLimits;
  readonly env: {
    /** Names, or beginnings of names with a `*` behind. */
    readonly pass: readonly string[];
    readonly set: Readonly<Record<string, string>>;
  };
  readonly network: ProfileNetwork;
  /** By the variable that holds a placeholder inside; absent: none. */
  readonly secrets?: Readonly<Record<string, SecretRule>>;
  /** Absent: no ssh agent. */
  readonly ssh_agent?: readonly SshAgentRule[];
  /** Absent: git has no credentials. */
  readonly git_credentials?: readonly GitCredentialRule[];
  /** What of the person's home a task finds in its own; absent: nothing. */
  readonly home?: readonly HomeRule[];
  /** By a program's name: what is added to its command; absent: nothing. */
  readonly arguments?: Readonly<Record<string, AddedArguments>>;
  readonly exec: "allowed" | "workspace-denied";
  readonly commands: { readonly default: Verdict; readonly rules: readonly CommandRule[] };
  readonly changes: readonly ChangeRule[];
  readonly budgets: Budgets;
  /** Absent: one reviewer is enough. */
  readonly approvals?: ProfileApprovals;
}

/** How questions to people are answered. */
interface ProfileApprovals {
  /** How many different reviewers each question needs; 1 to 100. */
  readonly require: number;
}

/** What a task may send. */
export interface ProfileNetwork {
  readonly mode: "none" | "allowlist" | "open";
  readonly allow: readonly HostRule[];
  /** Hosts whose TLS the gateway opens: names or `*.suffix`. */
  readonly inspect?: readonly string[];
}

/** Where in a request a secret's placeholder is replaced. `basic`: inside the credentials of Basic authentication. */
export type SecretPlace = "header" | "basic" | "query" | "body";

/** A secret that the task uses and never holds. */
export interface SecretRule {
  readonly from: SecretSource;
  /** The only places it is sent to. */
  readonly hosts: readonly HostRule[];
  readonly in: readonly SecretPlace[];
  /** Where the source has none the variable is not set, and that is no error. */
  readonly optional?: true;
}

/** Where the value is, on the host: a variable, a file's text, what a program prints, an entry of the desktop's keyring. */
export type SecretSource =
  | { readonly env: string }
  | { readonly file: string }
  | { readonly command: readonly string[] }
  | { readonly keyring: Readonly<Record<string, string>> };

/** Words that come behind the program, unless the command has one of those words, one of `unless`, or one of them with `=` and a value. */
interface AddedArguments {
  readonly add: readonly string[];
  readonly unless: readonly string[];
}

/** A file or directory of the person's home. */
export interface HomeRule {
  /** Below the home, without wildcards. */
  readonly path: string;
  /** `scratch`: a copy, changes of which are thrown away; `readonly`: a copy; `cache`: the directory itself, changes of which are thrown away. */
  readonly mode: "scratch" | "readonly" | "cache";
  /** Of a JSON file only these keys. */
  readonly keys?: readonly string[];
  /** Where what is secret in it may go; none: it is of no use inside. */
  readonly hosts: readonly HostRule[];
  readonly in: readonly SecretPlace[];
}

/** A relative path is a glob below each workspace; an absolute one is the host's. */
interface PathRule {
  readonly path: string;
  readonly mode: PathMode;
}

/** What a commit may write. Globs are anchored at the workspace. */
interface ScopeRule {
  /** A path must match one glob of every list; no list: everything is in scope. */
  readonly commit: readonly (readonly string[])[];
  readonly deny: readonly string[];
  /** What becomes of a change out of scope. */
  readonly outside: "ask" | "deny";
}

/** Bytes, processors, milliseconds. */
export interface ProfileLimits {
  readonly memory?: number;
  readonly cpus?: number;
  readonly pids?: number;
  readonly upper?: number;
  readonly time?: number;
}

/** One token of an argv: this word, one of these, or any word that is no option. */
export type ArgvToken = string | { readonly oneof: readonly string[] } | { readonly any: "word" };

/** Options of a command: `--name`, `-x`; with `=` behind, it takes a value. */
export interface OptionRule {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly unknown: Verdict;
  /** Whether `--verb` may stand for `--verbose`. */
  readonly abbreviations: "allow" | "deny";
  /** Operands must come behind `--`. */
  readonly require_end_of_options: boolean;
}

/** What operands must be; what is not makes the command denied. */
export interface ArgRule {
  readonly kind: "path" | "any" | "none";
  readonly within?: "workspace";
  readonly no_symlink_escape: boolean;
  readonly max?: number;
}

/** A rule on commands. It speaks about every command whose argv begins as `argv` says. */
export interface CommandRule {
  readonly id: string;
  readonly argv: readonly ArgvToken[];
  /** The program must be one of these files. */
  readonly exe?: readonly string[];
  readonly options?: OptionRule;
  readonly args?: ArgRule;
  readonly decision: Verdict;
  /** What it does, for budgets and reports. */
  readonly effect?: "delete" | "overwrite" | "send";
  readonly examples: { readonly match: readonly string[]; readonly nomatch: readonly string[] };
}

/** A rule on what comes back: all that is given must fit. */
export interface ChangeRule {
  readonly match?: string;
  readonly kinds?: readonly ("add" | "modify" | "delete")[];
  readonly risk?: RiskId;
  readonly decision: Verdict;
}

/** What becomes of a task over its budget. */
export type OverBudget = "slow" | "ask" | "hold" | "deny";

/** Limits on effects that destroy or send. */
export interface Budgets {
  readonly delete?: EffectBudget;
  readonly overwrite?: EffectBudget;
  readonly send?: SendBudget;
  readonly retry?: { readonly same_command_failures: number; readonly over: OverBudget };
}

/** A budget of one effect. Bytes are a number of bytes. */
export interface EffectBudget {
  readonly files?: number;
  readonly bytes?: number;
  readonly requests?: number;
  readonly per: "run" | "minute" | "hour" | "day";
  readonly over: OverBudget;
}

/** A budget of what is sent; `by: host` is one for each host. Bytes are those towards the network. */
export interface SendBudget extends EffectBudget {
  readonly by?: "host";
}

/** A profile as a session keeps it. */
export interface FrozenProfile {
  /** As it was asked for. */
  readonly name: string;
  readonly digest: Digest;
  /** The canonical JSON of a `Profile`: the digest is of these bytes. */
  readonly canonical: string;
}

import * as z from "zod";
import { RISK_IDS } from "../../core/risk.js";
import { parseGlob } from "./glob.js";
import {
  gitCredentials,
  home,
  network,
  programArguments,
  secrets,
  sshAgent,
} from "./network-schema.js";
import { list, name, object, oneOf, text, variable, whole, word } from "./schema-parts.js";
import { isDuration, isSize } from "./units.js";

// A profile as a person writes it.

const glob = text.superRefine((value, context) => {
  const parsed = parseGlob(value);
  if ("wrong" in parsed) context.addIssue(`${value} can never match: ${parsed.wrong}`);
});
const SIZE = "give a size like 512MiB or 4GiB";
const size = z
  .union([z.int(SIZE).positive(SIZE), z.string(SIZE).refine(isSize, SIZE)], SIZE)
  .describe("Bytes, or a size like 4GiB");
const duration = text
  .refine(isDuration, "give a time like 90s, 10m or 1h30m")
  .describe("A time like 90s, 10m, 1h30m");
const verdict = oneOf("allow", "ask", "deny");
const pathRule = object({
  path: text
    .superRefine((value, context) => {
      if (value.startsWith("/")) {
        if (!/^\/(?:[^/*?]+(?:\/[^/*?]+)*)?$/.test(value) || /(?:^|\/)\.\.?(?:\/|$)/.test(value))
          context.addIssue(`${value}: a host path is absolute, normal and without * or ?`);
      } else if (value.startsWith("~")) context.addIssue(`${value}: write the whole path`);
      else {
        const parsed = parseGlob(value);
        if ("wrong" in parsed) context.addIssue(`${value} can never match: ${parsed.wrong}`);
      }
    })
    .describe("A glob below the workspace, or an absolute host path"),
  mode: oneOf("overlay", "readonly", "hidden", "scratch"),
});

const TOKEN = "give a word, {oneof: [a, b]} or {any: word}; numbers in quotes";
const token = z.union(
  [
    z.string(TOKEN).regex(/^[^\0\n\r]+$/, TOKEN),
    object({ oneof: list(text).min(1, "name one") }),
    object({ any: oneOf("word") }),
  ],
  TOKEN,
);
const option = word("an option: --name, --name=, -x or -x=", /^--?[A-Za-z0-9@%#?][^\s=]*=?$/);
const commandRule = object({
  id: name,
  argv: list(token).min(1, "name the program").max(32, "at most 32 words"),
  exe: list(word("an absolute path", /^\/[^\0]*$/))
    .min(1, "name one")
    .optional(),
  options: object({
    allow: list(option).optional(),
    deny: list(option).optional(),
    unknown: verdict.optional(),
    abbreviations: oneOf("allow", "deny").optional(),
    require_end_of_options: z.boolean({ error: "give true or false" }).optional(),
  }).optional(),
  args: object({
    kind: oneOf("path", "any", "none"),
    within: oneOf("workspace").optional(),
    no_symlink_escape: z.boolean({ error: "give true or false" }).optional(),
    max: whole(1_000_000).optional(),
  }).optional(),
  decision: verdict,
  effect: oneOf("delete", "overwrite", "send").optional(),
  examples: object({ match: list(text).optional(), nomatch: list(text).optional() }).optional(),
});

const changeRule = object({
  match: glob.optional(),
  kinds: list(oneOf("add", "modify", "delete"))
    .min(1, "name one")
    .optional(),
  risk: oneOf(...RISK_IDS).optional(),
  decision: verdict,
}).refine(
  ({ match, kinds, risk }) => match !== undefined || kinds !== undefined || risk !== undefined,
  'give match, kinds or risk: a rule on everything is match: "**"',
);

const per = oneOf("run", "minute", "hour", "day");
const over = oneOf("slow", "ask", "hold", "deny");
const most = 1_000_000_000;
const budgets = object({
  delete: object({ files: whole(most).optional(), bytes: size.optional(), per, over }).optional(),
  overwrite: object({
    files: whole(most).optional(),
    bytes: size.optional(),
    per,
    over,
  }).optional(),
  send: object({
    requests: whole(most).optional(),
    bytes: size.optional(),
    per,
    by: oneOf("host").optional(),
    over,
  }).optional(),
  retry: object({ same_command_failures: whole(most), over }).optional(),
});

/** `version: 1` and everything a profile may say. */
export const documentSchema = object({
  version: z.literal(1, { error: "give version: 1" }),
  extends: name.optional(),
  engine: oneOf("oci", "docker").optional(),
  runtime: name.optional(),
  paths: list(pathRule).optional(),
  scope: object({
    commit: list(glob).optional(),
    deny: list(glob).optional(),
    outside: oneOf("ask", "deny").optional(),
  }).optional(),
  user: object({
    uid: whole(4_294_967_294).min(1, "never 0: a task has no root").optional(),
    groups: list(whole(4_294_967_294).min(1, "never 0")).optional(),
  }).optional(),
  seccomp: text.optional(),
  limits: object({
    memory: size.optional(),
    cpus: z
      .number({ error: "give a number of processors like 0.5 or 2" })
      .min(0.01, "at least 0.01")
      .max(8192, "at most 8192")
      .optional(),
    pids: whole(4_194_304).min(16, "at least 16").optional(),
    upper: size.optional(),
    time: duration.optional(),
  }).optional(),
  env: object({
    pass: list(
      word("a name, or the beginning of one with *", new RegExp(`^${variable}\\*?$`)),
    ).optional(),
    set: z
      .record(
        z.string().regex(new RegExp(`^${variable}$`), "not the name of a variable"),
        z.string({ error: "give text; a number or true/false in quotes" }).max(65_536, "too long"),
      )
      .optional(),
  }).optional(),
  network: network.optional(),
  secrets: secrets.optional(),
  ssh_agent: sshAgent.optional(),
  git_credentials: gitCredentials.optional(),
  home: home.optional(),
  arguments: programArguments.optional(),
  exec: oneOf("allowed", "workspace-denied").optional(),
  commands: object({ default: verdict.optional(), rules: list(commandRule).optional() }).optional(),
  changes: list(changeRule).optional(),
  budgets: budgets.optional(),
  approvals: object({
    require: whole(100).min(1, "1 or more").describe("Different reviewers for each question"),
  }).optional(),
});

/** A profile's document: valid in itself, not yet joined with what it extends. */
export type ProfileDocument = z.infer<typeof documentSchema>;

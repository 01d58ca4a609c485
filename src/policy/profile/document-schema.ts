import * as z from "zod";
import { RISK_IDS } from "../../core/risk.js";
import { parseHostMapping } from "../network/parse-host-mapping.js";
import { parseRuleHost } from "../network/parse-host-rule.js";
import { parseGlob } from "./glob.js";
import { isDuration, isSize } from "./units.js";

// A profile as a person writes it. Every object is strict and says which keys it knows; every leaf says its right form.

function object<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `unknown key ${issue.keys.join(", ")}; known here: ${Object.keys(shape).join(", ")}`
        : `give a mapping with ${Object.keys(shape).join(", ")}`,
  });
}

function list<Item extends z.ZodType>(item: Item): z.ZodArray<Item> {
  return z.array(item, { error: "give a list: [a, b]" }).max(2000, "at most 2,000 entries");
}

function oneOf<const Values extends readonly [string, ...string[]]>(...values: Values) {
  return z.enum(values, { error: `give one of ${values.join(", ")}` });
}

const text = z
  .string({ error: "give text; a number or true/false in quotes" })
  .min(1, "empty text")
  .max(4096, "too long")
  .refine((value) => !/[\0\n\r]/.test(value), "text of one line");
const word = (what: string, form: RegExp) => text.regex(form, `not ${what}`);
const whole = (most: number) =>
  z.int({ error: "give a whole number" }).min(0, "give 0 or more").max(most, `at most ${most}`);
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
const name = word(
  "a name: letters, digits, dots, underscores and dashes",
  /^[A-Za-z0-9][\w.-]{0,63}$/,
);
const variable = "[A-Za-z_][A-Za-z0-9_]*";

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

const HOST = "give a host like example.com, *.example.com:443 or a mapping with host";
const hostRule = z
  .union(
    [
      text,
      object({
        host: text,
        ports: list(whole(65_535)).optional(),
        methods: list(text).optional(),
        paths: list(text).optional(),
        private: z.boolean({ error: "give true or false" }).optional(),
      }),
    ],
    HOST,
  )
  .superRefine((value, context) => {
    const parsed = parseHostMapping(value);
    if ("problem" in parsed) context.addIssue(parsed.problem);
  })
  .describe("HOST[:PORT], or a mapping with ports, methods and paths");
const inspectedHost = text.superRefine((value, context) => {
  const parsed = parseRuleHost(value);
  if ("problem" in parsed) context.addIssue(parsed.problem);
});

const secretSource = z
  .union(
    [
      object({ env: word("the name of a variable", new RegExp(`^${variable}$`)) }),
      object({ file: word("an absolute path", /^\/[^\0]*$/) }),
      object({ command: list(text).min(1, "name the program") }),
      object({ keyring: z.record(name, text) }),
    ],
    "give {env: NAME}, {file: /PATH}, {command: [PROGRAM, ARG]} or {keyring: {service: NAME}}",
  )
  .describe("Where the value is, on the host");
const secrets = z.record(
  z.string().regex(new RegExp(`^${variable}$`), "not the name of a variable"),
  object({
    from: secretSource,
    hosts: list(hostRule).min(1, "name the hosts it may go to"),
    in: list(oneOf("header", "basic", "query", "body"))
      .min(1, "name one")
      .optional(),
    optional: z.literal(true, { error: "give true, or leave it out" }).optional(),
  }),
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
  network: object({
    mode: oneOf("none", "allowlist", "open"),
    allow: list(hostRule).optional(),
    inspect: list(inspectedHost).optional(),
  }).optional(),
  secrets: secrets.optional(),
  exec: oneOf("allowed", "workspace-denied").optional(),
  commands: object({ default: verdict.optional(), rules: list(commandRule).optional() }).optional(),
  changes: list(changeRule).optional(),
  budgets: budgets.optional(),
});

/** A profile's document: valid in itself, not yet joined with what it extends. */
export type ProfileDocument = z.infer<typeof documentSchema>;

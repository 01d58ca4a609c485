import * as z from "zod";
import { parseHostMapping } from "../network/parse-host-mapping.js";
import { parseRuleHost } from "../network/parse-host-rule.js";
import { list, name, object, oneOf, text, variable, whole, word } from "./schema-parts.js";

// What a profile says of hosts, of secrets that go to them, and of files that hold such secrets.

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

/** `network`. */
export const network = object({
  mode: oneOf("none", "allowlist", "open"),
  allow: list(hostRule).optional(),
  inspect: list(inspectedHost).optional(),
});

const places = list(oneOf("header", "basic", "query", "body")).min(1, "name one");
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
/** `secrets`: by the variable inside. */
export const secrets = z.record(
  z.string().regex(new RegExp(`^${variable}$`), "not the name of a variable"),
  object({
    from: secretSource,
    hosts: list(hostRule).min(1, "name the hosts it may go to"),
    in: places.optional(),
    optional: z.literal(true, { error: "give true, or leave it out" }).optional(),
  }),
);

/** `home`. */
export const home = list(
  object({
    path: text
      .refine(
        (value) => !/^[/~]|[*?]|(?:^|\/)(?:\.{0,2})(?:\/|$)/.test(value),
        "give a path below your home, as in .gitconfig or .config/git: no * or ?, no dots to resolve",
      )
      .describe("A file or directory of your home"),
    mode: oneOf("scratch", "readonly", "cache"),
    keys: list(text).min(1, "name one").optional(),
    hosts: list(hostRule).min(1, "name the hosts what is secret in it may go to").optional(),
    in: places.optional(),
  }),
);
/** `arguments`: by the program's name. */
export const programArguments = z.record(
  word("the name of a program, without its directory", /^[^/\0\s]{1,255}$/),
  object({ add: list(text), unless: list(text).optional() }),
);

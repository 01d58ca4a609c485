import * as z from "zod";
import { parseGitCredentials } from "../network/parse-git-credentials.js";
import { parseHostMapping } from "../network/parse-host-mapping.js";
import { parseRuleHost } from "../network/parse-host-rule.js";
import { parseSshAgent } from "../network/parse-ssh-agent.js";
import { list, name, object, oneOf, text, variable, whole, word } from "./schema-parts.js";

// What a profile says of hosts, of secrets that go to them, and of files that hold such secrets.

/** What the parser of an entry says of it. */
function parsedBy<Written>(parse: (written: Written) => object | { readonly problem: string }) {
  return (written: Written, context: z.RefinementCtx<Written>): void => {
    const parsed = parse(written);
    if ("problem" in parsed) context.addIssue(parsed.problem);
  };
}

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
  .superRefine(parsedBy(parseHostMapping))
  .describe("HOST[:PORT], or a mapping with ports, methods and paths");
const inspectedHost = text.superRefine(parsedBy(parseRuleHost));

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

const port = whole(65_535).min(1, "1 or more");
/** `ssh_agent`. */
export const sshAgent = list(
  z
    .union(
      [
        text,
        object({
          host: text,
          port: port.optional(),
          users: list(word("the name of a user", /^[^\s\p{C}]{1,255}$/u))
            .min(1, "name one")
            .optional(),
          keys: list(word("a fingerprint as ssh-add -l prints it", /^SHA256:[A-Za-z0-9+/]{43}$/))
            .min(1, "name one")
            .optional(),
          host_keys: list(
            word("a key as in known_hosts, TYPE BASE64", /^[a-z0-9@.-]+ [A-Za-z0-9+/]{40,}=*$/),
          )
            .min(1, "name one")
            .optional(),
          decision: oneOf("allow", "ask").optional(),
        }),
      ],
      "give a host like git.example.com, git.example.com:2222 or a mapping with host",
    )
    .superRefine(parsedBy(parseSshAgent))
    .describe("HOST[:PORT], or a mapping with users, keys, host_keys and decision"),
);
/** `git_credentials`. */
export const gitCredentials = list(
  z
    .union(
      [
        text,
        object({
          host: text,
          paths: list(text).min(1, "name one").optional(),
          access: oneOf("read", "write").optional(),
        }),
      ],
      "give a host like git.example.com, http://git.example.com:8080 or a mapping with host",
    )
    .superRefine(parsedBy(parseGitCredentials))
    .describe("[SCHEME://]HOST[:PORT], or a mapping with paths and access"),
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

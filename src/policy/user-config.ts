import * as z from "zod";
import { toProfileError } from "./profile/parse-document.js";
import { parseYaml } from "./profile/parse-yaml.js";
import { SandboxError } from "../core/error.js";

/** What a person set for all their sessions: `$XDG_CONFIG_HOME/sandbox/config.yaml`. Never a workspace's. */
export interface UserConfig {
  readonly approvals: ApprovalHooks & {
    /** How many different reviewers each question needs; at least 1. */
    readonly require: number;
  };
}

/** Where questions are told besides `sandbox approvals`. */
export interface ApprovalHooks {
  /** Each new question is sent here by POST, as JSON. */
  readonly webhook?: string;
  /** A file whose content signs what is sent, absolute. */
  readonly webhookSecretFile?: string;
  /** A program and its arguments: gets the question as JSON on its standard input. */
  readonly command?: readonly string[];
}

/** What holds where there is no such file. */
export const DEFAULT_USER_CONFIG: UserConfig = { approvals: { require: 1 } };

const schema = z.strictObject({
  version: z.literal(1, "must be 1"),
  approvals: z
    .strictObject({
      webhook: z
        .string()
        .refine(isWebUrl, "must be an http or https URL without a password")
        .optional(),
      webhook_secret_file: z.string().startsWith("/", "must be an absolute path").optional(),
      command: z
        .array(z.string())
        .min(1, "must name a program")
        .refine((argv) => argv[0] !== "", "must name a program")
        .optional(),
      require: z
        .int("must be a whole number")
        .min(1, "must be 1 or more")
        .max(100, "must be 100 or less")
        .optional(),
    })
    .optional(),
});

/** The configuration `text` spells. Throws `usage` naming file, line and key. */
export function parseUserConfig(text: string, file: string): UserConfig {
  const located = parseYaml(text, file);
  const parsed = schema.safeParse(located.value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    if (issue === undefined) throw new SandboxError("usage", `${file}: not a configuration`);
    const keys = "keys" in issue ? [String(issue.keys[0])] : [];
    const path = [...issue.path.map(String), ...keys];
    throw toProfileError(located, { path, message: issue.message });
  }
  const {
    webhook,
    webhook_secret_file: secret,
    command,
    require = 1,
  } = parsed.data.approvals ?? {};
  return {
    approvals: {
      require,
      ...(webhook === undefined ? {} : { webhook }),
      ...(secret === undefined ? {} : { webhookSecretFile: secret }),
      ...(command === undefined ? {} : { command }),
    },
  };
}

function isWebUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

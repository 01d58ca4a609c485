import type { GitCredentialRule, SshAgentRule } from "../../core/send.js";
import {
  parseGitCredentials,
  type WrittenGitCredentials,
} from "../network/parse-git-credentials.js";
import { parseSshAgent, type WrittenSshAgent } from "../network/parse-ssh-agent.js";

/** An entry of `ssh_agent` that has been checked. */
export function toSshAgent(written: WrittenSshAgent): SshAgentRule {
  return checked(parseSshAgent(written));
}

/** An entry of `git_credentials` that has been checked. */
export function toGitCredentials(written: WrittenGitCredentials): GitCredentialRule {
  return checked(parseGitCredentials(written));
}

function checked<Rule>(parsed: { readonly rule: Rule } | { readonly problem: string }): Rule {
  if ("problem" in parsed) throw new Error(`an entry was not checked: ${parsed.problem}`);
  return parsed.rule;
}

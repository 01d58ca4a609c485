import { isPath } from "../../core/path-prefix.js";
import { renderPlace } from "../../core/render-place.js";
import type { GitCredentialRule } from "../../core/send.js";
import { parseHostRule } from "./parse-host-rule.js";

/** An entry of `git_credentials`, as written: text as `--git-credentials` takes it, or a mapping. */
export type WrittenGitCredentials =
  | string
  | {
      readonly host: string;
      readonly paths?: readonly string[] | undefined;
      readonly access?: "read" | "write" | undefined;
    };

const PORTS = { https: 443, http: 80 } as const;

/** Parses an entry whose types are right already: `[SCHEME://]HOST[:PORT]`, by https and for reading where it says nothing else. */
export function parseGitCredentials(
  written: WrittenGitCredentials,
): { readonly rule: GitCredentialRule } | { readonly problem: string } {
  if (typeof written === "string") return parsePlace(written);
  const { paths, access = "read" } = written;
  const parsed = parsePlace(written.host);
  if ("problem" in parsed) return { problem: `host: ${parsed.problem}` };
  if (paths !== undefined && !paths.every(isPath))
    return { problem: "paths: give beginnings of paths like /team/project.git" };
  return { rule: { ...parsed.rule, ...(paths === undefined ? {} : { paths }), access } };
}

function parsePlace(
  text: string,
): { readonly rule: GitCredentialRule } | { readonly problem: string } {
  const [, written = "https", place = text] = /^(https?):\/\/(.*)$/.exec(text) ?? [];
  const scheme = written === "http" ? "http" : "https";
  const parsed = parseHostRule(place);
  if ("problem" in parsed) return parsed;
  const { host, ports: [port = PORTS[scheme]] = [] } = parsed.rule;
  if (host.includes("*")) return { problem: "name one host: each has credentials of its own" };
  return { rule: { scheme, host, port, access: "read" } };
}

/** As in a URL; the usual port is left out, as git leaves it out. */
export function toGitPlace({ scheme, host, port }: GitCredentialRule): string {
  return renderPlace(host, PORTS[scheme] === port ? undefined : port);
}

/** An entry in one line, for people. */
export function renderGitCredentials(rule: GitCredentialRule): string {
  const paths = rule.paths === undefined ? "" : ` ${rule.paths.join(",")}`;
  return `${rule.scheme}://${toGitPlace(rule)}${paths} (${rule.access})`;
}

import { findKnownSecrets, type TextSpan } from "../../core/mask-secrets.js";
import { isHolderName, isSecretValue, isTokenLike } from "./secret-value.js";

/** Gives the text that stands in the place of a secret; `name` is what it is called. */
export type Replace = (value: string, name: string) => string;

/** A part of a text that is secret. */
interface Found extends TextSpan {
  readonly name: string;
}

const URL_PASSWORD = /\b[a-z][a-z0-9+.-]{0,15}:\/\/[^\s/?#:@]*:([^\s/?#@]+)@/dgi;
const HEADER =
  /\b((?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{0,30}(?:token|key|secret|auth)[\w-]{0,30})["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token)\s+)?([^\s'",;]+)/dgi;
const BEARER = /\b(?:Bearer|Basic)\s+([\w.~+/=-]{8,})/dg;
const ASSIGNED =
  /(?<![\w./:@-])["']?([\w./:@-]+)["']?\s*[=:]\s*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"',;{}[\]#]+)/dg;
const NETRC = /\b(password|account)\s+(\S+)/dg;

/** Text of no form that is known: what is secret by its own form is replaced, and what follows a name, where it looks like a token. */
export function maskProse(text: string, replace: Replace): string {
  return replaceFound(text, findInProse(text), replace);
}

/**
 * A file of lines: TOML, INI, `.env`, npmrc, gitconfig, netrc. A line `NAME = VALUE` (or `:`) whose name is a secret's is replaced to its end; undefined where
 * such a value goes on over more lines.
 */
export function maskLines(text: string, replace: Replace): string | undefined {
  const state = { inHolder: false };
  const lines = text.split("\n").map((line) => maskLine(line, state, replace));
  return lines.includes(undefined) ? undefined : lines.join("\n");
}

const SECTION = /^\s*\[{1,2}\s*([^\]\s"]+)/;
const LINE = /^(\s*(?:export\s+)?["']?([\w./@:-]+?)["']?\s*(?:=|:(?=\s|$))\s*)(.*?)(\s*)$/;

function maskLine(
  line: string,
  state: { inHolder: boolean },
  replace: Replace,
): string | undefined {
  const assigned = LINE.exec(line);
  if (assigned === null) {
    const section = SECTION.exec(line)?.[1];
    if (section !== undefined) state.inHolder = isHolderName(section.split(".").at(-1) ?? "");
    return maskProse(line, replace);
  }
  const [, before = "", name = "", written = "", after = ""] = assigned;
  const isHeld = (value: string): boolean => state.inHolder && isTokenLike(value);
  if (OPENING.test(written)) {
    if (!isSecretValue(name, "some value") && !state.inHolder) return maskProse(line, replace);
    return CLOSED.test(written) ? before + maskQuoted(written, name, replace) + after : undefined;
  }
  const { quote, value } = unquote(written);
  if (!isSecretValue(name, value) && !isHeld(value)) return maskProse(line, replace);
  return `${before}${quote}${replace(value, name)}${quote}${after}`;
}

/** A list, an inline table, a text of more lines. */
const OPENING = /^(?:"""|'''|[[{|>])/;
const CLOSED = /^[[{].*[\]}]$/;

/** Every text of a list or an inline table. */
function maskQuoted(written: string, name: string, replace: Replace): string {
  return written.replace(
    /(["'])((?:[^\\]|\\.)*?)\1/g,
    (_, quote: string, value: string) => `${quote}${replace(value, name)}${quote}`,
  );
}

/** In quotes with something behind them (a comment) the quotes end the value. */
function unquote(written: string): { readonly quote: string; readonly value: string } {
  const [, quote = "", value = ""] = /^(["'])((?:[^\\]|\\.)*?)\1/.exec(written) ?? [];
  return quote === "" ? { quote, value: written } : { quote, value };
}

function findInProse(text: string): readonly Found[] {
  return [
    ...findKnownSecrets(text).map((span) => ({ ...span, name: "text" })),
    ...findGroups(text, URL_PASSWORD, () => "password"),
    ...findGroups(text, HEADER, ([, name = ""]) => name),
    ...findGroups(text, BEARER, () => "authorization"),
    ...findGroups(text, ASSIGNED, ([, name = "", value = ""]) => {
      const bare = unquote(value).value;
      return isSecretValue(name, bare) && isTokenLike(bare) ? name : undefined;
    }),
    ...findGroups(text, NETRC, ([, name = "", value = ""]) =>
      isTokenLike(value) ? name : undefined,
    ),
  ];
}

/** The last group of each match that gets a name, without quotes around it. */
function findGroups(
  text: string,
  pattern: RegExp,
  toName: (match: RegExpExecArray) => string | undefined,
): readonly Found[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const name = toName(match);
    const [start = 0, end = 0] = match.indices?.at(-1) ?? [];
    if (name === undefined || start === end) return [];
    const isQuoted = /["']/.test(text[start] ?? "") && end - start > 1;
    return [isQuoted ? { name, start: start + 1, end: end - 1 } : { name, start, end }];
  });
}

/** Of what overlaps the one that begins first counts, the longest of those. */
function replaceFound(text: string, found: readonly Found[], replace: Replace): string {
  let result = "";
  let done = 0;
  for (const { start, end, name } of found.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    if (start < done) continue;
    result += text.slice(done, start) + replace(text.slice(start, end), name);
    done = end;
  }
  return result + text.slice(done);
}

import { isPath } from "../../core/path-prefix.js";
import { type ParsedRule, parseHostRule, parseRuleHost } from "./parse-host-rule.js";

/** A rule of a profile, as written: text as `--allow` takes it, or a mapping. */
export type WrittenRule =
  | string
  | {
      readonly host: string;
      readonly ports?: readonly number[] | undefined;
      readonly methods?: readonly string[] | undefined;
      readonly paths?: readonly string[] | undefined;
      readonly private?: boolean | undefined;
    };

/** RFC 9110, `token`. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Parses a rule whose types are right already. An empty list would be a rule that never counts: it is refused. */
export function parseHostMapping(written: WrittenRule): ParsedRule {
  if (typeof written === "string") return parseHostRule(written);
  const { ports, methods, paths } = written;
  const host = parseRuleHost(written.host);
  if ("problem" in host) return { problem: `host: ${host.problem}` };
  const problem =
    checkList("ports", ports, (port) => Number.isInteger(port) && port >= 1 && port <= 65_535) ??
    checkList("methods", methods, (method) => TOKEN.test(method)) ??
    checkList("paths", paths, isPath);
  if (problem !== undefined) return { problem };
  return {
    rule: {
      host: host.host,
      ...(ports === undefined ? {} : { ports }),
      ...(methods === undefined ? {} : { methods: methods.map((method) => method.toUpperCase()) }),
      ...(paths === undefined ? {} : { paths }),
      ...(written.private === true ? { private: true } : {}),
    },
  };
}

const FORMS = {
  ports: "give whole numbers from 1 to 65535",
  methods: "give methods like GET or POST",
  paths: "give beginnings of paths like /v1, without a query, dots (/../) or escapes of them",
} as const;

function checkList<T>(
  key: keyof typeof FORMS,
  items: readonly T[] | undefined,
  isGood: (item: T) => boolean,
): string | undefined {
  if (items === undefined) return undefined;
  if (items.length === 0) return `${key}: the list is empty: leave it out, or ${FORMS[key]}`;
  const wrong = items.find((item) => !isGood(item));
  return wrong === undefined ? undefined : `${key}: ${JSON.stringify(wrong)}: ${FORMS[key]}`;
}

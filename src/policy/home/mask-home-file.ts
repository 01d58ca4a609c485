import { maskJson } from "./mask-json.js";
import { maskLines, maskProse, type Replace } from "./mask-text.js";
import { maskYaml } from "./mask-yaml.js";
import { isCredentialFile } from "./secret-value.js";

const LINE_FILES =
  /\.(?:toml|ini|conf|cfg|properties|env)$|^\.?(?:env(?:\..*)?|npmrc|gitconfig|netrc|pypirc|yarnrc|curlrc|wgetrc|config|credentials)$/i;

/**
 * The text of a configuration file with what is secret in it replaced, by the form its name tells. It replaces too much rather than too little. Undefined
 * where its form cannot be made out: then nobody knows what is secret in it.
 */
export function maskHomeFile(name: string, text: string, replace: Replace): string | undefined {
  const options = { isCredentials: isCredentialFile(name) };
  if (/\.(?:json[5cl]?|ndjson)$/i.test(name) || /^\s*\{/.test(text))
    return maskJson(text, replace, options);
  if (/\.ya?ml$/i.test(name)) return maskYaml(text, replace, options);
  if (LINE_FILES.test(name)) return maskLines(text, replace);
  return maskProse(text, replace);
}

/** Of a JSON file only these of its topmost keys; undefined where it is no mapping. */
export function pickKeys(text: string, keys: readonly string[]): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
  const kept = Object.entries(parsed).filter(([key]) => keys.includes(key));
  return `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`;
}

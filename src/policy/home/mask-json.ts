import { isSecretName } from "../../core/mask-secrets.js";
import { maskProse, type Replace } from "./mask-text.js";
import { isHolderName, isSecretValue, isTokenLike } from "./secret-value.js";

/** A mapping or list that is open. */
interface Frame {
  readonly kind: "{" | "[";
  readonly isHolder: boolean;
  readonly name: string;
  key?: string;
  /** The last text of a list: an option, whose value may come next. */
  before?: string;
}

const TOKEN = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|[{}[\]:,]|[-+.\w]+/y;

/**
 * JSON with what is secret replaced: the texts of names and of holders that say so, and what is secret by its own form anywhere. Comments (JSONC) go, several
 * values behind one another (JSON lines) stay; all else stays as it is written. Undefined where it is not JSON.
 */
export function maskJson(
  text: string,
  replace: Replace,
  options: { readonly isCredentials: boolean },
): string | undefined {
  const json = new OpenJson(replace, options.isCredentials);
  let result = "";
  for (let at = 0; at < text.length; ) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    const written = token === undefined ? undefined : json.take(token);
    if (token === undefined || written === undefined) return undefined;
    at += token.length;
    result += written;
  }
  return json.isWhole ? result : undefined;
}

/** What is open at one place of a text. */
class OpenJson {
  readonly #frames: Frame[] = [];
  readonly #replace: Replace;
  readonly #isCredentials: boolean;

  constructor(replace: Replace, isCredentials: boolean) {
    this.#replace = replace;
    this.#isCredentials = isCredentials;
  }

  get isWhole(): boolean {
    return this.#frames.length === 0;
  }

  /** What is written in the place of the next token; undefined where it cannot come next. */
  take(token: string): string | undefined {
    const frame = this.#frames.at(-1);
    switch (token[0]) {
      case "/":
        return "";
      case "{":
      case "[":
        this.#frames.push(toFrame(token === "{" ? token : "[", frame, this.#isCredentials));
        return token;
      case "}":
      case "]":
        return this.#frames.pop()?.kind === (token === "}" ? "{" : "[") ? token : undefined;
      case ",":
        if (frame !== undefined) delete frame.key;
        return token;
      case '"':
        return this.#takeText(token, frame);
      default:
        return token;
    }
  }

  #takeText(token: string, frame: Frame | undefined): string | undefined {
    const value = parseText(token);
    if (value === undefined) return undefined;
    const masked = placeText(value, frame, this.#replace);
    return masked === value ? token : JSON.stringify(masked);
  }
}

function toFrame(kind: "{" | "[", above: Frame | undefined, isCredentials: boolean): Frame {
  const name = above?.key ?? above?.name ?? "";
  const isHolder = isCredentials || above?.isHolder === true || isHolderName(name);
  return { kind, isHolder, name };
}

function parseText(token: string): string | undefined {
  try {
    return String(JSON.parse(token));
  } catch {
    return undefined;
  }
}

/** A key stays; it names the value that comes next. */
function placeText(value: string, frame: Frame | undefined, replace: Replace): string {
  if (frame?.kind === "{" && frame.key === undefined) {
    frame.key = value;
    return value;
  }
  const name = frame?.key ?? frame?.name ?? "";
  const isHeld = frame?.isHolder === true && isTokenLike(value);
  const isSecret = isSecretValue(name, value) || isHeld || isOption(frame?.before);
  if (frame?.kind === "[") frame.before = value;
  return isSecret ? replace(value, name) : maskProse(value, replace);
}

/** `--api-key`, behind which the key stands. */
function isOption(word: string | undefined): boolean {
  return word !== undefined && /^--?[\w-]+$/.test(word) && isSecretName(word.replace(/^-+/, ""));
}

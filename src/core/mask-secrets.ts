/** What is written in the place of a secret. */
const MASKED = "[masked]";

/** Longer texts are cut: what is kept of a command tells what it was. */
const MOST_CHARACTERS = 4096;
/** Words of a command that are kept. */
const MOST_WORDS = 256;

/** Names of variables, options and headers whose value nobody should read in a log. */
const SECRET_NAME =
  /token|secret|passw|passphrase|[_-]pwd$|credential|authorization|cookie|private.?key|access.?key|api.?key|(?:^|[_.-])key$|(?:^|[_.-])auth$/i;
const CAMEL_KEY = /[a-z]Key$/;

/** Formats of secrets that are known, each found wherever it stands. */
const FORMATS: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g,
  /\bgh[pousr]_[A-Za-z0-9]{16,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{16,}/g,
  /\bglpat-[\w-]{16,}/g,
  /\b(?:sk|rk|pk)[-_][\w-]{16,}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\bnpm_[A-Za-z0-9]{30,}/g,
  /\bhf_[A-Za-z0-9]{20,}/g,
  /\bAIza[\w-]{30,}/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g,
];
/** What names itself: the name stays, the value goes. */
const BASIC_AUTH = /\b([a-z][a-z0-9+.-]{0,15}:\/\/[^\s/?#:@]*:)[^\s/?#]*@/gi;
const HEADER =
  /\b((?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{0,30}(?:token|key|secret|auth)[\w-]{0,30})(\s*:\s*)[^\r\n'"]+/gi;
const BEARER = /\b(Bearer|Basic)(\s+)[\w.~+/=-]{8,}/g;
const ASSIGNED = /(?<![\w.-])([\w.-]+)(["']?\s?[=:]\s?)("[^"]*"|'[^']*'|[^\s"';&|,]+)/g;
const AFTER_EQUALS = /=(["']?)([\w+/-]{24,}={0,2})/g;

/**
 * `text` with what looks like a secret replaced: by the name before it, by known formats, and long random texts after an equals
 * sign. It masks too much rather than too little, and cannot know a secret that looks like a word. Longer texts are cut.
 */
export function maskSecrets(text: string): string {
  // Twice the length that is kept: what begins within it is still known for what it is.
  const masked = maskText(text.slice(0, MOST_CHARACTERS * 2));
  if (masked.length <= MOST_CHARACTERS && text.length <= MOST_CHARACTERS * 2) return masked;
  const kept = masked.slice(0, MOST_CHARACTERS);
  return `${kept}… (${text.length} characters)`;
}

/** As `maskSecrets`, for a text of many lines that is not cut. */
export function maskText(text: string): string {
  let masked = text;
  for (const format of FORMATS) masked = masked.replace(format, MASKED);
  return masked
    .replace(BASIC_AUTH, `$1${MASKED}@`)
    .replace(HEADER, `$1$2${MASKED}`)
    .replace(BEARER, `$1$2${MASKED}`)
    .replace(ASSIGNED, (whole, name: string, sign: string) =>
      isSecretName(name) ? `${name}${sign}${MASKED}` : whole,
    )
    .replace(AFTER_EQUALS, (whole, quote: string, value: string) =>
      isRandom(value) ? `=${quote}${MASKED}` : whole,
    );
}

/** As `maskSecrets`, for the words of a command: also the word after an option whose name is a secret's. */
export function maskArgv(argv: readonly string[]): readonly string[] {
  const program = (argv[0] ?? "").split("/").at(-1) ?? "";
  const words = argv.slice(0, MOST_WORDS).map((word, at) => {
    const before = argv[at - 1];
    if (before !== undefined && takesSecret(program, before)) return maskValue(before, word);
    return PASSWORD_GLUED.test(word) && PASSWORD_PROGRAMS.test(program)
      ? `-p${MASKED}`
      : maskSecrets(word);
  });
  const more = argv.length - MOST_WORDS;
  return more > 0 ? [...words, `… (${more} more words)`] : words;
}

/** A part of a text: from `start` to before `end`. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** Where secrets of known formats stand in `text`. */
export function findKnownSecrets(text: string): readonly TextSpan[] {
  return FORMATS.flatMap((format) =>
    [...text.matchAll(format)].map(({ 0: found, index }) => ({
      start: index,
      end: index + found.length,
    })),
  );
}

/** True for a name whose value is a secret: `GITHUB_TOKEN`, `--api-key`, `Authorization`. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) || CAMEL_KEY.test(name);
}

const PASSWORD_PROGRAMS = /^(?:mysql\w*|mariadb\w*|sshpass)$/;
const PASSWORD_GLUED = /^-p./;
const USER_PROGRAMS = /^(?:curl|wget|http|https)$/;
const USER_OPTIONS: ReadonlySet<string> = new Set(["-u", "--user", "-U", "--proxy-user"]);

function takesSecret(program: string, option: string): boolean {
  if (!option.startsWith("-") || option.includes("=")) return false;
  if (USER_OPTIONS.has(option) && USER_PROGRAMS.test(program)) return true;
  return isSecretName(option.replace(/^-+/, "")) || (option === "-p" && program === "sshpass");
}

/** Of `user:password` the user stays. */
function maskValue(option: string, value: string): string {
  if (!USER_OPTIONS.has(option)) return MASKED;
  const colon = value.indexOf(":");
  return colon < 0 ? maskSecrets(value) : `${value.slice(0, colon + 1)}${MASKED}`;
}

const HEX = /^[0-9a-f]{24,}$/i;
/** Bits a character; English words and paths have fewer, or are not of mixed letters and digits. */
const LEAST_ENTROPY = 3.8;

function isRandom(value: string): boolean {
  if (HEX.test(value)) return /\d/.test(value) && /[a-f]/i.test(value);
  if (value.split("/").length > 3 && !value.endsWith("=")) return false;
  const isMixed = /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value);
  return isMixed && entropyOf(value) >= LEAST_ENTROPY;
}

/** Shannon's, in bits a character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values())
    bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

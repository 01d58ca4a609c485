import { findKnownSecrets, isSecretName } from "../../core/mask-secrets.js";

/** Names that speak of a secret and hold none: where it is kept, how it is got, how long it lasts. */
const ABOUT_SECRETS =
  /(?:store|method|type|source|helper|file|path|command|limit|count|env|mode|url|uri|ttl|expir\w*|provider|manager|budget|name)$/i;
/** Mappings and sections all of whose texts are secrets. */
const HOLDERS = /(?:tokens?|secrets?|passwords?|api.?keys?)$/i;
/** What a program reads from elsewhere: the name of a variable, `${NAME}`, `{env:NAME}`, `{file:PATH}`. */
const REFERENCE = /^(?:[A-Z]+(?:_[A-Z0-9]+)+|\$\w+|\$\{[^}]*\}|\{(?:env|file):[^}]*\})$/;
const PLAIN_WORD = /^(?:true|false|null|none|yes|no|\d{1,5})$/i;
const DATE = /^\d{4}-\d\d-\d\d(?:[T ][\d:.+Z-]*)?$/;
const URL_FORM = /^[a-z][a-z0-9+.-]*:\/\//i;

/** True where the value named `name` is to be replaced as a whole. */
export function isSecretValue(name: string, value: string): boolean {
  if (value === "" || REFERENCE.test(value) || PLAIN_WORD.test(value)) return false;
  return isSecretName(name) && !ABOUT_SECRETS.test(name);
}

/** True for the name of a mapping that holds nothing but secrets, by other names. */
export function isHolderName(name: string): boolean {
  return HOLDERS.test(name) && !ABOUT_SECRETS.test(name);
}

/**
 * True for a value that could be a key or token by its form: long, without blanks, of letters and digits. What stands in a holder, or in a file
 * of credentials, counts as secret by this alone.
 */
export function isTokenLike(value: string): boolean {
  if (value.length < 8 || /\s/.test(value) || REFERENCE.test(value)) return false;
  if (DATE.test(value) || URL_FORM.test(value)) return false;
  return (/\d/.test(value) && /[A-Za-z]/.test(value)) || findKnownSecrets(value).length > 0;
}

/** Files that hold credentials and little else: there a token is known by its form. */
export function isCredentialFile(name: string): boolean {
  return /^\.?(?:auth|(?:oauth.?)?cred(?:ential)?s|secrets?|tokens?|oauth.*)(?:\.\w+)?$/i.test(
    name,
  );
}

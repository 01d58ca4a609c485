/**
 * Characters that move the cursor, reorder text or cannot be seen: controls, formats (bidi, zero
 * width, tags), line and paragraph separators, lone surrogates, default ignorables (Unicode
 * DerivedCoreProperties), the blank braille cell.
 */
const HIDDEN = String.raw`\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800`;
const HIDDEN_IN_LINE = new RegExp(`[${HIDDEN}]`, "gu");
/** Tabs and newlines stay, and the variation selectors that text and emoji are written with. */
const HIDDEN_IN_CONTENT = new RegExp(`(?![\\n\\t\\ufe00-\\ufe0f])[${HIDDEN}]`, "gu");
/** In a name also every space that is not the plain one. */
const HIDDEN_IN_NAME = new RegExp(`[${HIDDEN}]|(?! )\\p{Zs}`, "gu");
const QUOTED_IN_NAME = /["\\]|^ | $|^$/;
const PLAIN_LINE = /^[ -~]*$/;
const PLAIN_CONTENT = /^[\t\n -~]*$/;

/** One line of text made harmless for a terminal: whatever is hidden becomes visible (`\x1b`, `\u202e`). */
export function neutralise(text: string): string {
  return PLAIN_LINE.test(text) ? text : text.replace(HIDDEN_IN_LINE, toVisible);
}

/** As `neutralise`, for file content: newlines and tabs stay. */
export function neutraliseContent(text: string): string {
  return PLAIN_CONTENT.test(text) ? text : text.replace(HIDDEN_IN_CONTENT, toVisible);
}

/**
 * A name or path made harmless, one spelling for each name: in double quotes, with `\` and `"`
 * escaped, where anything in it is hidden or a space stands at an end.
 */
export function neutraliseName(name: string): string {
  const visible = name.replace(HIDDEN_IN_NAME, toVisible);
  if (visible === name && !QUOTED_IN_NAME.test(name)) return name;
  return `"${name.replace(/["\\]/g, "\\$&").replace(HIDDEN_IN_NAME, toVisible)}"`;
}

/** True when `neutraliseName` had to make something visible: the name shows as what it is not. */
export function hasHiddenCharacter(name: string): boolean {
  return !PLAIN_LINE.test(name) && name.search(HIDDEN_IN_NAME) >= 0;
}

/** `\xNN` is a control character or a raw byte, `\uNNNN` a character beyond ASCII. */
function toVisible(char: string): string {
  if (char === "\n") return "\\n";
  if (char === "\r") return "\\r";
  if (char === "\t") return "\\t";
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${toHex(code, 2)}`;
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${toHex(code - 0xdc00, 2)}`;
  return code > 0xffff ? `\\u{${toHex(code, 5)}}` : `\\u${toHex(code, 4)}`;
}

function toHex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

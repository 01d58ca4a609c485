/**
 * The argv that an example spells: words apart by spaces, single and double quotes and backslashes as in a shell, nothing
 * else. Undefined for what only a shell could read (`$`, `;`, `|`, globs without quotes…) or a quote that is not closed.
 */
export function splitExample(text: string): readonly string[] | undefined {
  const words: string[] = [];
  const form =
    /\s+|((?:[^\s'"\\$`;|&<>()*?[\]{}~#!]|\\[^\n]|'[^']*'|"(?:[^"\\$`]|\\[\\"$`])*"|(?<=[^\s])[~#!])+)/gy;
  while (form.lastIndex < text.length) {
    const at = form.lastIndex;
    const match = form.exec(text);
    if (match === null || form.lastIndex === at) return undefined;
    if (match[1] !== undefined) words.push(unquote(match[1]));
  }
  return words.length === 0 ? undefined : words;
}

function unquote(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\([\\"$`])/g, "$1") ?? escaped ?? "",
  );
}

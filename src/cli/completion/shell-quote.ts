/** A word for sh, bash and zsh: in single quotes where it holds anything but plain characters. */
export function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A word for fish, which knows `\'` and `\\` within single quotes. */
export function quoteForFish(word: string): string {
  return `'${word.replace(/['\\]/g, "\\$&")}'`;
}

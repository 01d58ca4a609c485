import { randomBytes } from "node:crypto";

/** Letters and digits, so many or a few more, that nobody can guess: for placeholders. */
export function randomText(length: number): string {
  let text = "";
  while (text.length < length)
    text += randomBytes(length)
      .toString("base64")
      .replace(/[^A-Za-z0-9]/g, "");
  return text;
}

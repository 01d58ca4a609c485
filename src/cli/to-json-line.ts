/**
 * One JSON value as a line. In a log of GitHub's `##[name]` is a command wherever it stands in a line, so it is written otherwise: in JSON it can
 * only be within a string.
 */
export function toJsonLine(value: object): string {
  return `${JSON.stringify(value).replaceAll("##[", "#\\u0023[")}\n`;
}

import { readFileSync } from "node:fs";

/** The name passwd(5) has for `uid`, else the number: for people to read, never to decide by. */
export function nameOfUser(uid: number): string {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.split(":")[2] === String(uid));
  return line?.split(":")[0] ?? String(uid);
}

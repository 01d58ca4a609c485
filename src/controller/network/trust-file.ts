import { writeFileSync } from "node:fs";
import path from "node:path";
import { readRoots } from "../../network/read-roots.js";

/** The certificates that a session's task believes; `dir` is the session's. */
export function toTrustFile(dir: string): string {
  return path.join(dir, "ca-certificates.pem");
}

/** Writes them: this host's, and the session's own authority. Readable for the task. */
export function writeTrustFile(
  dir: string,
  {
    caPem,
    env,
  }: { readonly caPem: string; readonly env: Readonly<Record<string, string | undefined>> },
): void {
  const bundle = `${readRoots(env).trimEnd()}\n${caPem.trimEnd()}\n`;
  writeFileSync(toTrustFile(dir), bundle, { mode: 0o644 });
}

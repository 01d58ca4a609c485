import { writeFileSync } from "node:fs";
import path from "node:path";
import { toJavaTrustStore } from "../../network/java-trust-store.js";
import { readRoots } from "../../network/read-roots.js";

/** The certificates that a session's task believes; `dir` is the session's. */
export function toTrustFile(dir: string): string {
  return path.join(dir, "ca-certificates.pem");
}

/** The same ones, as Java reads them. */
export function toJavaTrustFile(dir: string): string {
  return path.join(dir, "ca-certificates.jks");
}

/** Writes both: this host's, and the session's own authority. Readable for the task. */
export function writeTrustFiles(
  dir: string,
  {
    caPem,
    env,
  }: { readonly caPem: string; readonly env: Readonly<Record<string, string | undefined>> },
): void {
  const bundle = `${readRoots(env).trimEnd()}\n${caPem.trimEnd()}\n`;
  writeFileSync(toTrustFile(dir), bundle, { mode: 0o644 });
  writeFileSync(toJavaTrustFile(dir), toJavaTrustStore(bundle), { mode: 0o644 });
}

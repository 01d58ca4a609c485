import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { openTempDir } from "../support/temp-tree.js";

/** A key and its certificate, as PEM. */
export interface TlsFiles {
  readonly key: string;
  readonly cert: string;
}

/** Makes a certificate that names `hosts` and is its own authority. */
export function makeCertificate(hosts: readonly string[]): TlsFiles {
  using dir = openTempDir();
  const [key, cert] = [path.join(dir.path, "key.pem"), path.join(dir.path, "cert.pem")];
  const names = hosts
    .map((host) => (/^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`))
    .join(",");
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-subj", "/CN=test", "-addext", `subjectAltName=${names}`, "-days", "2"],
    ...["-keyout", key, "-out", cert],
  ]);
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}

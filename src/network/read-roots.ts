import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { hasErrno } from "../core/error.js";

/** Where distributions keep the certificates that this machine trusts: Debian, Fedora, SUSE, Alpine and others. */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * The certificates that this machine trusts, as PEM: the first bundle that is there, else Node's own, and the file of
 * `NODE_EXTRA_CA_CERTS`. A file that is named there and cannot be read is left out, as Node does.
 */
export function readRoots(env: Readonly<Record<string, string | undefined>>): string {
  const extra = env["NODE_EXTRA_CA_CERTS"];
  let roots: string | undefined;
  for (const bundle of BUNDLES) roots ??= tryRead(bundle);
  const more = extra === undefined || extra === "" ? undefined : tryRead(extra);
  return [roots ?? rootCertificates.join("\n"), more ?? ""].join("\n");
}

function tryRead(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasErrno(error, "ENOENT", "EACCES", "ENOTDIR", "EISDIR")) return undefined;
    throw error;
  }
}

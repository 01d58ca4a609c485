import { readdirSync } from "node:fs";
import { hasErrno } from "../core/error.js";

/** Directories in which programs keep credentials, by name. */
const STORES: ReadonlySet<string> = new Set([
  ".aws",
  ".azure",
  ".config",
  ".docker",
  ".gcloud",
  ".gnupg",
  ".kube",
  ".mozilla",
  ".password-store",
  ".pki",
  ".ssh",
  ".thunderbird",
  "keyrings",
]);

/** Files in which programs keep credentials, by name. */
const FILES: ReadonlySet<string> = new Set([
  ".credentials.json",
  ".env",
  ".git-credentials",
  ".my.cnf",
  ".netrc",
  ".npmrc",
  ".pgpass",
  ".pypirc",
  ".vault-token",
  "auth.json",
  "credentials",
  "credentials.json",
  "credentials.toml",
  "id_dsa",
  "id_ecdsa",
  "id_ed25519",
  "id_rsa",
]);

/** True where `path` is a credential store or file, or lies in one. */
export function isCredentialPath(path: string): boolean {
  const parts = path.split("/");
  return parts.some((part) => STORES.has(part)) || FILES.has(parts.at(-1) ?? "");
}

/** True where the directory itself has an entry that programs keep credentials in; also where it cannot be read. */
export function holdsCredentials(directory: string): boolean {
  try {
    return readdirSync(directory).some((name) => STORES.has(name) || FILES.has(name));
  } catch (error) {
    if (hasErrno(error, "EACCES", "ENOENT", "ENOTDIR")) return true;
    throw error;
  }
}

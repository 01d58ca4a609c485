import type { NetworkPolicy } from "../../core/send.js";
import type { Env } from "../parse-env.js";
import { PROXY_ENV } from "./proxy-env.js";

/** Where the certificates are that a task believes, inside: the usual ones and the session's own. */
export const TRUST_FILE = "/etc/sandbox/ca-certificates.pem";

/**
 * What the usual programs read of certificates: OpenSSL, Python and Go; curl; git; Python's requests and pip; Node; Cargo; the AWS tools; Deno. Java has a
 * store of its own form.
 */
const TRUST_VARIABLES = [
  "SSL_CERT_FILE",
  "CURL_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "REQUESTS_CA_BUNDLE",
  "PIP_CERT",
  "NODE_EXTRA_CA_CERTS",
  "CARGO_HTTP_CAINFO",
  "AWS_CA_BUNDLE",
  "DENO_CERT",
] as const;

/** The variables of a task behind a gateway. */
export function toInsideEnv({ inspect }: NetworkPolicy): Env {
  if (inspect.length === 0) return PROXY_ENV;
  return { ...PROXY_ENV, ...Object.fromEntries(TRUST_VARIABLES.map((name) => [name, TRUST_FILE])) };
}

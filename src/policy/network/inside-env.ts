import type { NetworkPolicy } from "../../core/send.js";
import type { Env } from "../parse-env.js";
import { PROXY_ENV } from "./proxy-env.js";

/** Where the certificates are that a task believes, inside: the usual ones and the session's own. */
export const TRUST_FILE = "/etc/sandbox/ca-certificates.pem";

/** The same ones, in the form that Java reads. */
export const JAVA_TRUST_FILE = "/etc/sandbox/ca-certificates.jks";

/** What the usual programs read of certificates: OpenSSL, Python and Go; curl; git; Python's requests and pip; Node; Cargo; the AWS tools; Deno. */
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

/** Every virtual machine of Java takes its options from there, whoever starts it, and says so on stderr. It needs no proxy: names lead it to the gateway. */
const JAVA_OPTIONS = "JAVA_TOOL_OPTIONS";
const JAVA_TRUST = `-Djavax.net.ssl.trustStore=${JAVA_TRUST_FILE} -Djavax.net.ssl.trustStoreType=JKS`;

/** The variables of a task behind a gateway. */
export function toInsideEnv({ inspect }: NetworkPolicy): Env {
  if (inspect.length === 0) return PROXY_ENV;
  return {
    ...PROXY_ENV,
    ...Object.fromEntries(TRUST_VARIABLES.map((name) => [name, TRUST_FILE])),
    [JAVA_OPTIONS]: JAVA_TRUST,
  };
}

/** Puts Java's options of `inside` before those that a task has of its own, which so win; none where `inside` has none. Pure. */
export function joinJavaOptions(inside: Env | undefined, own: Env): Env {
  const ours = inside?.[JAVA_OPTIONS];
  if (ours === undefined) return {};
  const theirs = own[JAVA_OPTIONS] ?? ours;
  return { [JAVA_OPTIONS]: theirs.startsWith(ours) ? theirs : `${ours} ${theirs}` };
}

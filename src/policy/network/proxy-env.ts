import { GATEWAY_PORTS } from "../../core/gateway-listener.js";
import type { Env } from "../parse-env.js";

const HTTP_PROXY = `http://127.0.0.1:${GATEWAY_PORTS.http}`;
/** `h`: names are the gateway's to look up. */
const SOCKS_PROXY = `socks5h://127.0.0.1:${GATEWAY_PORTS.socks}`;
const DIRECT = "localhost,127.0.0.1,::1";

/**
 * What the usual programs read of a proxy, in the spellings they read (curl reads `http_proxy` in small letters only). It is a help, not the fence: whoever
 * ignores it finds the gateway behind the names it looks up, or nothing.
 */
export const PROXY_ENV: Env = {
  HTTP_PROXY,
  http_proxy: HTTP_PROXY,
  HTTPS_PROXY: HTTP_PROXY,
  https_proxy: HTTP_PROXY,
  ALL_PROXY: SOCKS_PROXY,
  all_proxy: SOCKS_PROXY,
  NO_PROXY: DIRECT,
  no_proxy: DIRECT,
  // Node 22.21 and 24: its own fetch reads the variables above only if told so.
  NODE_USE_ENV_PROXY: "1",
};

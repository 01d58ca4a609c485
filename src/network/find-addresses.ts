import { lookup as systemLookup } from "node:dns/promises";
import { parseIp } from "../core/ip-address.js";
import type { Lookup } from "./gateway.js";

/** Questions to the system at once: each takes one of the few threads that files need too. */
const MOST_LOOKUPS = 2;
/** A burst of requests to one name is one question; longer would keep what the name's owner has changed. */
const KEEP_MS = 5000;
const MOST_KEPT = 512;

/** All addresses of a host as this machine knows it (hosts file and resolver), in its order of preference. */
export function openAddressFinder(lookup: Lookup = lookUp): Lookup {
  const kept = new Map<string, Promise<readonly string[]>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  async function ask(name: string): Promise<readonly string[]> {
    if (running >= MOST_LOOKUPS) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    try {
      return await lookup(name);
    } finally {
      running--;
      waiting.shift()?.();
    }
  }

  return (host) => {
    if (host === "localhost") return Promise.resolve(["127.0.0.1", "::1"]);
    if (parseIp(host) !== undefined) return Promise.resolve([host]);
    const known = kept.get(host);
    if (known !== undefined) return known;
    if (kept.size >= MOST_KEPT) kept.clear();
    const asked = ask(host);
    kept.set(host, asked);
    const forget = (): void => {
      if (kept.get(host) === asked) kept.delete(host);
    };
    asked.then(() => setTimeout(forget, KEEP_MS).unref(), forget);
    return asked;
  };
}

async function lookUp(name: string): Promise<readonly string[]> {
  const found = await systemLookup(name, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}

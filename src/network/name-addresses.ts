/** Names by the addresses that the resolver gave them: how a connection that knows only an address tells which name was meant. */
export interface NameAddresses {
  /** The address of a name, the same as before where it had one. */
  addressOf(name: string): string;
  /** The name of an address that was given out and not taken back since. */
  nameOf(address: string): string | undefined;
}

/** 127.64.0.0 and up: nobody's habit, and still the loopback, which needs no route. */
const FIRST = 64;
const COUNT = 60 * 254 * 256;
const MOST_NAMES = 4096;

/** An empty map. It holds so many names at most: those that were asked for longest ago lose theirs, and their addresses come last in turn. */
export function openNameAddresses(mostNames: number = MOST_NAMES): NameAddresses {
  const byName = new Map<string, string>();
  const byAddress = new Map<string, string>();
  let next = 0;
  return {
    addressOf: (name) => {
      if (name === "localhost") return "127.0.0.1";
      const known = byName.get(name);
      const address = known ?? toAddress(next++ % COUNT);
      byName.delete(name);
      byName.set(name, address);
      byAddress.set(address, name);
      if (byName.size > mostNames) dropOldest(byName, byAddress);
      return address;
    },
    nameOf: (address) => (address === "127.0.0.1" ? "localhost" : byAddress.get(address)),
  };
}

/** Neither the first nor the last address of 256: some programs take them for a network's own. */
function toAddress(index: number): string {
  return `127.${FIRST + Math.floor(index / (254 * 256))}.${Math.floor(index / 254) % 256}.${(index % 254) + 1}`;
}

function dropOldest(byName: Map<string, string>, byAddress: Map<string, string>): void {
  const [oldest] = byName;
  if (oldest === undefined) return;
  byName.delete(oldest[0]);
  byAddress.delete(oldest[1]);
}

import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { hasErrno } from "../../core/error.js";
import type { Controller } from "../controller.js";
import { tcpAddressFile } from "../service/tcp-address-file.js";

/** A place of TCP: an address and a port. */
interface Place {
  readonly host: string;
  readonly port: number;
}

/**
 * Where the service of this state directory listens by TCP: no task may reach it, whatever it is allowed. One that was killed leaves its place behind;
 * that is one port too many, not one too few.
 */
export function findOwnPlaces({ stateHome }: Pick<Controller, "stateHome">): readonly Place[] {
  const address = readAddress(tcpAddressFile(stateHome));
  if (address === undefined) return [];
  const { host, port } = address;
  const isAny = host === "0.0.0.0" || host === "::";
  return (isAny || host === "localhost" ? listAddresses() : [host]).map((one) => ({
    host: one,
    port,
  }));
}

function readAddress(file: string): Place | undefined {
  try {
    const [, host, port] = /^(\S+) (\d+)\n$/.exec(readFileSync(file, "utf8")) ?? [];
    return host === undefined ? undefined : { host, port: Number(port) };
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** All of this machine. */
function listAddresses(): readonly string[] {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return [...new Set(["127.0.0.1", "::1", ...own.map(({ address }) => address)])];
}

import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { serviceDir } from "./prepare-socket.js";

/** Says where the service of a state directory listens by TCP, so that no task is let there: `HOST PORT` and a line feed. */
export function tcpAddressFile(stateHome: string): string {
  return path.join(serviceDir(stateHome), "tcp");
}

/** Disposing of it says that nobody listens any more. */
export function writeTcpAddress(
  stateHome: string,
  { host, port }: { readonly host: string; readonly port: number },
): Disposable {
  const file = tcpAddressFile(stateHome);
  writeFileSync(file, `${host} ${port}\n`, { mode: 0o600 });
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

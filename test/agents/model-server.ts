import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { TlsFiles } from "../network/tls-files.js";

/** What the model wants done next: a file written, a command run, or nothing more. */
export type ModelTurn =
  | { readonly write: string; readonly text: string }
  | { readonly run: string }
  | { readonly say: string };

/** One request of an agent. */
interface AskedModel {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A model in a process of its own: tests that wait for a command answer nobody. */
export interface ModelServer extends Disposable {
  /** Where it is: scheme, host and port. */
  readonly url: string;
  /** Host and port, as a profile names them. */
  readonly place: string;
  readonly port: number;
  asked(): readonly AskedModel[];
}

/** By HTTP on localhost, to which clients go past the proxy; or by TLS on another address of the loopback, to which they go through it. */
export type ModelAddress = "http" | { readonly tls: TlsFiles };

/** The address of one with TLS: its certificate must name it. */
export const TLS_ADDRESS = "127.0.0.2";

/** Starts one on the host's loopback that says `turns`. */
export async function openModel(
  turns: readonly ModelTurn[],
  address: ModelAddress = "http",
): Promise<ModelServer> {
  const dir = mkdtempSync(path.join(tmpdir(), "sbx-model-"));
  const file = path.join(dir, "asked");
  const fd = openSync(file, "w");
  const script = fileURLToPath(new URL("./model-child.js", import.meta.url));
  const tls = address === "http" ? [] : [JSON.stringify(address.tls), TLS_ADDRESS];
  const argv = [script, JSON.stringify(turns), ...tls];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", fd, "inherit"] });
  closeSync(fd);
  const lines = (): readonly string[] => readFileSync(file, "utf8").split("\n").slice(0, -1);
  while (lines().length === 0 && child.exitCode === null) await delay(10);
  const port = Number(lines()[0]);
  const place = `${address === "http" ? "localhost" : TLS_ADDRESS}:${port}`;
  return {
    url: `${address === "http" ? "http" : "https"}://${place}`,
    place,
    port,
    asked: () =>
      lines()
        .slice(1)
        .map((line) => JSON.parse(line) as AskedModel),
    [Symbol.dispose]: () => {
      child.kill("SIGKILL");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

import { spawn } from "node:child_process";
import { openSync, closeSync, readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** What one request was. */
interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of its body. */
  readonly size: number;
}

/** A server in a process of its own: tests that wait for a command answer nobody. */
export interface HttpServer extends Disposable {
  readonly port: number;
  /** What has been asked so far. */
  seen(): readonly SeenRequest[];
}

/** Starts one on the host's loopback. */
export async function openHttpServer(host = "127.0.0.1"): Promise<HttpServer> {
  const dir = mkdtempSync(path.join(tmpdir(), "sbx-http-"));
  const file = path.join(dir, "seen");
  const fd = openSync(file, "w");
  const script = fileURLToPath(new URL("./http-child.js", import.meta.url));
  const child = spawn(process.execPath, [script, host], { stdio: ["ignore", fd, "inherit"] });
  closeSync(fd);
  const lines = (): readonly string[] => readFileSync(file, "utf8").split("\n").slice(0, -1);
  while (lines().length === 0 && child.exitCode === null) await delay(10);
  return {
    port: Number(lines()[0]),
    seen: () =>
      lines()
        .slice(1)
        .map((line) => JSON.parse(line) as SeenRequest),
    [Symbol.dispose]: () => {
      child.kill("SIGKILL");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

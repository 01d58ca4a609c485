import path from "node:path";
import type { Command } from "commander";
import { openService } from "../../controller/service/open-service.js";
import { openServiceLog } from "../../controller/service/open-service-log.js";
import { writeTcpAddress } from "../../controller/service/tcp-address-file.js";
import {
  defaultSocket,
  lockService,
  prepareSocket,
  serviceDir,
} from "../../controller/service/prepare-socket.js";
import { readTokens, type Token } from "../../controller/service/read-tokens.js";
import { parseGrace } from "../../controller/service/parse-grace.js";
import { SandboxError } from "../../core/error.js";
import type { CliCommand } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";

interface ServeOptions {
  readonly socket?: string;
  readonly listen?: string;
  readonly tokenFile?: string;
  readonly grace: string;
}

/** `sandbox serve`. */
export const serveCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .option("--socket <path>", "the unix socket (default: in the state directory)")
    .option("--listen <host:port>", "TCP too, for holders of a token")
    .option("--token-file <file>", "of --listen: a line each, NAME submit|review|all TOKEN")
    .option("--grace <time>", "how long tasks may go on after SIGTERM", "10s")
    .addHelpText(
      "after",
      "\nExample:\n  sandbox serve &\n  sandbox submit -- make test\n  sandbox queue\n",
    );
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<ServeOptions>();
  const controller = await context.openController();
  const { uid } = controller.self;
  const tcp = toTcp(options, uid);
  const grace = parseGrace(options.grace);
  using _lock = await lockService(controller);
  const { socket: wanted } = options;
  const socket = wanted === undefined ? defaultSocket(controller.stateHome) : path.resolve(wanted);
  await prepareSocket(socket, uid);
  const log = openServiceLog(path.join(serviceDir(controller.stateHome), "service.log"), {
    terminal: context.isTerminal(2),
  });
  const service = await openService(controller, log);
  const web = await context.openWeb({ service, socket, ...(tcp === undefined ? {} : { tcp }) });
  const { address } = web;
  using _place = address === undefined ? undefined : writeTcpAddress(controller.stateHome, address);
  const also = address === undefined ? "" : ` and http://${address.host}:${address.port}`;
  log.info("begun", { pid: process.pid, socket, ...(address === undefined ? {} : { address }) });
  context.stdout.write(`listening at ${socket}${also}\n`);
  const signal = await nextSignal();
  log.info(`ends: ${signal}`, {});
  // A second one ends it as it always does: what runs is found interrupted.
  await service.close(grace);
  await web.close();
  log.info("ended", {});
  await log.close();
  return 0;
}

function toTcp(
  { listen, tokenFile }: ServeOptions,
  uid: number,
): { readonly host: string; readonly port: number; readonly tokens: readonly Token[] } | undefined {
  if (listen === undefined && tokenFile === undefined) return undefined;
  if (listen === undefined || tokenFile === undefined)
    throw new SandboxError("usage", "--listen and --token-file go together");
  const [, name = "", port = ""] = /^(\[[\da-f:.]+\]|[\w.-]+):(\d{1,5})$/i.exec(listen) ?? [];
  if (name === "" || Number(port) > 65_535)
    throw new SandboxError("usage", `--listen: HOST:PORT, not ${listen}`);
  return {
    host: name.replace(/^\[|\]$/g, ""),
    port: Number(port),
    tokens: readTokens(path.resolve(tokenFile), uid),
  };
}

async function nextSignal(): Promise<string> {
  return await new Promise((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const)
      process.once(name, () => {
        for (const other of ["SIGTERM", "SIGINT"]) process.removeAllListeners(other);
        resolve(name);
      });
  });
}

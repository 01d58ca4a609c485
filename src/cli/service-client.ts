import { type ClientRequestArgs, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import path from "node:path";
import { text as readText } from "node:stream/consumers";
import type { Command } from "commander";
import { checkSocket, defaultSocket } from "../controller/service/prepare-socket.js";
import { readTokenFile } from "../controller/service/read-tokens.js";
import { hasErrno, SandboxError } from "../core/error.js";
import { EXIT_CODES, type ErrorCode } from "../core/exit-code.js";
import type { CliContext } from "./cli-context.js";

/** Which service a command talks to. */
export interface ServiceOptions {
  readonly socket?: string;
  readonly connect?: string;
  readonly tokenFile?: string;
}

/** A request to the service; the answer is JSON, not believed yet. Throws the error that the service answers. */
export type CallService = (asked: {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: object;
}) => Promise<unknown>;

/** Adds the options that say which service is meant. */
export function addServiceOptions(command: Command): Command {
  return command
    .option("--socket <path>", "the service's unix socket (default: in the state directory)")
    .option("--connect <url>", "a service elsewhere, http://HOST:PORT, with --token-file")
    .option("--token-file <file>", "holds the token for --connect");
}

/** Whether a service was named. */
export function namesService({ socket, connect }: ServiceOptions): boolean {
  return socket !== undefined || connect !== undefined;
}

/** Finds the service. Throws `usage`, and `not-found` where there is none. */
export async function openService(
  context: CliContext,
  options: ServiceOptions,
): Promise<CallService> {
  const { self, stateHome } = await context.openController();
  const { socket, connect, tokenFile } = options;
  if (connect === undefined) {
    if (tokenFile !== undefined)
      throw new SandboxError("usage", "--token-file goes with --connect");
    const file = socket === undefined ? defaultSocket(stateHome) : path.resolve(socket);
    checkSocket(file, self.uid);
    return (asked) => call({ socketPath: file, host: "localhost" }, asked, file);
  }
  if (socket !== undefined)
    throw new SandboxError("usage", "--socket and --connect exclude each other");
  if (tokenFile === undefined) throw new SandboxError("usage", "--connect needs --token-file");
  if (!URL.canParse(connect) || !/^https?:$/.test(new URL(connect).protocol))
    throw new SandboxError("usage", `--connect: http://HOST:PORT, not ${connect}`);
  const { protocol, hostname, port } = new URL(connect);
  const authorization = `Bearer ${readTokenFile(path.resolve(tokenFile), self.uid)}`;
  const to = { protocol, host: hostname.replace(/^\[|\]$/g, ""), port, headers: { authorization } };
  return (asked) => call(to, asked, connect);
}

async function call(
  to: ClientRequestArgs & { readonly headers?: { readonly authorization: string } },
  asked: Parameters<CallService>[0],
  where: string,
): Promise<unknown> {
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  const response = await send(to, { ...asked, text: body }).catch((error: unknown) => {
    throw toUnreachable(error, where);
  });
  const text = await readText(response);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SandboxError("unexpected", `${where} answers something else than JSON`, {
      cause: error,
    });
  }
  const { statusCode = 0 } = response;
  if (statusCode >= 200 && statusCode < 300) return value;
  throw toServiceError(value, statusCode);
}

async function send(
  to: ClientRequestArgs & { readonly headers?: { readonly authorization: string } },
  {
    method,
    path: target,
    text,
  }: { readonly method: string; readonly path: string; readonly text: string | undefined },
): Promise<IncomingMessage> {
  const request = to.protocol === "https:" ? requestHttps : requestHttp;
  const headers = {
    ...to.headers,
    ...(text === undefined ? {} : { "content-type": "application/json" }),
  };
  return await new Promise((resolve, reject) => {
    const sent = request({ ...to, method, path: target, headers, agent: false }, resolve);
    sent.once("error", reject);
    sent.end(text);
  });
}

function toUnreachable(error: unknown, where: string): unknown {
  if (!hasErrno(error, "ECONNREFUSED", "ENOENT", "EACCES", "ECONNRESET", "ENOTFOUND", "EPIPE"))
    return error;
  return new SandboxError("not-found", `no service answers at ${where}`, {
    hint: "start one: sandbox serve",
    cause: error,
  });
}

/** As the service said it, as if it had happened here. */
function toServiceError(value: unknown, status: number): SandboxError {
  const error =
    typeof value === "object" && value !== null ? Reflect.get(value, "error") : undefined;
  const field = (name: string): string | undefined => {
    const found =
      typeof error === "object" && error !== null ? Reflect.get(error, name) : undefined;
    return typeof found === "string" ? found : undefined;
  };
  const hint = field("hint");
  const message = field("message") ?? `the service answered ${status}`;
  return new SandboxError(toCode(field("code")), message, {
    list: toLines(error),
    ...(hint === undefined ? {} : { hint }),
  });
}

function toLines(error: unknown): readonly string[] {
  const list: unknown =
    typeof error === "object" && error !== null ? Reflect.get(error, "list") : undefined;
  return Array.isArray(list) ? list.filter((line) => typeof line === "string") : [];
}

function toCode(text: string | undefined): ErrorCode {
  const known = Object.keys(EXIT_CODES).find((code) => code === text);
  return known === undefined ? "unexpected" : (known as ErrorCode);
}

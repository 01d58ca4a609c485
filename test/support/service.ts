import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { Person } from "./person.js";

/** `sandbox serve` of a person. */
export interface RunningService extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly socket: string;
  /** What it said of TCP: `http://…`, else "". */
  readonly url: string;
  call(method: string, path: string, body?: object): Promise<ServiceAnswer>;
  /** Ends it by `signal`; the exit code. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** What it answered. */
interface ServiceAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into what the service answered
  readonly body: any;
}

/** Starts it and waits until it listens. */
export async function startService(
  person: Person,
  args: readonly string[] = [],
): Promise<RunningService> {
  const { argv, env } = person.command(["serve", ...args]);
  const [file, ...rest] = argv;
  const child = spawn(file, rest, { cwd: person.project, env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const errors = text(child.stderr);
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (said.includes("\n")) break;
  }
  const [, socket, url = ""] = /^listening at (\S+)(?: and (http\S+))?/.exec(said) ?? [];
  if (socket === undefined) throw new Error(`it does not listen: ${said}${await errors}`);
  child.stdout.resume();
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, "exit");
    child.kill(signal);
    const [code] = await exited;
    return code;
  };
  return {
    ...{ child, socket, url, stop },
    call: (method, target, body) => callSocket(socket, { method, target, body }),
    [Symbol.asyncDispose]: async () => void (await stop("SIGKILL")),
  };
}

async function callSocket(
  socketPath: string,
  o: { readonly method: string; readonly target: string; readonly body: object | undefined },
): Promise<ServiceAnswer> {
  return await new Promise((resolve, reject) => {
    const headers = { host: "localhost", "content-type": "application/json" };
    // A connection of its own: while commands are waited for, nobody here hears that the service has closed one that was kept.
    const how = { socketPath, method: o.method, path: o.target, headers, agent: false };
    const sent = request(how, (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, body: parse(body) }),
        reject,
      );
    });
    sent.once("error", reject);
    sent.end(o.body === undefined ? undefined : JSON.stringify(o.body));
  });
}

function parse(body: string): unknown {
  return body.startsWith("{") ? JSON.parse(body) : body;
}

/** A run as the API takes it, in the person's project. */
export function toRunRequest(
  person: Person,
  script: string,
  more: Readonly<Record<string, unknown>> = {},
): object {
  const lists = { dirs: [], env: [], readOnly: [], hide: [], tools: [] };
  const command = ["sh", "-c", script];
  const request = { kind: "run", cwd: person.project, path: "/usr/bin:/bin", command, ...lists };
  return { request: { ...request, commit: "never", ...more } };
}

/** The output that a session has kept so far. */
export function outputOf(person: Person, session: string): string {
  return path.join(person.stateHome, "sessions", session, "output.log");
}

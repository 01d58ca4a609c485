import type { IncomingMessage } from "node:http";
import { SandboxError } from "../core/error.js";

const MOST_BYTES = 1 << 20;

/** The JSON in a request's body. Throws `usage` where it is none, or more than a MiB. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/json(?:\s*;\s*charset=utf-8)?$/i.test(type))
    throw new SandboxError("usage", "a body is application/json");
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request) {
    if (!(piece instanceof Buffer)) throw new Error("a request gives bytes");
    size += piece.length;
    if (size > MOST_BYTES) throw new SandboxError("usage", "the body is too long");
    pieces.push(piece);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString("utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SandboxError("usage", "the body is not JSON", { cause: error });
  }
}

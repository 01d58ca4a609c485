import { Transform } from "node:stream";
import type { ByteGate } from "../core/send.js";

/** Passes on what the gate lets go; what it does not is told to `cut`, and nothing goes any more. Destroying it ends the wait. */
export function openByteGate(gate: ByteGate, cut: (reason: string) => void): Transform {
  const leaving = new AbortController();
  const stream = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const waiting = gate(chunk.length, leaving.signal);
      if (waiting === undefined) return done(null, chunk);
      void waiting
        .catch(() => "it could not be decided")
        .then((reason) => (reason === undefined ? done(null, chunk) : cut(reason)));
      return undefined;
    },
  });
  stream.once("close", () => leaving.abort());
  return stream;
}

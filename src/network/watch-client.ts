import type { Duplex } from "node:stream";

/** A signal that says that whoever is at the other end has gone. */
export interface ClientWatch extends Disposable {
  readonly gone: AbortSignal;
}

/** Watches a stream that nobody reads from: without this its end would not be noticed. What comes stays in it. */
export function watchClient(stream: Duplex): ClientWatch {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  const look = (): void => {
    // Only a read of nothing makes a stream tell that it has ended.
    if (stream.readableLength === 0) stream.read();
  };
  stream.on("readable", look).once("end", leave).once("close", leave);
  if (stream.destroyed || stream.readableEnded) leave();
  return {
    gone: leaving.signal,
    [Symbol.dispose]: () => void stream.off("readable", look).off("end", leave).off("close", leave),
  };
}

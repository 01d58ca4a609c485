import { Transform } from "node:stream";
import type { Placement } from "./place-secrets.js";

/** Longer ones are sent in chunks where their length changes. */
const MOST_GATHERED = 1 << 20;

/** How a body is sent on. */
export type BodyPlan =
  /** As it comes; its length stays. */
  | "stream"
  /** All of it is read first, and its length told anew. */
  | "gather"
  /** In chunks, because its length is not known before its end. */
  | "chunk";

/** Chooses by what is to be put in, and what the request says of its body's length (absent: unknown). */
export function planBody(placement: Placement | undefined, length: number | undefined): BodyPlan {
  const isSameLength = (placement?.inBody ?? []).every(
    ({ placeholder, value }) => Buffer.byteLength(placeholder) === Buffer.byteLength(value),
  );
  if (isSameLength || length === undefined) return "stream";
  return length <= MOST_GATHERED ? "gather" : "chunk";
}

/**
 * Passes a body on with its placeholders replaced, however its pieces are cut: so much is held back as could be the beginning of one.
 */
export function openBodyFilter(placement: Placement): Transform {
  let held: Buffer = Buffer.alloc(0);
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      if (placement.inBody.length === 0) {
        // Nothing is changed: it need not wait to be looked at.
        const seen = Buffer.concat([held, chunk]);
        placement.body(seen);
        held = Buffer.from(seen.subarray(Math.max(0, seen.length - placement.longest + 1)));
        return done(null, chunk);
      }
      const bytes = placement.body(Buffer.concat([held, chunk]));
      const end = Math.max(0, bytes.length - placement.longest + 1);
      held = bytes.subarray(end);
      return done(null, bytes.subarray(0, end));
    },
    flush: (done) => done(null, placement.inBody.length === 0 ? undefined : held),
  });
}

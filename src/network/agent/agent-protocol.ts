import { toUint32, toWireString, WireError, WireReader } from "./wire.js";

// Messages of an ssh agent (draft-ietf-sshm-ssh-agent, section 5; OpenSSH's PROTOCOL.agent).

export const FAILURE = 5;
export const SUCCESS = 6;
export const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
export const SIGN_REQUEST = 13;
export const SIGN_RESPONSE = 14;
export const EXTENSION = 27;
export const SESSION_BIND = "session-bind@openssh.com";

/** As OpenSSH's own agent has it: AGENT_MAX_LEN. */
export const MOST_BYTES = 256 * 1024;

/** A key as an agent tells of it. */
export interface Identity {
  readonly blob: Buffer;
  readonly comment: Buffer;
}

/** A message with its length before it. */
export function toFrame(type: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from([type]), ...parts]);
  return Buffer.concat([toUint32(body.length), body]);
}

/** Cuts a stream of bytes into messages. */
export class FrameCutter {
  #held: Buffer = Buffer.alloc(0);

  /** The messages that are complete now, without their lengths. Throws `WireError` for one that is empty or too large. */
  push(chunk: Buffer): readonly Buffer[] {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const frames: Buffer[] = [];
    while (this.#held.length >= 4) {
      const length = this.#held.readUInt32BE();
      if (length === 0 || length > MOST_BYTES) throw new WireError("a message of a wrong size");
      if (this.#held.length < 4 + length) break;
      frames.push(this.#held.subarray(4, 4 + length));
      this.#held = this.#held.subarray(4 + length);
    }
    return frames;
  }
}

/** The keys of an answer to `REQUEST_IDENTITIES`. Throws `WireError`. */
export function readIdentities(message: Buffer): readonly Identity[] {
  const reader = new WireReader(message);
  if (reader.byte() !== IDENTITIES_ANSWER) throw new WireError("no list of keys");
  const count = reader.uint32();
  // A key has eight bytes at least: the lengths of its parts.
  if (count > message.length / 8) throw new WireError("more keys than there is room for");
  const identities = Array.from({ length: count }, () => ({
    blob: reader.string(),
    comment: reader.string(),
  }));
  reader.end();
  return identities;
}

/** Without comments: those are often a person's name and machine. */
export function toIdentitiesAnswer(blobs: readonly Buffer[]): Buffer {
  const keys = blobs.map((blob) => Buffer.concat([toWireString(blob), toWireString("")]));
  return toFrame(IDENTITIES_ANSWER, toUint32(blobs.length), ...keys);
}

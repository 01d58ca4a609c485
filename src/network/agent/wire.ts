/** What does not have the form that it should have. */
export class WireError extends Error {}

/** Reads what RFC 4251, section 5, writes. Every function throws `WireError` where that is not there. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#take(1)[0] ?? 0;
  }

  /** Only 0 and 1: nobody writes another one in good faith. */
  boolean(): boolean {
    const value = this.byte();
    if (value > 1) throw new WireError("neither true nor false");
    return value === 1;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.#take(this.uint32());
  }

  /** One of ASCII characters that can be seen, as names of methods and algorithms are. */
  name(): string {
    const text = this.string().toString("latin1");
    if (!/^[\x21-\x7e]{1,255}$/.test(text)) throw new WireError("not a name");
    return text;
  }

  /** A positive number, without zeros before it. */
  mpint(): Buffer {
    const bytes = this.string();
    const first = bytes.findIndex((byte) => byte !== 0);
    if (first < 0 || ((bytes[0] ?? 0) & 0x80) !== 0) throw new WireError("not a positive number");
    return bytes.subarray(first);
  }

  /** That nothing follows. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new WireError("more than there should be");
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw new WireError("it is cut short");
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }
}

export function toUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A string of RFC 4251: its length and itself. */
export function toWireString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([toUint32(bytes.length), bytes]);
}

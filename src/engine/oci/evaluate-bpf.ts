/** A system call as a seccomp filter sees it (`struct seccomp_data`, seccomp(2)). */
export interface FilteredCall {
  readonly number: number;
  /** `AUDIT_ARCH_*`. */
  readonly arch: number;
  readonly args: readonly bigint[];
}

/** Size of one `struct sock_filter`. */
const INSTRUCTION_BYTES = 8;
const DATA_BYTES = 64;
const SCRATCH_WORDS = 16;

/**
 * What the classic BPF program `filter` returns for `call`: an action and its data (seccomp(2)). Throws where the program
 * is not one the kernel would take: unknown instructions, jumps or loads that leave it.
 */
export function evaluateBpf(filter: Uint8Array, call: FilteredCall): number {
  const machine = new BpfMachine(filter, toSeccompData(call));
  for (;;) {
    const result = machine.step();
    if (result !== undefined) return result;
  }
}

function toSeccompData({ number, arch, args }: FilteredCall): DataView {
  const data = new DataView(new ArrayBuffer(DATA_BYTES));
  data.setUint32(0, number, true);
  data.setUint32(4, arch, true);
  args.forEach((value, index) => {
    data.setBigUint64(16 + 8 * index, BigInt.asUintN(64, value), true);
  });
  return data;
}

/** The registers of the machine of bpf(4) and linux/filter.h. */
class BpfMachine {
  readonly #program: DataView;
  readonly #data: DataView;
  readonly #scratch = new Uint32Array(SCRATCH_WORDS);
  #counter = 0;
  #a = 0;
  #x = 0;

  constructor(filter: Uint8Array, data: DataView) {
    if (filter.length === 0 || filter.length % INSTRUCTION_BYTES !== 0)
      throw new Error(`not a BPF program: ${filter.length} bytes`);
    this.#program = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
    this.#data = data;
  }

  /** One instruction; the returned value where it was a return. */
  step(): number | undefined {
    const at = this.#counter * INSTRUCTION_BYTES;
    if (at >= this.#program.byteLength) throw new Error("a BPF program ran past its end");
    const code = this.#program.getUint16(at, true);
    const k = this.#program.getUint32(at + 4, true);
    this.#counter += 1;
    switch (code & 0x07) {
      case 0x00:
        this.#a = this.#load(code, k);
        return undefined;
      case 0x01:
        this.#x = this.#load(code, k);
        return undefined;
      case 0x02:
        this.#scratch[scratchIndex(k)] = this.#a;
        return undefined;
      case 0x03:
        this.#scratch[scratchIndex(k)] = this.#x;
        return undefined;
      case 0x04:
        this.#a = calculate(code & 0xf0, this.#a, this.#operand(code, k));
        return undefined;
      case 0x05:
        this.#jump(code, k, at);
        return undefined;
      case 0x06:
        return (code & 0x18) === 0x10 ? this.#a : k;
      default:
        if (code === 0x07) this.#x = this.#a;
        else this.#a = this.#x;
        return undefined;
    }
  }

  #operand(code: number, k: number): number {
    return (code & 0x08) === 0 ? k : this.#x;
  }

  #load(code: number, k: number): number {
    const mode = code & 0xe0;
    if (mode === 0x00) return k;
    if (mode === 0x60) return this.#scratch[scratchIndex(k)] ?? 0;
    if (mode === 0x80) return DATA_BYTES;
    if (mode !== 0x20 || k % 4 !== 0 || k >= DATA_BYTES) throw new Error(`a BPF load of ${k}`);
    return this.#data.getUint32(k, true);
  }

  #jump(code: number, k: number, at: number): void {
    if ((code & 0xf0) === 0x00) {
      this.#counter += k;
      return;
    }
    const taken = compare(code & 0xf0, this.#a, this.#operand(code, k));
    this.#counter += this.#program.getUint8(at + (taken ? 2 : 3));
  }
}

function scratchIndex(k: number): number {
  if (k >= SCRATCH_WORDS) throw new Error(`a BPF scratch word ${k}`);
  return k;
}

function calculate(operation: number, a: number, b: number): number {
  switch (operation) {
    case 0x00:
      return (a + b) >>> 0;
    case 0x10:
      return (a - b) >>> 0;
    case 0x40:
      return (a | b) >>> 0;
    case 0x50:
      return (a & b) >>> 0;
    case 0x60:
      return b > 31 ? 0 : (a << b) >>> 0;
    case 0x70:
      return b > 31 ? 0 : a >>> b;
    case 0xa0:
      return (a ^ b) >>> 0;
    default:
      throw new Error(`a BPF operation 0x${operation.toString(16)}`);
  }
}

function compare(operation: number, a: number, b: number): boolean {
  switch (operation) {
    case 0x10:
      return a === b;
    case 0x20:
      return a > b;
    case 0x30:
      return a >= b;
    case 0x40:
      return (a & b) !== 0;
    default:
      throw new Error(`a BPF jump 0x${operation.toString(16)}`);
  }
}

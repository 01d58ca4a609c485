import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { evaluateBpf } from "../../src/engine/oci/evaluate-bpf.js";
import { findFilterFault } from "../../src/engine/oci/seccomp-sentinels.js";

type Instruction = readonly [code: number, jt: number, jf: number, k: number];

const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER = 0x25;
const AND = 0x54;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const REFUSE = 0x50001;

/** A program as the kernel reads it (linux/filter.h). */
function assemble(instructions: readonly Instruction[]): Uint8Array {
  const program = new DataView(new ArrayBuffer(8 * instructions.length));
  instructions.forEach(([code, jt, jf, k], index) => {
    program.setUint16(8 * index, code, true);
    program.setUint8(8 * index + 2, jt);
    program.setUint8(8 * index + 3, jf);
    program.setUint32(8 * index + 4, k, true);
  });
  return new Uint8Array(program.buffer);
}

const call = (number: number, ...args: bigint[]) => ({ number, arch: 0xc000003e, args });

describe("evaluating a filter", () => {
  test("branches on the number of the call", () => {
    const filter = assemble([
      [LOAD, 0, 0, 0],
      [JUMP_EQUAL, 0, 1, 42],
      [RETURN, 0, 0, REFUSE],
      [RETURN, 0, 0, ALLOW],
    ]);
    assert.equal(evaluateBpf(filter, call(42)), REFUSE);
    assert.equal(evaluateBpf(filter, call(43)), ALLOW);
  });

  test("reads the halves of arguments, masks them, compares without sign", () => {
    const filter = assemble([
      [LOAD, 0, 0, 16 + 8],
      [AND, 0, 0, 0xf0000000],
      [JUMP_GREATER, 0, 2, 0x7fffffff],
      [LOAD, 0, 0, 16 + 12],
      [0x16, 0, 0, 0],
      [RETURN, 0, 0, ALLOW],
    ]);
    assert.equal(evaluateBpf(filter, call(0, 0n, 0x00000007_90000000n)), 7);
    assert.equal(evaluateBpf(filter, call(0, 0n, 0x00000007_10000000n)), ALLOW);
  });

  test("refuses programs that the kernel would not take", () => {
    for (const broken of [
      new Uint8Array(0),
      new Uint8Array(7),
      assemble([[LOAD, 0, 0, 0]]),
      assemble([
        [LOAD, 0, 0, 64],
        [RETURN, 0, 0, 0],
      ]),
      assemble([[JUMP_EQUAL, 9, 9, 0]]),
      assemble([
        [0x34, 0, 0, 1],
        [RETURN, 0, 0, 0],
      ]),
    ])
      assert.throws(() => evaluateBpf(broken, call(1)));
  });
});

describe("judging a filter", () => {
  test("finds that one which allows, or refuses, everything is not the profile's", () => {
    assert.match(findFilterFault(assemble([[RETURN, 0, 0, ALLOW]]), "x64") ?? "", /not refused/);
    assert.match(findFilterFault(assemble([[RETURN, 0, 0, REFUSE]]), "x64") ?? "", /is refused/);
    assert.match(findFilterFault(assemble([[RETURN, 0, 0, REFUSE]]), "arm64") ?? "", /is refused/);
    assert.match(findFilterFault(new Uint8Array(0), "x64") ?? "", /not a BPF program/);
    assert.match(findFilterFault(new Uint8Array(8), "mips") ?? "", /architecture/);
  });
});

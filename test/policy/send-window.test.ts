import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SendWindow, type WindowedSend } from "../../src/policy/budgets/send-window.js";

const MINUTE = 60_000;

const step = fc.record({
  later: fc.integer({ min: 0, max: MINUTE }),
  act: fc.constantFrom("add", "grow"),
  which: fc.nat(),
  bytes: fc.nat({ max: 1000 }),
});

test("what counts is what began within the window, with all its bytes, however it came about", () => {
  for (const per of ["minute", "run"] as const)
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const window = new SendWindow({ per });
        const sends: WindowedSend[] = [];
        let now = 0;
        for (const { later, act, which, bytes } of steps) {
          now += later;
          const known = sends[which % Math.max(1, sends.length)];
          if (act === "add" || known === undefined) sends.push(window.add(now));
          else window.grow(known, bytes);
          const { requests, bytes: sum, list } = window.countAt(now);
          const counting = sends.filter(({ at }) => per === "run" || at > now - MINUTE);
          assert.equal(requests, counting.length);
          assert.equal(
            sum,
            counting.reduce((all, send) => all + send.bytes, 0),
          );
          assert.deepEqual(list(), per === "run" ? [] : counting);
        }
      }),
    );
});

test("thousands that no longer count are let go of, and those after them count still", () => {
  const window = new SendWindow({ per: "minute" });
  for (let at = 0; at < 5000; at++) window.grow(window.add(at), 1);
  for (const now of [MINUTE + 1022, MINUTE + 1023, MINUTE + 3999, MINUTE + 4998]) {
    const { requests, bytes, list } = window.countAt(now);
    assert.deepEqual(
      [requests, bytes, list()[0]?.at],
      [4999 + MINUTE - now, 4999 + MINUTE - now, now - MINUTE + 1],
    );
  }
  assert.deepEqual(
    [window.countAt(MINUTE + 4999).requests, window.countAt(MINUTE + 4999).bytes],
    [0, 0],
  );
});

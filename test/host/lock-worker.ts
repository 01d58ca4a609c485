import { readFileSync, writeFileSync } from "node:fs";
import { withOwnerLock } from "../../src/host/owner-lock.js";

// A process of its own: `LOCK COUNTER ROUNDS` adds one to the counter, under the lock, as often as told.
const [, , lock = "", counter = "", rounds = "0"] = process.argv;

for (let round = 0; round < Number(rounds); round += 1)
  withOwnerLock(lock, { timeoutMs: 60_000 }, () => {
    const before = Number(readFileSync(counter, "utf8"));
    writeFileSync(counter, String(before + 1));
  });

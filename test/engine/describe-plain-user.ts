import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isBrief } from "../support/is-brief.js";
import { openPlainUser } from "../support/plain-user.js";

const here = path.dirname(fileURLToPath(import.meta.url));

/** Runs files of tests once more as a plain user, whom root makes. Who is one already runs them so anyway. */
export function describeAsPlainUser(suites: readonly string[]): void {
  describe("the suites once more, as a plain user", {
    skip: process.getuid?.() === 0 ? false : "this is a plain user",
  }, () => {
    for (const suite of suites)
      test(suite, () => {
        using user = openPlainUser();
        const result = user.run(
          [process.execPath, "--enable-source-maps", "--test", path.join(here, suite)],
          { timeout: 500_000, env: isBrief ? { SANDBOX_TEST_BRIEF: "1" } : {} },
        );
        assert.equal(result.status, 0, `${result.stdout}\n${result.stderr}`);
        assert.match(result.stdout, /# pass [1-9]/);
      });
  });
}

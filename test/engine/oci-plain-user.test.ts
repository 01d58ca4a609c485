import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPlainUser } from "../support/plain-user.js";

const here = path.dirname(fileURLToPath(import.meta.url));

// As a plain user the suites run as that user anyway: this file is for root, who makes one.
describe("the suites once more, as a plain user", {
  skip: process.getuid?.() === 0 ? false : "this is a plain user",
}, () => {
  for (const suite of ["oci-crun.test.js", "oci-runc.test.js", "oci-engine.test.js"])
    test(suite, () => {
      using user = openPlainUser();
      const result = user.run(
        [process.execPath, "--enable-source-maps", "--test", path.join(here, suite)],
        { timeout: 500_000 },
      );
      assert.equal(result.status, 0, `${result.stdout}\n${result.stderr}`);
      assert.match(result.stdout, /# pass [1-9]/);
    });
});

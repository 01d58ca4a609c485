import assert from "node:assert/strict";
import { chownSync, existsSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openLedger } from "../../src/store/ledger/open-ledger.js";
import { openTempDir } from "../support/temp-tree.js";

test("a ledger that is a link, or that somebody else owns, is refused in one line", () => {
  using dir = openTempDir();
  using other = openTempDir();
  const file = path.join(dir.path, "ledger.db");
  const elsewhere = path.join(other.path, "theirs.db");
  symlinkSync(elsewhere, file);
  assert.throws(() => openLedger(dir.path), { code: "usage", message: /is a symbolic link$/ });
  assert.ok(!existsSync(elsewhere));
  rmSync(file);
  openLedger(dir.path)[Symbol.dispose]();
  if (process.getuid?.() !== 0) return;
  chownSync(file, 12345, 12345);
  assert.throws(() => openLedger(dir.path), { code: "usage", message: /belongs to user 12345$/ });
  chownSync(file, 0, 0);
  openLedger(dir.path)[Symbol.dispose]();
});

import assert from "node:assert/strict";
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPerson } from "../support/person.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";

test("a workspace that was replaced since the run gets nothing, and back in its place it does", () => {
  using person = openPerson(KIND);
  person.sandbox(["run", "--name", "one", "--", "sh", "-c", "echo x > made"]);
  const away = `${person.project}.away`;
  renameSync(person.project, away);
  for (const replace of [
    () => mkdirSync(person.project),
    () => symlinkSync(away, person.project),
  ]) {
    replace();
    const refused = person.sandbox(["commit", "one", "--yes"], { cwd: person.home });
    assert.equal(refused.status, 3, refused.stderr);
    assert.match(refused.stderr, /no longer the directory it was/);
    assert.ok(!existsSync(path.join(person.project, "made")));
    rmSync(person.project, { recursive: true });
  }
  renameSync(away, person.project);
  assert.equal(person.sandbox(["commit", "one", "--yes"]).status, 0, "control");
  assert.ok(existsSync(path.join(person.project, "made")));
});

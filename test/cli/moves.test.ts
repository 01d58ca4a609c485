import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { OUTPUT_SCHEMAS } from "../../src/cli/json/published-schemas.js";
import { openPerson } from "../support/person.js";

const BODY = Array.from({ length: 30 }, (_, at) => `line ${at * at}\n`).join("");
const FILES = { "src/old/a.ts": BODY, "src/old/b.ts": `${BODY}b\n`, "doc.md": `${BODY}doc\n` };

test("moves are shown everywhere, and either side is still a change of its own", () => {
  using person = openPerson("root");
  person.make(FILES);
  const edit = "mv src/old src/new; mv doc.md guide.md; echo more >> guide.md";
  const run = person.sandbox(["run", "--", "sh", "-ec", edit]);
  assert.match(run.stderr, /Moved \(3\)\n/);
  assert.match(run.stderr, /src\/old\/ → src\/new\/ +2 files/);
  assert.match(run.stderr, /doc\.md → guide\.md +9\d%/);
  assert.doesNotMatch(run.stderr, /Deleted \(3\)/);
  assert.match(run.stderr, /3 added, 0 modified, 3 deleted|4 added, 0 modified, 4 deleted/);

  const status = person.sandbox(["diff", "latest", "--name-status"]).stdout;
  assert.match(status, /^R100\tsrc\/old\/a\.ts\tsrc\/new\/a\.ts$/m);
  assert.match(status, /^R09\d\tdoc\.md\tguide\.md$/m);
  assert.match(
    person.sandbox(["diff", "latest", "--stat"]).stdout,
    /src\/\{old => new\}\/a\.ts +\| 0$/m,
  );
  assert.match(
    person.sandbox(["diff", "latest"]).stdout,
    /^rename from doc\.md\nrename to guide\.md$/m,
  );

  const { json } = person.sandboxJson(["diff", "latest"]);
  assert.ok(OUTPUT_SCHEMAS.diff.safeParse(json).success);
  const at = (name: string) => json.changes.find((one: { path: string }) => one.path === name);
  assert.deepEqual(
    [at("src/new/b.ts").movedFrom.path, at("src/new/b.ts").similarity],
    ["src/old/b.ts", 100],
  );
  assert.equal(at("doc.md").movedTo.path, "guide.md");

  const one = person.sandbox(["diff", "latest", "guide.md", "--name-status"]).stdout;
  assert.equal(one, "A\tguide.md\n");
  const commit = person.sandboxJson(["commit", "latest", "guide.md", "--yes"]);
  assert.deepEqual(
    commit.json.applied.map((place: { path: string }) => place.path),
    ["guide.md"],
  );
  assert.ok(existsSync(path.join(person.project, "doc.md")));
});

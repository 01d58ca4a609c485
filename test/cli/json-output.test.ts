import assert from "node:assert/strict";
import { test } from "node:test";
import { OUTPUT_SCHEMAS } from "../../src/cli/json/published-schemas.js";
import { openPerson } from "../support/person.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";

test("what --json prints is what the published schemas say", () => {
  using person = openPerson(KIND);
  person.make({ "old.txt": "old\n", "mod.txt": "a\n" });
  const edit =
    "rm old.txt; echo b > mod.txt; ln -s mod.txt link; mkdir d; mkfifo d/p; echo n > new";
  const calls: readonly (readonly [string, readonly string[]])[] = [
    ["run", ["run", "--name", "one", "--timeout", "60s", "--", "sh", "-c", edit]],
    ["run", ["exec", "one", "--", "sh", "-c", "echo more > more; exit 3"]],
    ["run", ["run", "--", "sh", "-c", "kill -9 $$"]],
    ["ls", ["ls"]],
    ["show", ["show", "one"]],
    ["diff", ["diff", "one"]],
    ["error", ["commit", "one"]],
    ["commit", ["commit", "one", "--dry-run"]],
    ["refresh", ["refresh", "one"]],
    ["commit", ["commit", "one", "new", "--yes"]],
    ["commit", ["commit", "one", "--yes"]],
    ["rollback", ["rollback", "COMMIT", "--dry-run"]],
    ["rollback", ["rollback", "COMMIT"]],
    ["recover", ["recover"]],
    ["prune", ["prune", "--dry-run"]],
    ["discard", ["discard", "one"]],
    ["error", ["diff", "one"]],
    ["error", ["show", "s-aaaaaaaaaa"]],
    ["doctor", ["doctor"]],
    ["log", ["log", "--last", "1"]],
    ["log-verify", ["log", "--verify"]],
    ["log-replay", ["log", "--replay", "one"]],
  ];
  let commit = "";
  for (const [name, args] of calls) {
    const { json } = person.sandboxJson(args.map((word) => (word === "COMMIT" ? commit : word)));
    if (typeof json.commit === "string") commit = json.commit;
    const schema = Object.entries(OUTPUT_SCHEMAS).find(([key]) => key === name)?.[1];
    assert.ok(schema !== undefined, name);
    const parsed = schema.safeParse(json);
    assert.ok(
      parsed.success,
      `${args.join(" ")}: ${parsed.error?.message}\n${JSON.stringify(json)}`,
    );
  }
});

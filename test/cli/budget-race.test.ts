import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { test } from "node:test";
import { openPerson } from "../support/person.js";

test("two commits to different workspaces at once do not both spend what is left of a budget", async () => {
  using person = openPerson(process.getuid?.() === 0 ? "root" : "plain user");
  person.make({
    "../own.yaml": "version: 1\nbudgets: {delete: {files: 3, per: hour, over: deny}}\n",
    "one/a": "a",
    "one/b": "b",
    "two/a": "a",
    "two/b": "b",
  });
  const names = ["one", "two"];
  for (const name of names) {
    const dir = path.join(person.project, name);
    const ran = person.sandbox([
      ...["run", "--profile", "../own.yaml", "--dir", dir, "--name", name],
      ...["--", "rm", `${dir}/a`, `${dir}/b`],
    ]);
    assert.equal(ran.status, 0, ran.stderr);
  }
  const codes = await Promise.all(
    names.map(async (name) => {
      const { argv, env } = person.command(["commit", "--yes", name]);
      const [program, ...args] = argv;
      const child = spawn(program, args, { env, cwd: person.project, stdio: "ignore" });
      const [code] = await once(child, "close");
      return Number(code);
    }),
  );
  assert.deepEqual(codes.toSorted(), [0, 4]);
});

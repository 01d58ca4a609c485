import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPerson, type Person } from "../support/person.js";

/** What a security test of this program once did, or a new user ran into. Each must stay mended. */

const KINDS =
  process.getuid?.() === 0 ? (["root", "plain user"] as const) : (["plain user"] as const);

function stored(person: Person, session: string, file: string): string {
  return path.join(person.stateHome, "sessions", session, file);
}

for (const kind of KINDS) {
  test(`${kind}: a task cannot write into the pipe its input comes from`, () => {
    using person = openPerson(kind);
    const { argv, env } = person.command([]);
    const quoted = argv.map((word) => `'${word}'`).join(" ");
    const script = `${quoted} run -- sh -c 'echo "echo escaped > escaped" > /proc/self/fd/0; cat > seen'\necho went on\n`;
    const [file, ...rest] =
      person.kind === "root"
        ? ["bash"]
        : [...argv.slice(0, argv.indexOf(process.execPath)), "bash"];
    const { stdout } = spawnSync(file ?? "bash", rest, {
      cwd: person.project,
      env: { ...env, PATH: "/usr/bin:/bin" },
      input: script,
      encoding: "utf8",
    });
    assert.ok(!existsSync(path.join(person.project, "escaped")));
    assert.equal(typeof stdout, "string");
    const fed = person.sandbox(["run", "--", "cat"], { input: "fed\n" });
    assert.equal(fed.stdout, "fed\n", "control: input comes in");
  });

  test(`${kind}: a task ends when nobody reads what it writes`, () => {
    using person = openPerson(kind);
    const { argv } = person.command(["run", "--", "yes"]);
    const words = argv.slice(argv.indexOf(process.execPath)).map((word) => `'${word}'`);
    const { status, stdout } = person.run(["sh", "-c", `${words.join(" ")} | head -2`], {
      env: { SANDBOX_HOME: person.stateHome },
    });
    assert.deepEqual([status, stdout], [0, "y\ny\n"]);
  });

  test(`${kind}: an answer in a pipe approves nothing`, () => {
    using person = openPerson(kind);
    person.sandbox(["run", "--commit", "ask", "--", "sh", "-c", "echo x > made"], {
      input: "y\ny\n",
    });
    assert.ok(!existsSync(path.join(person.project, "made")));
    assert.equal(person.sandbox(["commit", "latest", "--yes"]).status, 0, "control");
    assert.ok(existsSync(path.join(person.project, "made")));
  });

  test(`${kind}: what is denied does not come along as the parent of something allowed`, () => {
    using person = openPerson(kind);
    person.sandbox([
      "run",
      "--",
      "sh",
      "-c",
      "mkdir bad good; chmod 4755 good; setfattr -n user.overlay.x -v y bad; echo x > bad/x; cp /bin/true suid; chmod 4755 suid; echo y > good/y",
    ]);
    const { json } = person.sandboxJson(["diff", "latest"]);
    const denied = json.changes.filter(
      (change: { decision: string }) => change.decision === "deny",
    );
    const names: string[] = denied.map((change: { path: string }) => change.path);
    assert.ok(names.includes("suid") && names.includes("bad"), JSON.stringify(names));
    const commit = person.sandboxJson(["commit", "latest", "--yes"]);
    assert.equal(commit.status, 0, commit.stderr);
    assert.ok(existsSync(path.join(person.project, "good", "y")), "control");
    assert.ok(!existsSync(path.join(person.project, "bad")));
    assert.ok(!existsSync(path.join(person.project, "suid")));
    const rest = person.sandboxJson(["commit", "latest", "--yes"]);
    assert.equal(rest.status, 4);
    assert.match(rest.json.error.message, /denied/);
  });

  test(`${kind}: an edited record is not believed`, () => {
    using person = openPerson(kind);
    const { session } = person.sandboxJson(["run", "--", "sh", "-c", "echo x > made"]).json;
    const file = stored(person, session, "changeset.json");
    const text = readFileSync(file, "utf8");
    assert.match(text, /"mode":420/);
    writeFileSync(file, text.replace('"mode":420', '"mode":511'));
    assert.equal(person.sandbox(["commit", session, "--yes"]).status, 5);
    assert.ok(!existsSync(path.join(person.project, "made")));
    writeFileSync(file, text);
    assert.equal(person.sandbox(["commit", session, "--yes"]).status, 0, "control");
  });

  test(`${kind}: discard puts back first what a killed commit had taken`, () => {
    using person = openPerson(kind);
    person.run(["sh", "-c", "i=0; while [ $i -lt 60 ]; do echo $i > f$i; i=$((i+1)); done"]);
    const edit = "rm f1*; for f in f2*; do echo new > $f; done; echo x > added";
    const { session } = person.sandboxJson(["run", "--", "sh", "-c", edit]).json;
    const { argv, env } = person.command(["commit", session, "--yes"]);
    const list = (): string =>
      person.run(["sh", "-c", "cat f* | sha256sum; ls | sha256sum"]).stdout;
    const before = list();
    const [file, ...rest] = argv;
    for (let ms = 40; ms < 1200 && list() === before; ms += 30)
      spawnSync(file, rest, { cwd: person.project, env, timeout: ms, killSignal: "SIGKILL" });
    const discarded = person.sandbox(["discard", session]);
    const recovered = person.sandbox(["recover"]);
    assert.equal(recovered.status, 0, recovered.stderr);
    if (person.sandboxJson(["show", session]).json.commits.length === 0) {
      assert.equal(discarded.status, 0, discarded.stderr);
      assert.equal(list(), before);
    }
    assert.equal(person.sandbox(["run", "--", "true"]).status, 0, "the workspace can be used");
  });

  test(`${kind}: two workspaces, and one below /var/tmp, are there and can be written`, () => {
    using person = openPerson(kind);
    const other = `/var/tmp/sbx-${process.pid}-${person.uid}`;
    person.run(["mkdir", "-p", other]);
    try {
      const args = [
        "run",
        "--dir",
        ".",
        "--dir",
        other,
        "--",
        "sh",
        "-c",
        `echo a > a; echo b > ${other}/b`,
      ];
      const { status, json, stderr } = person.sandboxJson(args);
      assert.equal(status, 0, stderr);
      assert.deepEqual(json.changes, { added: 2, modified: 0, deleted: 0 });
      assert.equal(person.sandbox(["commit", json.session, "--yes"]).status, 0);
      assert.ok(existsSync(path.join(other, "b")));
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  test(`${kind}: a workspace where the sandbox has its own things is refused`, () => {
    using person = openPerson(kind);
    const taken = `/dev/shm/sbx-${process.pid}-${person.uid}`;
    person.run(["mkdir", "-p", taken]);
    try {
      const refused = person.sandbox(["run", "--dir", taken, "--", "true"]);
      assert.equal(refused.status, 2, refused.stderr);
      assert.deepEqual(person.sandboxJson(["ls"]).json.sessions, []);
    } finally {
      rmSync(taken, { recursive: true, force: true });
    }
  });
}

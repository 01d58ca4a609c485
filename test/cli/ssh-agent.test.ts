import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { makeBareRepository, readSubjects } from "../support/git-http-server.js";
import { isBrief } from "../support/is-brief.js";
import { openPerson, type Person } from "../support/person.js";
import { makeSshKey, type SshKey, startSshAgent, startSshServer } from "../support/ssh-agent.js";

const isRoot = process.getuid?.() === 0;
const KINDS: readonly Person["kind"][] =
  isRoot && !isBrief ? ["root", "plain user"] : ["plain user"];
const dir = mkdtempSync(path.join(tmpdir(), "sbx-ssh-"));
after(() => rmSync(dir, { recursive: true, force: true }));

/** A person with two keys in a real agent. */
function openKeyHolder(kind: Person["kind"]) {
  const person = openPerson(kind);
  person.make({ "../.ssh/": "" });
  const at = (name: string): string => path.join(person.home, name);
  const make = (name: string): SshKey => makeSshKey(at(name), "ed25519", person.run);
  const [first, second] = [make("first"), make("second")];
  const agent = startSshAgent(person.home, [first, second], person.run);
  return {
    ...{ person, first, second, agent },
    env: { SSH_AUTH_SOCK: agent.socket },
    /** Writes `known_hosts`, names hashed, and a profile `../ssh.yaml`. */
    know: (hosts: Readonly<Record<number, SshKey>>, profile: string) => {
      const lines = Object.entries(hosts).map(
        ([port, { text }]) => `[localhost]:${port} ${text}\n`,
      );
      person.make({ "../.ssh/known_hosts": lines.join(""), "../ssh.yaml": profile });
      person.run(["ssh-keygen", "-q", "-H", "-f", at(".ssh/known_hosts")]);
      assert.ok(!readFileSync(at(".ssh/known_hosts"), "utf8").includes("localhost"));
    },
    [Symbol.dispose]: () => {
      agent[Symbol.dispose]();
      person[Symbol.dispose]();
    },
  };
}

for (const kind of KINDS)
  describe(`an ssh agent for named hosts, as ${kind}`, () => {
    test("ssh and git over ssh work inside; other hosts, keys and texts get no signature; no key is there", async () => {
      using one = openKeyHolder(kind);
      const { person, first, second } = one;
      using server = await startSshServer([first, second]);
      using middle = await startSshServer([first, second]);
      const { port, user } = server;
      const repository = path.join(dir, `${person.uid}.git`);
      makeBareRepository(repository);
      one.know(
        { [port]: server.hostKey },
        `version: 1
network: {mode: allowlist, allow: ["localhost:${port}", "localhost:${middle.port}"]}
ssh_agent: [{host: localhost, port: ${port}, users: [${user}], keys: ["${first.fingerprint}"]}]
`,
      );
      person.make({ text: "to be signed\n" });
      const script = `
        ssh-add -l
        ssh -o BatchMode=yes -p ${port} ${user}@localhost echo logged in
        git clone -q ssh://${user}@localhost:${port}${repository} cloned && cat cloned/file
        cd cloned && git -c user.name=a -c user.email=a@example.com commit -q --allow-empty -m second && git push -q origin main && echo pushed
        cd .. && rm -rf cloned
        ssh -o BatchMode=yes -o StrictHostKeyChecking=no -p ${middle.port} ${user}@localhost echo middle
        ssh -o BatchMode=yes -p ${port} other@localhost echo other
        ssh-keygen -q -Y sign -n file -f ~/first.pub text || echo no text
        ssh-add -qD || echo kept
        echo "== $SSH_AUTH_SOCK"; cat /etc/ssh/ssh_known_hosts
        grep -rlsa 'PRIVATE KEY' "$HOME" /tmp /run /etc /proc/[0-9]*/environ
        grep -cs '${person.home}' /proc/self/mountinfo; ls -A ~/.ssh; true`;
      const withKey = `mkdir -p ~/.ssh && echo '${first.text}' > ~/first.pub;`;
      const words = ["run", "--profile", "../ssh.yaml", "--", "sh", "-c"];
      const ran = person.sandbox([...words, `${withKey}${script}`], { env: one.env });
      const [before = "", after = ""] = ran.stdout.split("== ");
      assert.equal(
        before,
        `256 ${first.fingerprint}  (ED25519)\nlogged in\nfrom the server\npushed\nno text\nkept\n`,
        ran.stderr,
      );
      assert.ok(
        after.startsWith(`/run/sandbox/agent.sock\n[localhost]:${port} ${server.hostKey.text}\n`),
        after,
      );
      assert.doesNotMatch(after, /first|second|home|tmp/);
      assert.deepEqual(readSubjects(repository), ["second", "first"]);
      assert.doesNotMatch(middle.log(), /Accepted publickey/);
      assert.match(
        server.log(),
        new RegExp(`Accepted publickey .* ${toPattern(first.fingerprint)}`),
      );
      assert.doesNotMatch(server.log(), new RegExp(toPattern(second.fingerprint)));
      const { json } = person.sandboxJson(["show", "latest", "--network"]);
      const signed = json.sends.filter((send: { via: string }) => send.via === "ssh-agent");
      assert.deepEqual(
        signed.map((send: Record<string, unknown>) => [
          send["port"],
          send["user"],
          send["fingerprint"],
          send["decision"],
        ]),
        Array.from({ length: 3 }, () => [port, user, first.fingerprint, "allow"]),
      );
      const refused = json.refusedSignatures
        .map(({ reason }: { reason: string }) => reason)
        .join("\n");
      assert.match(
        refused,
        new RegExp(`host key ${toPattern(middle.hostKey.fingerprint)}, which is none`),
      );
      assert.match(refused, /nobody knows which server/);
      assert.match(refused, /a message of type 19/);
      const shown = person.sandbox(["show", "latest", "--network"]).stdout;
      assert.match(shown, new RegExp(`login of ${user} with SHA256:\\S+ +signed`));
      assert.match(shown, /not signed: a message of type 19/);
      assert.equal(person.sandbox(["log", "--verify"]).status, 0);
    });
  });

describe("an ssh agent for named hosts", () => {
  test("what cannot be is told in one line before the task starts", () => {
    using one = openKeyHolder("plain user");
    const { person, first } = one;
    const host = makeSshKey(path.join(dir, "some-host"));
    const allowed = 'network: {mode: allowlist, allow: ["localhost:2200"]}\n';
    const agent = "ssh_agent: [{host: localhost, port: 2200}]\n";
    one.know({ 2200: host }, `version: 1\n${allowed}${agent}`);
    const ask = (words: readonly string[], env: Record<string, string> = one.env) => {
      const ran = person.sandbox(["run", ...words, "--", "touch", "made"], { env });
      return [ran.status, ran.stderr.split("\n")[0] ?? ""] as const;
    };
    const [unset, why] = ask(["--profile", "../ssh.yaml"], {});
    assert.deepEqual([unset, /SSH_AUTH_SOCK is not set/.test(why)], [2, true], why);
    const [gvisor, reason] = ask(["--ssh-agent", "localhost:2200", "--runtime", "runsc"]);
    assert.deepEqual([gvisor, /gVisor reaches no unix socket/.test(reason)], [125, true], reason);
    person.make({ ".sandbox.yaml": `version: 1\n${agent}` });
    const [status, line] = ask(["--ssh-agent", "localhost:2200"]);
    assert.deepEqual(
      [status, /ssh_agent: not for a project to choose/.test(line)],
      [2, true],
      line,
    );
    person.run(["rm", ".sandbox.yaml"]);
    assert.equal(person.run(["test", "-e", "made"]).status, 1);
    const words = ["run", "--ssh-agent", "localhost:2200", "--", "ssh-add", "-l"];
    const good = person.sandbox(words, { env: one.env });
    assert.equal(good.status, 0, good.stderr);
    assert.match(good.stdout, new RegExp(toPattern(first.fingerprint)), "control");
  });

  test("a login that is to be asked about waits for the answer, which stands for the task", {
    skip: isBrief && "the network's own questions are waited for in the same way (network.test)",
  }, async () => {
    using one = openKeyHolder("plain user");
    const { person, first } = one;
    using server = await startSshServer([first], "ecdsa");
    const { port, user } = server;
    one.know(
      { [port]: server.hostKey },
      `version: 1
network: {mode: allowlist, allow: ["localhost:${port}"]}
ssh_agent: [{host: localhost, port: ${port}, keys: ["${first.fingerprint}"], decision: ask}]
`,
    );
    const login = `ssh -o BatchMode=yes -p ${port} ${user}@localhost echo`;
    const words = ["run", "--profile", "../ssh.yaml", "--", "sh", "-c"];
    const { argv, env } = person.command([...words, `${login} one; ${login} two`]);
    const [program, ...args] = argv;
    const child = spawn(program, args, {
      env: { ...env, ...one.env },
      cwd: person.project,
      stdio: ["ignore", "pipe", "inherit"],
    });
    using _ended = { [Symbol.dispose]: () => void child.kill() };
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += String(chunk);
    });
    let asked: { readonly approval: string; readonly digest: string } | undefined;
    while (asked === undefined) {
      asked = person.sandboxJson(["approvals"]).json.approvals[0];
      await delay(50);
    }
    assert.doesNotMatch(server.log(), /Accepted publickey/);
    const shown = person.sandbox(["approvals", "show", asked.approval]).stdout;
    assert.match(shown, new RegExp(`as ${user}\\n.*${toPattern(first.fingerprint)}`, "s"));
    const approved = person.sandbox(["approve", asked.approval, "--digest", asked.digest]);
    assert.equal(approved.status, 0, approved.stderr);
    await once(child, "close");
    assert.equal(output, "one\ntwo\n");
    const ci = ["run", "--ci", "--profile", "../ssh.yaml", "--", "sh", "-c", `${login} three`];
    assert.equal(person.sandbox(ci, { env: one.env }).status, 10, "with --ci nobody is asked");
    const { json } = person.sandboxJson(["show", "latest", "--network"]);
    const [last] = json.sends.slice(-1);
    assert.equal(last.decision, "deny");
    assert.equal(last.reason, "it is to be asked about, and nobody is there");
    // The agent asks a person for each signature, and there is none.
    const add = ["env", `SSH_AUTH_SOCK=${one.env.SSH_AUTH_SOCK}`, "ssh-add", "-q"];
    assert.equal(person.run([...add, "-D"]).status, 0);
    assert.equal(person.run([...add, "-c", first.file]).status, 0);
    const profile = readFileSync(path.join(person.home, "ssh.yaml"), "utf8");
    person.make({ "../ssh.yaml": profile.replace("decision: ask", "decision: allow") });
    assert.equal(person.sandbox([...words, `${login} four`], { env: one.env }).status, 255);
    const after = person.sandboxJson(["show", "latest", "--network"]).json.sends;
    const failed = after.find((send: { end?: string }) => send.end === "failed");
    assert.equal(failed.reason, "the agent of this host did not sign");
    const text = person.sandbox(["show", "latest", "--network"]).stdout;
    assert.match(text, /login of \S+ with \S+ +failed .*the agent of this host did not sign/);
  });
});

function toPattern(text: string): string {
  return text.replace(/[+/.]/g, "\\$&");
}

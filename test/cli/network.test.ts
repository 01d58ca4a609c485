import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isBrief } from "../support/is-brief.js";
import { openHttpServer } from "../support/http-server.js";
import { openPerson, type Person } from "../support/person.js";

const isRoot = process.getuid?.() === 0;
const KINDS: readonly Person["kind"][] =
  isRoot && !isBrief ? ["root", "plain user"] : ["plain user"];

for (const kind of KINDS)
  describe(`the network of a task, as ${kind}`, () => {
    test("what is allowed is reached, by programs with and without a proxy, and stands in the log", async () => {
      using person = openPerson(kind);
      using server = await openHttpServer();
      const { port } = server;
      const ran = person.sandbox([
        ...["run", "--allow", `localhost:${port}`, "--", "sh", "-c"],
        `curl -sS --noproxy '' http://localhost:${port}/by-proxy &&
         curl -sS --noproxy '*' http://localhost:${port}/direct &&
         curl -sS --proxy socks5h://127.0.0.1:1080 --noproxy '' -d body http://localhost:${port}/socks?key=hidden`,
      ]);
      assert.equal(ran.status, 0, ran.stderr);
      assert.equal(ran.stdout, "GET /by-proxy\nGET /direct\nPOST /socks?key=hidden\n");
      assert.equal(server.seen().length, 3);
      const { json } = person.sandboxJson(["show", "latest", "--network"]);
      assert.deepEqual(
        json.sends.map((one: Record<string, unknown>) => [
          ...[one["via"], one["method"], one["path"], one["decision"], one["end"], one["status"]],
        ]),
        [
          ["http", "GET", "/by-proxy", "allow", "done", 200],
          ["direct", "GET", "/direct", "allow", "done", 200],
          ["socks", "POST", "/socks", "allow", "done", 200],
        ],
      );
      assert.equal(json.sends[0].address, "127.0.0.1");
      assert.ok(json.sends[2].bytesOut >= 4);
      const table = person.sandbox(["show", "latest", "--network"]);
      assert.match(table.stdout, /POST \/socks +done 200/);
      assert.match(
        person.sandbox(["show", "latest"]).stdout,
        new RegExp(`network +localhost:${port}`),
      );
      assert.equal(person.sandbox(["log", "--verify"]).status, 0);
      assert.doesNotMatch(JSON.stringify(json), /hidden/);
    });

    test("what is not allowed is not reached, whichever way, and is on record; an empty list is nothing", async () => {
      using person = openPerson(kind);
      using server = await openHttpServer();
      using other = await openHttpServer();
      const { port } = other;
      const script = `curl -sS -o /dev/null -w '%{http_code}\\n' --noproxy '' http://localhost:${port}/
        curl -sS --noproxy '*' http://localhost:${port}/ 2>&1; echo $?
        curl -sS --noproxy '*' http://example.com/ 2>&1; echo $?
        curl -sS -o /dev/null -w '%{http_code}\\n' --noproxy '' http://127.0.0.1:${port}/`;
      const ran = person.sandbox([
        "run",
        "--allow",
        `localhost:${server.port}`,
        "--",
        "sh",
        "-c",
        script,
      ]);
      assert.equal(ran.status, 0, ran.stderr);
      const said = ran.stdout.split("\n");
      assert.equal(said[0], "403");
      assert.match(said[1] ?? "", /Failed to connect|Couldn't connect|refused/);
      assert.equal(said[2], "7");
      assert.match(said[3] ?? "", /Could not resolve host/);
      assert.equal(said[4], "6");
      assert.equal(said[5], "403");
      assert.deepEqual(other.seen(), []);
      assert.match(ran.stderr, /2 requests and 1 lookup not allowed: sandbox show s-/);
      const { json } = person.sandboxJson(["show", "latest", "--network"]);
      assert.deepEqual(
        json.sends.map((one: Record<string, unknown>) => [one["host"], one["decision"]]),
        [
          ["localhost", "deny"],
          ["127.0.0.1", "deny"],
        ],
      );
      assert.match(json.sends[0].reason, new RegExp(`--allow localhost:${port} would allow it`));
      assert.ok(json.refusedLookups.some(({ name }: { name: string }) => name === "example.com"));
      const empty = person.sandbox([
        ...[
          "run",
          "--network",
          "allowlist",
          "--",
          "curl",
          "-sS",
          "--noproxy",
          "",
          "-o",
          "/dev/null",
        ],
        ...["-w", "%{http_code}", `http://localhost:${server.port}/`],
      ]);
      assert.equal(empty.stdout, "403", empty.stderr);
      assert.deepEqual(server.seen(), []);
    });

    test("a budget of sends holds the request until somebody answers, for the client waits", async () => {
      using person = openPerson(kind);
      using server = await openHttpServer();
      const { port } = server;
      person.make({
        "../sends.yaml": `version: 1\nnetwork: {mode: allowlist, allow: ["localhost:${port}"]}\nbudgets: {send: {requests: 2, per: run, over: hold}}\n`,
      });
      const script = `for i in 1 2 3 4; do curl -sS --noproxy '' http://localhost:${port}/$i; done`;
      const { argv, env } = person.command([
        "run",
        "--profile",
        "../sends.yaml",
        "--",
        "sh",
        "-c",
        script,
      ]);
      const [program, ...args] = argv;
      const child = spawn(program, args, {
        env,
        cwd: person.project,
        stdio: ["ignore", "pipe", "inherit"],
      });
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += String(chunk);
      });
      const waiting = async (): Promise<{ readonly approval: string; readonly digest: string }> => {
        for (;;) {
          const { json } = person.sandboxJson(["approvals"]);
          const [one] = json.approvals;
          if (one !== undefined) return one;
          await delay(50);
        }
      };
      const { approval: asked, digest } = await waiting();
      assert.equal(server.seen().length, 2);
      assert.match(person.sandbox(["approvals", "show", asked]).stdout, /2 requests sent/);
      const approved = person.sandbox(["approve", asked, "--digest", digest]);
      assert.equal(approved.status, 0, approved.stderr);
      await once(child, "close");
      assert.equal(output, "GET /1\nGET /2\nGET /3\nGET /4\n");
      assert.equal(server.seen().length, 4);
    });

    test("a secret is put in towards its own host only; the task, the session and the log have a placeholder", async () => {
      using person = openPerson(kind);
      using own = await openHttpServer();
      using other = await openHttpServer();
      const secret = "ghp_0123456789abcdefghijklmnop";
      person.make({
        "../secret.yaml": `version: 1
network: {mode: allowlist, allow: ["localhost:${own.port}", "localhost:${other.port}"]}
secrets: {TOKEN: {from: {env: HOST_TOKEN}, hosts: ["localhost:${own.port}"]}}
`,
      });
      const script = `echo "$TOKEN"; for port in ${own.port} ${other.port}; do
        curl -sS -o /dev/null --noproxy '' -H "Authorization: Bearer $TOKEN" http://localhost:$port/; done`;
      const ran = person.sandbox(["run", "--profile", "../secret.yaml", "--", "sh", "-c", script], {
        env: { HOST_TOKEN: secret },
      });
      const placeholder = ran.stdout.trim();
      assert.match(placeholder, /^ghp_[A-Za-z0-9]{26}$/, ran.stderr);
      assert.notEqual(placeholder, secret);
      assert.equal(own.seen()[0]?.headers["authorization"], `Bearer ${secret}`);
      assert.equal(other.seen()[0]?.headers["authorization"], `Bearer ${placeholder}`);
      const { json } = person.sandboxJson(["show", "latest", "--network"]);
      assert.deepEqual(json.sends[0].secrets, ["TOKEN"]);
      assert.deepEqual(json.sends[1].misplaced, ["TOKEN"]);
      const shown = person.sandbox(["show", "latest", "--network"]).stdout;
      assert.match(shown, /with TOKEN\n.*without TOKEN: not for this host and port/);
      const kept = person.run(["grep", "-rlF", secret, person.stateHome]);
      assert.equal(kept.stdout, "", "nothing of it is kept");
    });

    test("with over: deny the third is refused, and slow is only slow", async () => {
      using person = openPerson(kind);
      using server = await openHttpServer();
      const { port } = server;
      const toProfile = (budget: string): string =>
        `version: 1\nnetwork: {mode: allowlist, allow: ["localhost:${port}"]}\nbudgets: {send: ${budget}}\n`;
      person.make({ "../deny.yaml": toProfile("{requests: 2, per: run, over: deny}") });
      const script = `for i in 1 2 3; do curl -sS -o /dev/null -w '%{http_code} ' --noproxy '' http://localhost:${port}/$i; done`;
      const ran = person.sandbox(["run", "--profile", "../deny.yaml", "--", "sh", "-c", script]);
      assert.equal(ran.stdout, "200 200 403 ", ran.stderr);
      const { json } = person.sandboxJson(["show", "latest", "--network"]);
      assert.match(json.sends[2].reason, /2 requests sent; the budget is 2 per run/);
    });

    test("a budget of bytes holds within one send too, and what came before it counts", async () => {
      using person = openPerson(kind);
      using server = await openHttpServer();
      const { port } = server;
      person.make({
        "../bytes.yaml": `version: 1\nnetwork: {mode: allowlist, allow: ["localhost:${port}"]}\nbudgets: {send: {bytes: 1MiB, per: run, over: deny}}\n`,
      });
      const script = `for size in 500000 9000000 10; do
        head -c $size /dev/zero | curl -sS -o /dev/null -w '%{http_code} ' --noproxy '' -T - http://localhost:${port}/$size; done`;
      const ran = person.sandbox(["run", "--profile", "../bytes.yaml", "--", "sh", "-c", script]);
      // A client that is still sending when it is refused may see no more than that nobody takes it.
      assert.match(ran.stdout, /^200 (?:403|000) 403 $/, ran.stderr);
      const { json } = person.sandboxJson(["show", "latest", "--network"]);
      assert.ok(json.sends[0].bytesOut >= 500_000);
      assert.ok(json.sends[1].bytesOut < 1_500_000, "what was on its way, and no more");
      assert.match(json.sends[1].reason, /bytes sent; the budget is 1048576 per run/);
      assert.deepEqual(
        server.seen().filter(({ size }) => size > 600_000),
        [],
      );
    });
  });

test("what is wrong with the network is said before the task starts, in one line", () => {
  using person = openPerson(KINDS[0] ?? "plain user");
  for (const [args, env, message] of [
    [["--network", "host"], {}, /--network: none, allowlist or open, not host/],
    [["--allow", "*.com"], {}, /everybody's/],
    [["--allow", "a.example:99999"], {}, /no port/],
    [["--network", "none", "--allow", "a.example"], {}, /--allow names a host/],
    [["--allow", "no-such-host.invalid"], {}, /no-such-host\.invalid: this machine knows no such/],
    [["--network", "open"], { HTTPS_PROXY: "ftp://x" }, /HTTPS_PROXY of this host is no proxy/],
  ] as const) {
    const refused = person.sandbox(["run", ...args, "--", "touch", "started"], { env });
    assert.equal(refused.status, 2, refused.stderr);
    assert.match(refused.stderr, message);
  }
  person.make({
    "../secret.yaml":
      "version: 1\nnetwork: {mode: allowlist, allow: [a.example]}\nsecrets: {KEY: {from: {env: NOT_SET_HERE}, hosts: [a.example]}}\n",
  });
  const missing = person.sandbox(["run", "--profile", "../secret.yaml", "--", "touch", "started"]);
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /the secret KEY is not there: the variable NOT_SET_HERE is not set/);
  person.make({
    "../stuck.yaml":
      'version: 1\nnetwork: {mode: allowlist, allow: ["localhost:5432"]}\nsecrets: {KEY: {from: {env: LANG}, hosts: [localhost]}}\n',
  });
  const stuck = person.sandbox(["run", "--profile", "../stuck.yaml", "--", "touch", "started"]);
  assert.equal(stuck.status, 2);
  assert.match(stuck.stderr, /the secret KEY can be sent nowhere: localhost is not allowed/);
  assert.equal(person.sandboxJson(["ls", "--all"]).json.sessions.length, 0);
});

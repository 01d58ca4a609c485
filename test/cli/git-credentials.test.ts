import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { makeCertificate } from "../network/tls-files.js";
import { openGitHttpServer } from "../support/git-http-server.js";
import { isBrief } from "../support/is-brief.js";
import { openPerson, type Person } from "../support/person.js";

const isRoot = process.getuid?.() === 0;
const KINDS: readonly Person["kind"][] =
  isRoot && !isBrief ? ["root", "plain user"] : ["plain user"];
const USER = "ann.person";
const PASSWORD = "s3cret/pass+word";
/** For a shell: the end of it, which the record of the command then does not hold as one word. */
const SPLIT = `'${PASSWORD.slice(2, 8)}''${PASSWORD.slice(8)}'`;
const SAID = `${USER}:${PASSWORD}`;

/** Gives a person's git a helper that knows the credentials of these places. */
function keepCredentials(person: Person, places: readonly string[]): void {
  const encoded = PASSWORD.replaceAll("/", "%2f").replaceAll("+", "%2b");
  const lines = places.map((place) => place.replace("://", `://${USER}:${encoded}@`));
  person.make({
    "../.gitconfig": `[credential]\n\thelper = store --file=${person.home}/kept\n`,
    "../kept": `${lines.join("\n")}\n`,
  });
}

const COMMIT = "git -c user.name=a -c user.email=a@example.com commit -q --allow-empty -m";

for (const kind of KINDS)
  describe(`git credentials for named hosts, as ${kind}`, () => {
    test("git fetches and pushes by TLS, the task never has the password, and nothing else gets it", async () => {
      using person = openPerson(kind);
      const tls = makeCertificate(["localhost"]);
      using server = await openGitHttpServer(SAID, tls);
      using other = await openGitHttpServer(SAID, tls);
      const [url, elsewhere] = [
        `https://localhost:${server.port}`,
        `https://localhost:${other.port}`,
      ];
      keepCredentials(person, [url, elsewhere]);
      person.make({
        "../roots.pem": tls.cert,
        "../git.yaml": `version: 1
network: {mode: allowlist, allow: ["localhost:${server.port}", "localhost:${other.port}"]}
git_credentials: [{host: "localhost:${server.port}", access: write}]
`,
      });
      const script = `
        exec 2>&1
        git clone -q ${url}/team/repo.git cloned && cat cloned/file
        cd cloned && ${COMMIT} second && git push -q origin main && echo pushed
        cd .. && rm -rf cloned
        printf 'protocol=https\\nhost=localhost:${server.port}\\n\\n' | git credential fill > filled
        said=$(sed -n 's/^username=//p' filled):$(sed -n 's/^password=//p' filled)
        curl -sS --noproxy '' -u "$said" ${url}/team/repo.git/other
        curl -sS --noproxy '' -u "$said" -X POST ${url}/team/repo.git/info/refs
        curl -sS --noproxy '' -u "$said" '${url}/team/%2e%2e/repo.git/info/refs'
        curl -sS --noproxy '' -H "X-Said: $said" ${url}/team/repo.git/info/refs
        curl -sS --noproxy '' -k -u "$said" ${elsewhere}/team/repo.git/info/refs
        git clone -q ${elsewhere}/team/repo.git other || echo not elsewhere
        env; cat filled; rm filled; cat ~/.gitconfig; grep -rlsaF ${SPLIT} "$HOME" /tmp /run /etc /proc/[0-9]*/environ .`;
      const ran = person.sandbox(["run", "--profile", "../git.yaml", "--", "sh", "-c", script], {
        env: { NODE_EXTRA_CA_CERTS: `${person.home}/roots.pem` },
      });
      assert.match(ran.stdout, /^from the server\npushed\n/, ran.stderr);
      assert.match(ran.stdout, /not elsewhere/);
      assert.match(ran.stdout, /GIT_CONFIG_PARAMETERS=/, "control: the environment is there");
      for (const text of [USER, PASSWORD, PASSWORD.slice(2), Buffer.from(SAID).toString("base64")])
        assert.ok(!`${ran.stdout}${ran.stderr}`.includes(text), text);
      assert.deepEqual(server.subjects(), ["second", "first"]);
      const good = server.seen().filter(({ said }) => said === SAID);
      assert.deepEqual(
        [...new Set(good.map(({ method, url: path }) => `${method} ${path}`))],
        [
          "GET /team/repo.git/info/refs?service=git-upload-pack",
          "POST /team/repo.git/git-upload-pack",
          "GET /team/repo.git/info/refs?service=git-receive-pack",
          "POST /team/repo.git/git-receive-pack",
        ],
      );
      const bare = server.seen().filter(({ said }) => said !== SAID && said !== "");
      assert.equal(bare.length, 3, "what is not git's got the placeholders");
      assert.deepEqual([...new Set(other.seen().map(({ said }) => said === SAID))], [false]);
      const { json } = person.sandboxJson(["show", "latest", "--network"]);
      const named = json.sends.filter((send: { secrets?: string[] }) => send.secrets !== undefined);
      assert.deepEqual(named[0].secrets, [`git user of ${url}`, `git password of ${url}`]);
      const record = JSON.stringify(person.sandboxJson(["show", "latest"]).json);
      assert.ok(
        !record.includes(PASSWORD.slice(2)) && !JSON.stringify(json).includes(PASSWORD.slice(2)),
      );
    });
  });

describe("git credentials for named hosts", () => {
  test("reading is not pushing, plain HTTP only where it is named, and exec has its own", async () => {
    using person = openPerson("plain user");
    using server = await openGitHttpServer(SAID);
    const url = `http://localhost:${server.port}`;
    keepCredentials(person, [url, `https://localhost:${server.port}`]);
    const script = `git clone -q ${url}/team/repo.git cloned && cat cloned/file && cd cloned && ${COMMIT} second && git push -q origin main 2>/dev/null || echo not pushed`;
    const run = (place: string) =>
      person.sandbox(["run", "--git-credentials", place, "--", "sh", "-c", script]);
    const ran = run(url);
    assert.equal(ran.stdout, "from the server\nnot pushed\n", ran.stderr);
    assert.deepEqual(server.subjects(), ["first"]);
    assert.ok(
      server.seen().some(({ said }) => said === SAID),
      "control",
    );
    const again = person.sandbox([
      "exec",
      "latest",
      "--",
      "git",
      "-C",
      "cloned",
      "ls-remote",
      "-q",
    ]);
    assert.match(again.stdout, /refs\/heads\/main/, again.stderr);
    const before = server.seen().length;
    const secure = run(`localhost:${server.port}`);
    assert.equal(secure.stdout, "not pushed\n", secure.stderr);
    assert.ok(
      server
        .seen()
        .slice(before)
        .every(({ said }) => said === ""),
      "nothing without TLS",
    );
  });

  test("what cannot be is told in one line before the task starts, and a workspace's own git is not asked", () => {
    using person = openPerson("plain user");
    keepCredentials(person, ["https://known.test"]);
    person.run(["git", "init", "-q", "."]);
    person.run([
      "git",
      "config",
      "credential.helper",
      `!touch ${person.home}/ran; echo password=x`,
    ]);
    const ask = (profile: string) => {
      person.make({ "../git.yaml": `version: 1\n${profile}` });
      const words = ["run", "--profile", "../git.yaml", "--", "touch", "made"];
      const env = {
        GIT_DIR: `${person.project}/.git`,
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "credential.helper",
        GIT_CONFIG_VALUE_0: `!touch ${person.home}/ran; echo password=x`,
      };
      const { status, stderr } = person.sandbox(words, { env });
      return [status, stderr.split("\n")[0] ?? ""] as const;
    };
    const allowed = 'network: {mode: allowlist, allow: ["unknown.test", "known.test"]}\n';
    const [status, line] = ask(`${allowed}git_credentials: [unknown.test]\n`);
    assert.match(line, /no credentials for https:\/\/unknown\.test/);
    assert.equal(status, 2);
    assert.deepEqual(ask(`${allowed}git_credentials: [known.test]\n`)[0], 0, "control");
    assert.equal(person.run(["test", "-e", `${person.home}/ran`]).status, 1);
    person.run(["git", "credential", "fill"], { input: "protocol=https\nhost=x.test\n\n" });
    assert.equal(person.run(["test", "-e", `${person.home}/ran`]).status, 0, "control");
  });
});

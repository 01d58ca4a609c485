import assert from "node:assert/strict";
import { chmodSync, linkSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { isBrief } from "../support/is-brief.js";
import { openPerson, type Person } from "../support/person.js";
import {
  openPrivateDocker,
  type PrivateDocker,
  skipWithoutDocker,
} from "../support/private-docker.js";

const isRoot = process.getuid?.() === 0;
const LOADER = "$(ls /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.* 2>/dev/null | head -1)";

/** Every way to the program `od`, which is denied, and to `awk`, which is a link to a link. A line each that gets through. */
const WAYS = `
for p in od awk; do f=$(readlink -f /usr/bin/$p)
  try() { "$@" </dev/null >/dev/null 2>&1 && echo "through: $p $n"; }
  n=name; case $p in od) try od -c;; awk) try awk 1;; esac
  for n in /usr/bin/$p $f /proc/self/root$f /bin/$p; do case $p in od) try $n -c;; awk) try $n 1;; esac; done
  n=copy; cp $f ./copy 2>/dev/null; case $p in od) try ./copy -c;; awk) try ./copy 1;; esac
  n=loader; case $p in od) try ${LOADER} $f -c;; awk) try ${LOADER} $f 1;; esac
  n=script; printf '#!%s\\n' $f >s; chmod +x s; try ./s; rm -f s copy
  n=python; try python3 -c "import os; os.execv('$f', ['$p', '-c' if '$p' == 'od' else '1'])"
done; wc -c /dev/null`;

const DENIED = `version: 1
commands: {rules: [{id: none, argv: [{oneof: [od, awk]}], decision: deny}]}
`;

/** Every place that a task can write to, and a line for each program that it starts there. */
const PLACES = `
for d in . /tmp $HOME /var/tmp /dev/shm /run; do
  cp /bin/true $d/t 2>/dev/null || continue
  $d/t 2>/dev/null && echo "through: $d program"
  ${LOADER} $d/t 2>/dev/null && echo "through: $d loader"
  printf '#!/bin/sh\\n' >$d/s; chmod +x $d/s; $d/s 2>/dev/null && echo "through: $d script"
  rm -f $d/t $d/s
done; printf 'echo read\\n' >r; sh r; rm r
python3 -c "import os; os.execve(os.memfd_create('x'), ['x'], {})" 2>&1 | grep -q 'Exec format' && echo "through: memory"; true`;

/** Where scripts may not be executed they are read. */
const BEGIN = "import os; os.execv('/bin/sh', ['sh', 'ways'])";

const NOEXEC = "version: 1\nexec: workspace-denied\n";

/** A script of the workspace: rules on commands do not look into it. */
function lines(
  person: Person,
  options: readonly string[],
  script: string,
  env = {},
): readonly string[] {
  const file = path.join(person.project, "ways");
  person.make({ ways: `#!/bin/sh\n${script}\n` });
  chmodSync(file, 0o755);
  const argv = ["run", "--commit", "never", ...options, "--", "python3", "-c", BEGIN];
  const { stdout, stderr, status } = person.sandbox(argv, { env });
  assert.equal(status, 0, stderr);
  return stdout.trim().split("\n");
}

const KINDS = isRoot ? (["root", "plain user"] as const) : (["plain user"] as const);
const ENGINES = [
  { name: "oci with crun", options: ["--engine", "oci", "--runtime", "crun"] },
  { name: "oci with runsc", options: ["--engine", "oci", "--runtime", "runsc"] },
  { name: "docker with runc", options: ["--engine", "docker", "--runtime", "runc"] },
];

for (const { name, options } of ENGINES.filter(({ name }) => !isBrief || !name.endsWith("runsc")))
  describe(`rules on programs hold for what a task starts, ${name}`, {
    skip: name.startsWith("docker") ? skipWithoutDocker() : false,
  }, () => {
    let docker: PrivateDocker | undefined;
    before(async () => {
      if (name.startsWith("docker")) docker = await openPrivateDocker();
    });
    after(() => docker?.[Symbol.asyncDispose]());

    for (const kind of isBrief && !name.endsWith("crun") ? KINDS.slice(-1) : KINDS) {
      const open = (): Person => {
        const person = openPerson(kind);
        docker?.admit(person.uid);
        person.make({ "../denied.yaml": DENIED, "../noexec.yaml": NOEXEC, a: "a\n" });
        return person;
      };

      test(`${kind}: a denied program cannot be started by any of its names, nor copied`, () => {
        using person = open();
        const profiled = [...options, "--profile", "../denied.yaml"];
        assert.deepEqual(lines(person, profiled, WAYS, docker?.env), ["0 /dev/null"]);
        const free = lines(person, options, WAYS, docker?.env);
        for (const way of ["name", "copy", "loader", "python", "/proc/self/root/usr/bin/od"])
          assert.ok(
            free.some((line) => line.endsWith(way)),
            `control: ${way} in ${free}`,
          );
      });

      test(`${kind}: what is written is not executed where the profile says so`, () => {
        using person = open();
        const profiled = [...options, "--profile", "../noexec.yaml"];
        if (name.endsWith("runsc")) {
          const refused = person.sandbox(["run", ...profiled, "--", "true"]);
          assert.equal(refused.status, 125, refused.stderr);
          assert.match(refused.stderr, /exec workspace-denied/);
          return;
        }
        assert.deepEqual(lines(person, profiled, PLACES, docker?.env), ["read"]);
        const free = lines(person, options, PLACES, docker?.env);
        for (const place of [
          ". program",
          "/tmp loader",
          ". script",
          "/home/sandbox program",
          "memory",
        ])
          assert.ok(free.includes(`through: ${place}`), `control: ${place} in ${free}`);
      });
    }
  });

test("another name of a denied program's file goes with it", {
  skip: isRoot ? false : "root only",
}, () => {
  using person = openPerson("root");
  const others = ["/usr/local/bin", "/usr/share"].map(
    (place) => `${place}/sbx-other-name-${process.pid}`,
  );
  try {
    for (const other of others) linkSync("/usr/bin/od", other);
    person.make({ "../denied.yaml": DENIED });
    const script = `for p in ${others.join(" ")}; do $p -c /dev/null && echo through; done; echo end`;
    assert.deepEqual(lines(person, ["--profile", "../denied.yaml"], script), ["end"]);
    const through = ["0000000", "through"];
    assert.deepEqual(lines(person, [], script), [...through, ...through, "end"], "control");
  } finally {
    for (const other of others) rmSync(other, { force: true });
  }
});

test("a denied program is not there either in what is shown for the command or by --ro", () => {
  using person = openPerson(isRoot ? "root" : "plain user");
  const prefix = path.join(person.home, "agent");
  person.make({
    "../denied.yaml": DENIED,
    "../agent/package.json": "{}",
    "../agent/bin/agent": "#!/bin/sh\ncd $(dirname $0); ./od; ./other\n",
    "../agent/bin/od": "#!/bin/sh\necho through\n",
    "../agent/bin/other": "#!/bin/sh\necho end\n",
  });
  for (const name of ["agent", "od", "other"]) chmodSync(path.join(prefix, "bin", name), 0o755);
  const agent = (...options: readonly string[]) =>
    person.sandbox(["run", "--commit", "never", ...options, "--", path.join(prefix, "bin/agent")])
      .stdout;
  const denied = ["--profile", "../denied.yaml"];
  assert.equal(agent(...denied), "end\n");
  assert.equal(agent(...denied, "--ro", prefix), "end\n");
  assert.equal(agent(), "through\nend\n", "control");
});

test("perl, which every sandbox begins with, is not denied in silence", () => {
  using person = openPerson(isRoot ? "root" : "plain user");
  person.make({
    "../perl.yaml": "version: 1\ncommands: {rules: [{id: p, argv: [perl], decision: deny}]}\n",
  });
  const { status, stderr } = person.sandbox(["run", "--profile", "../perl.yaml", "--", "true"]);
  assert.equal(status, 125);
  assert.match(stderr, /perl/);
});

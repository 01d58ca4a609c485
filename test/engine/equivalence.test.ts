import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { EDIT_PARTS, FIFO_PARTS, toXattrParts } from "../support/edit-parts.js";
import { isBrief } from "../support/is-brief.js";
import { openPerson, type Person } from "../support/person.js";
import { type Backend, type PlayedEdits, playEdits } from "../support/play-edits.js";
import {
  BUSYBOX,
  importBusyboxInto,
  openPrivateDocker,
  type PrivateDocker,
  skipWithoutDocker,
} from "../support/private-docker.js";
import { projectRoot } from "../support/project-root.js";
import { openRemoteDocker, type RemoteDocker } from "../support/remote-docker.js";
import { openTempDir } from "../support/temp-tree.js";

const isRoot = process.getuid?.() === 0;
const noDocker = skipWithoutDocker();
const noRemote = noDocker || (isRoot ? false : "only root starts another daemon");
const OCI: readonly Backend[] = ["crun", "runc", "runsc"].map((runtime) => ({
  name: `oci×${runtime}`,
  options: ["--engine", "oci", "--runtime", runtime],
  env: {},
}));
const [reference = { name: "", options: [], env: {} }, ...otherOci] = OCI;
const DOCKER_RUNTIMES = ["runc", "runsc"];

// design.md decision 5: the digest tells what the task did, not which engine it did it in.
describe("one script of edits is the same changeset", () => {
  let docker: PrivateDocker | undefined;
  let remote: RemoteDocker | undefined;
  const built = openTempDir();
  // gVisor opens no FIFO of the host's and, of Debian 12, gives the host's files no extended attributes.
  const EVERYTHING = [...EDIT_PARTS, ...FIFO_PARTS, ...toXattrParts(compileSetter(built.path))];
  before(async () => {
    if (noDocker === false) docker = await openPrivateDocker();
    if (noRemote === false) remote = await openRemoteDocker();
    if (remote !== undefined) importBusyboxInto(remote.docker);
  });
  after(async () => {
    built[Symbol.dispose]();
    await docker?.[Symbol.asyncDispose]();
    await remote?.[Symbol.asyncDispose]();
  });

  const onDocker = (runtime: string): Backend => ({
    name: `docker×${runtime}`,
    options: ["--engine", "docker", "--runtime", runtime],
    env: docker?.env ?? {},
  });
  const onRemote = (): Backend => ({
    name: "remote docker",
    options: ["--engine", "docker", "--image", BUSYBOX],
    env: { ...remote?.env, DOCKER_HOST: remote?.address ?? "" },
  });

  const rounds = [
    { who: "root, whose base belongs to another user", kind: "root", owner: "other" },
    { who: "root, whose own the base is", kind: "root", owner: "person" },
    { who: "a plain user", kind: "plain user", owner: "person" },
  ] as const;
  let first: PlayedEdits | undefined;

  for (const { who, kind, owner } of isBrief ? rounds.slice(0, 1) : rounds)
    describe(`for ${who}`, {
      skip: kind === "root" && !isRoot ? "this is a plain user" : false,
    }, () => {
      let person: Person;
      /** By the reference: what every backend can do, and with it what all but gVisor can. */
      let common: PlayedEdits;
      let whole: PlayedEdits;
      before(() => {
        person = openPerson(kind);
        docker?.admit(person.uid);
        common = playEdits(person, reference, { parts: EDIT_PARTS, owner });
        whole = playEdits(person, reference, { parts: EVERYTHING, owner });
        first ??= common;
      });
      after(() => person[Symbol.dispose]());

      const check = (backend: Backend): void => {
        const isGVisor = backend.options.includes("runsc");
        const parts = isGVisor ? EDIT_PARTS : EVERYTHING;
        assertSame(playEdits(person, backend, { parts, owner }), isGVisor ? common : whole);
      };

      test(`${reference.name}, as for anybody else`, () => {
        assert.ok(common.changes.length > 150, `${common.changes.length} changes`);
        assertSame(common, first ?? common);
        assert.ok(whole.changes.some((line) => line.includes('"user.new"')));
        assert.ok(whole.changes.some((line) => line.includes('"fifo"')));
      });
      for (const backend of otherOci) test(backend.name, () => check(backend));
      for (const runtime of DOCKER_RUNTIMES)
        test(`docker×${runtime}`, { skip: noDocker }, () => check(onDocker(runtime)));
      test(
        "remote docker",
        { skip: kind === "root" ? noRemote : "the daemon's certificates are root's" },
        () => check(onRemote()),
      );
    });

  test("one more edit is another changeset (control)", () => {
    using person = openPerson(isRoot ? "root" : "plain user");
    const parts = EDIT_PARTS.slice(0, 1);
    const one = playEdits(person, reference, { parts, more: "echo y >content/one-more" });
    assert.ok(one.changes.some((line) => line.includes('"content/one-more"')));
    const without = playEdits(person, reference, { parts });
    assert.throws(() => assertSame(one, without), /one-more/);
    assert.notEqual(one.digest, without.digest);
  });
});

/** Compiles the program that sets extended attributes. */
function compileSetter(dir: string): string {
  const [source, program] = [
    path.join(projectRoot, "test/support/set-xattr.c"),
    path.join(dir, "set-xattr"),
  ];
  const { status, stderr } = spawnSync("gcc", ["-static", "-o", program, source], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`gcc: ${stderr}`);
  return program;
}

/** The lists first: they say what differs. */
function assertSame(actual: PlayedEdits, expected: PlayedEdits): void {
  const [missing, surplus] = [
    expected.changes.filter((line) => !actual.changes.includes(line)),
    actual.changes.filter((line) => !expected.changes.includes(line)),
  ];
  assert.deepEqual({ missing, surplus }, { missing: [], surplus: [] });
  assert.deepEqual(actual.notices, expected.notices);
  assert.equal(actual.digest, expected.digest);
}

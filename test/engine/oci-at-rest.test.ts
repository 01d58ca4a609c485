import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openOciEngine } from "../../src/engine/oci/open-oci-engine.js";
import { openEngineCase } from "../support/engine-case.js";
import { projectRoot } from "../support/project-root.js";
import { openTempDir } from "../support/temp-tree.js";

const cache = openTempDir();
after(() => cache[Symbol.dispose]());

const RUNTIMES = ["crun", "runc"] as const;
/** timer_create(2) and timer_settime(2). */
const NUMBERS = process.arch === "arm64" ? "107, 110" : "222, 223";
/** Says something at each turn. With a timer it gets SIGCONT, which wakes whoever is stopped; it may stop again by itself. */
const toScript = (o: { readonly hasTimer: boolean; readonly stopsAgain: boolean }): string => `
  $| = 1; $SIG{CONT} = sub { print "woken\\n"; kill STOP => $$ if ${o.stopsAgain ? 1 : 0} };
  my ($id, $event) = (pack("l", 0), pack("q l l x48", 0, 18, 0));
  my @number = (${NUMBERS});
  syscall($number[0], 1, $event, $id) == 0 or die "timer_create: $!";
  my $times = pack("q4", 0, 200_000_000, 0, 200_000_000);
  if (${o.hasTimer ? 1 : 0}) { syscall($number[1], unpack("l", $id), 0, $times, 0) == 0 or die "timer_settime: $!" }
  print "ready\\n";
  while (1) { print "on\\n"; select(undef, undef, undef, 0.01) }`;

for (const runtime of RUNTIMES) {
  const makeEngine = () =>
    openOciEngine({
      ...{ cacheDir: path.join(cache.path, "cache"), runtime },
      profilesDir: path.join(projectRoot, "profiles"),
    });

  test(`${runtime}: what is paused and wakes itself is ended`, async () => {
    for (const stopsAgain of [false, true]) {
      using one = openEngineCase(makeEngine());
      const { sandbox, says } = await one.start({
        argv: ["perl", "-e", toScript({ hasTimer: true, stopsAgain })],
      });
      await says("ready");
      await sandbox.pause();
      assert.deepEqual(await sandbox.wait(), {
        outcome: "interrupted",
        reason: "it went on by itself while it was to be at rest",
      });
      await sandbox[Symbol.asyncDispose]();
    }
  });

  test(`${runtime}: what only sleeps, forks and waits in vfork(2) is left at rest, and goes on`, async () => {
    using one = openEngineCase(makeEngine());
    const script = `perl -e '${toScript({ hasTimer: false, stopsAgain: false })}' & while :; do sleep 0.01; done`;
    const { sandbox, output, says } = await one.start({ argv: ["sh", "-c", script] });
    await says("ready");
    for (let times = 0; times < 3; times += 1) {
      await sandbox.pause();
      await delay(500);
      await sandbox.resume();
      for (const { length } = output.stdout; output.stdout.length < length + 10; ) await delay(10);
    }
    sandbox.stop("enough");
    assert.deepEqual(await sandbox.wait(), { outcome: "interrupted", reason: "enough" });
    await sandbox[Symbol.asyncDispose]();
  });
}

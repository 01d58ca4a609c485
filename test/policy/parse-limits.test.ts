import assert from "node:assert/strict";
import { test } from "node:test";
import {
  parseCpus,
  parseDuration,
  parseLimits,
  parsePids,
  parseSize,
} from "../../src/policy/parse-limits.js";

const wrong = { code: "usage", message: /^--option "/ };

test("sizes are powers of 1024, in any of the usual spellings", () => {
  for (const [text, bytes] of [
    ["1", 1],
    ["4096", 4096],
    ["512b", 512],
    ["1k", 1024],
    ["1K", 1024],
    ["1kb", 1024],
    ["1KiB", 1024],
    ["1.5k", 1536],
    ["512m", 512 * 2 ** 20],
    ["4GiB", 4 * 2 ** 30],
    ["4 GiB", 4 * 2 ** 30],
    ["2T", 2 * 2 ** 40],
  ] as const)
    assert.equal(parseSize(text, "--option"), bytes, text);
});

test("what is no size is refused with the option and the right form", () => {
  for (const text of [
    "",
    "0",
    "-1",
    "1e3",
    "k",
    "1p",
    "1.2.3k",
    "0x10",
    "Infinity",
    "NaN",
    "9999999999999t",
    "1k\n",
    "١k",
  ])
    assert.throws(() => parseSize(text, "--option"), wrong, text);
});

test("times are numbers with units, alone or in a row; a number alone is seconds", () => {
  for (const [text, milliseconds] of [
    ["90", 90_000],
    ["90s", 90_000],
    ["1.5s", 1_500],
    ["500ms", 500],
    ["10m", 600_000],
    ["1h", 3_600_000],
    ["1h30m", 5_400_000],
    ["1m500ms", 60_500],
    ["2d", 172_800_000],
  ] as const)
    assert.equal(parseDuration(text, "--option"), milliseconds, text);
});

test("what is no time, or more than a timer can count, is refused", () => {
  for (const text of [
    "",
    "0",
    "0s",
    "-1s",
    "s",
    "1 s",
    "1x",
    "1h30",
    "25d",
    "99999999999",
    "1s\n",
    "infinity",
  ])
    assert.throws(() => parseDuration(text, "--option"), wrong, text);
});

test("processors and processes are plain numbers in a sensible range", () => {
  assert.equal(parseCpus("0.5", "--option"), 0.5);
  assert.equal(parseCpus("2", "--option"), 2);
  for (const text of ["", "0", "0.001", "-1", "1e1", ".5", "10000", "two"])
    assert.throws(() => parseCpus(text, "--option"), wrong, text);
  assert.equal(parsePids("16", "--option"), 16);
  for (const text of ["", "0", "15", "-1", "1.5", "1e3", "4194305"])
    assert.throws(() => parsePids(text, "--option"), wrong, text);
});

test("only the number of processes is limited by default", () => {
  assert.deepEqual(parseLimits({}), { pids: 4096 });
  assert.deepEqual(
    parseLimits({ timeout: "1m", memory: "1g", cpus: "1.5", pids: "20", upper: "10g" }),
    { memoryBytes: 2 ** 30, cpus: 1.5, pids: 20, upperBytes: 10 * 2 ** 30, timeoutMs: 60_000 },
  );
  assert.throws(() => parseLimits({ memory: "1m" }), {
    code: "usage",
    message: /--memory "1m": give at least 6m/,
  });
  for (const upper of ["1", "64k", "1048575"])
    assert.throws(() => parseLimits({ upper }), {
      ...{ code: "usage", message: `--disk "${upper}": give at least 1m` },
    });
  assert.equal(parseLimits({ upper: "1m" }).upperBytes, 2 ** 20, "control");
});

test("nothing is no limit: it is said how to have none", () => {
  for (const text of ["0", "0m", "0.1"])
    assert.throws(() => parseSize(text, "--disk"), {
      message: /--disk .*leave it out for no limit/,
    });
});

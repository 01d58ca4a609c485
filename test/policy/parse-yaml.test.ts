import assert from "node:assert/strict";
import { test } from "node:test";
import { parseYaml } from "../../src/policy/profile/parse-yaml.js";

function refuses(text: string, message: RegExp): void {
  assert.throws(() => parseYaml(text, "p.yaml"), message);
}

test("plain words are text, decimal numbers are numbers, true and false are what they say", () => {
  const { value } = parseYaml(
    "a: 1\nb: 2.5\nc: true\nd: word\ne: '1'\nf: \"no\"\ng: [x, -f, 4GiB]\nh: {i: 1h30m}\n",
    "p.yaml",
  );
  assert.deepEqual(value, {
    a: 1,
    b: 2.5,
    c: true,
    d: "word",
    e: "1",
    f: "no",
    g: ["x", "-f", "4GiB"],
    h: { i: "1h30m" },
  });
});

test("refuses what other parsers read as something else, and says how to write it", () => {
  for (const word of [
    "no",
    "YES",
    "on",
    "~",
    "null",
    "0x1f",
    "0o17",
    "017",
    "1e3",
    ".inf",
    "1_000",
    "12:30",
    "2020-01-01",
    "True",
    "y",
  ])
    refuses(
      `a: 1\nb: ${word}\n`,
      /^SandboxError: p\.yaml:2: .* is read differently by other programs$/,
    );
  assert.deepEqual(parseYaml('b: "no"', "p.yaml").value, { b: "no" });
});

test("refuses anchors, aliases, tags, merge keys, twins, empty values and second documents, with their line", () => {
  refuses("a: &x 1", /p\.yaml:1: anchors/);
  refuses("a: 1\nb: *x", /p\.yaml:2:/);
  refuses("a: !!str x", /p\.yaml:1: tags/);
  refuses("a: !mine [x]", /p\.yaml:1:/);
  refuses("a: 1\n<<: {b: 1}", /p\.yaml:2: merge keys/);
  refuses("a: 1\nb: 2\na: 3", /p\.yaml:3: Map keys must be unique/);
  refuses("a:\nb: 1", /p\.yaml:1: an empty value/);
  refuses("a: 1\n---\nb: 2", /p\.yaml:[23]: a second document/);
  refuses("", /p\.yaml:1: the file is empty/);
  refuses("a: [1", /p\.yaml:/);
  refuses("? [a]\n: b", /a key must be a word/);
  refuses("a: 1\n__proto__: {b: 1}", /p\.yaml:2: __proto__/);
});

test("says where a value stands, and where its nearest parent stands that is there", () => {
  const { locate } = parseYaml("a:\n  b:\n    - x\n    - {c: 1}\n", "p.yaml");
  assert.equal(locate(["a", "b", 1, "c"]), "p.yaml:4");
  assert.equal(locate(["a", "nothing", 3]), "p.yaml:1");
});

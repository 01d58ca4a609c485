import assert from "node:assert/strict";
import { test } from "node:test";
import { isSecretName, maskArgv, maskSecrets } from "../../src/core/mask-secrets.js";

const TOKEN = `ghp_${"a1B2".repeat(9)}`;

test("known formats of secrets are masked wherever they stand", () => {
  for (const secret of [
    TOKEN,
    `github_pat_${"a1B2_".repeat(5)}`,
    "sk-ant-api03-abcdefghijklmnop",
    "AKIAIOSFODNN7EXAMPLE",
    "xoxb-123456789012-abcdefghij",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n-----END OPENSSH PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nnever ended",
  ])
    assert.equal(maskSecrets(`a ${secret}`), "a [masked]", secret);
});

test("a value is masked by the name before it, and the name stays", () => {
  for (const [text, masked] of [
    ["GITHUB_TOKEN=abc make", "GITHUB_TOKEN=[masked] make"],
    ["export DB_PASSWORD='a b' && x", "export DB_PASSWORD=[masked] && x"],
    ["--api-key=abc", "--api-key=[masked]"],
    ['{"client_secret": "abc", "a": 1}', '{"client_secret": [masked], "a": 1}'],
    ["Authorization: Bearer abc.def", "Authorization: [masked]"],
    ["curl -H 'X-Api-Key: abc' x", "curl -H 'X-Api-Key: [masked]' x"],
    ["https://me:p@ss@example.org/x", "https://me:[masked]@example.org/x"],
    ["DATA=4f1c0e9a7b2d4f1c0e9a7b2d4f1c0e9a", "DATA=[masked]"],
    ["--data=q83vASNFZ4mrze8BI0VniavN7wEjRWeJ", "--data=[masked]"],
  ] as const)
    assert.equal(maskSecrets(text), masked);
});

test("what is no secret stays readable", () => {
  for (const text of [
    "git commit -m 'monkey business' --author=me",
    "PATH=/usr/local/bin:/usr/bin make -j4",
    "--config=/home/User1/Projects/Some/Long/Path/of-a-file.json",
    "https://example.org/a:b@c?x=1",
    "sha256:4f1c0e9a7b2d4f1c0e9a7b2d4f1c0e9a4f1c0e9a7b2d4f1c0e9a7b2d4f1c0e9a",
    "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
    "PWD=/home/me",
    "--name=a-name-that-is-long-but-of-words",
  ])
    assert.equal(maskSecrets(text), text);
});

test("the word after an option that names a secret is masked", () => {
  for (const [argv, masked] of [
    [
      ["tool", "--token", "abc", "x"],
      ["tool", "--token", "[masked]", "x"],
    ],
    [
      ["/usr/bin/curl", "-u", "me:abc", "x"],
      ["/usr/bin/curl", "-u", "me:[masked]", "x"],
    ],
    [
      ["mysql", "-pabc"],
      ["mysql", "-p[masked]"],
    ],
    [
      ["sshpass", "-p", "abc", "ssh"],
      ["sshpass", "-p", "[masked]", "ssh"],
    ],
    [
      ["mkdir", "-pabc", "-u", "a:b"],
      ["mkdir", "-pabc", "-u", "a:b"],
    ],
    [
      ["sh", "-c", `echo ${TOKEN}`],
      ["sh", "-c", "echo [masked]"],
    ],
  ] as const)
    assert.deepEqual(maskArgv(argv), masked);
});

test("names of secrets are told from others", () => {
  for (const name of ["GITHUB_TOKEN", "apiKey", "aws_secret_access_key", "MYSQL_PWD", "KEY"])
    assert.equal(isSecretName(name), true, name);
  for (const name of ["PWD", "MONKEY", "keyboard", "AUTHOR", "PATH"])
    assert.equal(isSecretName(name), false, name);
});

test("long words and long commands are cut, a secret at the cut too", () => {
  const long = maskSecrets(`${"a ".repeat(2040)}TOKEN=${"b".repeat(9000)}`);
  assert.doesNotMatch(long, /bb/);
  assert.match(long, /TOKEN=\[masked\]/);
  assert.match(maskSecrets("x".repeat(10_000)), /^x{4096}… \(10000 characters\)$/);
  const words = maskArgv(Array.from({ length: 1000 }, () => "w"));
  assert.equal(words.length, 257);
  assert.equal(words.at(-1), "… (744 more words)");
});

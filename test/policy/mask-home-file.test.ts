import assert from "node:assert/strict";
import { test } from "node:test";
import { maskHomeFile, pickKeys } from "../../src/policy/home/mask-home-file.js";

/** What was replaced, and the text with `<1>`, `<2>`… there. */
function mask(name: string, text: string): { text: string | undefined; secrets: string[] } {
  const secrets: string[] = [];
  const masked = maskHomeFile(name, text, (value) => `<${secrets.push(value)}>`);
  return { text: masked, secrets };
}

const TOKEN = "sk-ant-oat01-AbCdEf0123456789AbCdEf";
const OPAQUE = "1//0gK3ldPq-x9Zr_7TtUv";

for (const [name, text, masked, secrets] of [
  // Claude Code, Codex, Gemini, opencode, MCP servers.
  [
    ".credentials.json",
    `{"claudeAiOauth":{"accessToken":"${TOKEN}","expiresAt":1790000000000,"scopes":["user:sessions:claude_code"]}}`,
    '{"claudeAiOauth":{"accessToken":"<1>","expiresAt":1790000000000,"scopes":["user:sessions:claude_code"]}}',
    [TOKEN],
  ],
  [
    "auth.json",
    `{"OPENAI_API_KEY": null, "tokens": {"account_id": "acc0unt-1234"}, "a": {"type": "oauth", "refresh": "${OPAQUE}"}, "last_refresh": "2026-01-02T03:04:05Z"}`,
    '{"OPENAI_API_KEY": null, "tokens": {"account_id": "<1>"}, "a": {"type": "oauth", "refresh": "<2>"}, "last_refresh": "2026-01-02T03:04:05Z"}',
    ["acc0unt-1234", OPAQUE],
  ],
  [
    "settings.json",
    '{"security":{"auth":{"selectedType":"gemini-api-key"}},"mcp":{"env":{"GH":"ghp_0123456789abcdefABCD"},"args":["--api-key","pass phrase","-y"]},"max_tokens":4096}',
    '{"security":{"auth":{"selectedType":"gemini-api-key"}},"mcp":{"env":{"GH":"<1>"},"args":["--api-key","<2>","-y"]},"max_tokens":4096}',
    ["ghp_0123456789abcdefABCD", "pass phrase"],
  ],
  [
    "opencode.jsonc",
    '{ // sk-commented0123456789\n "options": {"apiKey": "{env:K}", "k2": 1,}, "password": "a\\"b" }',
    '{ \n "options": {"apiKey": "{env:K}", "k2": 1,}, "password": "<1>" }',
    ['a"b'],
  ],
  [
    "config.toml",
    'cli_auth_credentials_store = "file"\nenv_key = "MY_KEY"\n[a.headers]\nx = { Authorization = "Bearer abcdef0123456789" }\n[api_keys]\nmine = "s3cretvalue" # note\n[b]\nmine = "s3cretvalue"\n',
    'cli_auth_credentials_store = "file"\nenv_key = "MY_KEY"\n[a.headers]\nx = { Authorization = "Bearer <1>" }\n[api_keys]\nmine = "<2>"\n[b]\nmine = "s3cretvalue"\n',
    ["abcdef0123456789", "s3cretvalue"],
  ],
  [
    ".npmrc",
    `//registry.npmjs.org/:_authToken=npm_x\n//r/:_password = "cGFzcw=="\n_auth=${"$"}{NPM_AUTH}\nregistry=https://u:pa55@r.example/\n`,
    `//registry.npmjs.org/:_authToken=<1>\n//r/:_password = "<2>"\n_auth=${"$"}{NPM_AUTH}\nregistry=https://u:<3>@r.example/\n`,
    ["npm_x", "cGFzcw==", "pa55"],
  ],
  [
    ".gitconfig",
    "[user]\n\tname = A Key\n\temail = a@b.c\n[credential]\n\thelper = store\n[http]\n\textraheader = AUTHORIZATION: basic Zm9vOmJhcg==\n# token = old0123456789\n",
    "[user]\n\tname = A Key\n\temail = a@b.c\n[credential]\n\thelper = store\n[http]\n\textraheader = AUTHORIZATION: basic <1>\n# token = <2>\n",
    ["Zm9vOmJhcg==", "old0123456789"],
  ],
  [".env", 'export A_TOKEN="x y" \nB=1\n', 'export A_TOKEN="<1>" \nB=1\n', ["x y"]],
  [
    ".netrc",
    "machine h login me password pa55word1",
    "machine h login me password <1>",
    ["pa55word1"],
  ],
  [
    "secrets.yaml",
    "# sk-commented0123456789\nGOOSE: {deep: abcdefgh1}\nkey: &a word\nalias: *a\n",
    "GOOSE: { deep: <1> }\nkey: &a <2>\nalias: *a\n",
    ["abcdefgh1", "word"],
  ],
  [
    "CLAUDE.md",
    `# token: string\nUse password: hunter2x9y8 and ${TOKEN}.\n`,
    "# token: string\nUse password: <1> and <2>.\n",
    ["hunter2x9y8", TOKEN],
  ],
] as const)
  test(`${name}: what is secret is replaced, and nothing else`, () => {
    assert.deepEqual(mask(name, text), { text: masked, secrets: [...secrets] });
  });

test("what cannot be made out is left out", () => {
  for (const [name, text] of [
    ["a.json", '{"a": "unended}'],
    ["a.json", '{"a": 1]'],
    ["a.json", '{"a": {}'],
    ["a.yaml", "a: [1"],
    ["a.toml", 'token = """\nabc\n"""\n'],
  ] as const)
    assert.equal(mask(name, text).text, undefined, text);
  assert.equal(mask("a.json", '{"a": 1}\n{"b": 2}\n').text, '{"a": 1}\n{"b": 2}\n', "control");
});

test("a list or table under a secret's name has each text replaced", () => {
  assert.equal(mask("a.toml", 'tokens = ["ab", "cd"]\n').text, 'tokens = ["<1>", "<2>"]\n');
  assert.equal(mask("a.toml", "tokens = [\n'ab'\n]\n").text, undefined, "over more lines");
  assert.equal(mask("a.toml", "names = [\n'ab'\n]\n").text, "names = [\n'ab'\n]\n", "control");
});

test("of a file with keys the others are gone", () => {
  assert.equal(
    pickKeys('{"theme":"dark","projects":{"/x":{}}}', ["theme"]),
    '{\n  "theme": "dark"\n}\n',
  );
  assert.equal(pickKeys("[1]", ["theme"]), undefined);
  assert.equal(pickKeys("nothing", ["theme"]), undefined);
});

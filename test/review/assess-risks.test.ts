import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change } from "../../src/core/change.js";
import { assessRisks } from "../../src/review/assess-risks.js";
import { base, change, changeset, digestOf, next } from "./changes.js";

function risksOf(item: Change, others: readonly Change[] = []): readonly string[] {
  const whole = changeset([item, ...others]);
  return assessRisks(item, { changeset: whole }).map((risk) => `${risk.id} ${risk.level}`);
}

const file = (path: string, mode = 0o644) => change(path, { after: next({ mode, size: 1 }) });
const link = (path: string, target: string) =>
  change(path, { after: next({ type: "symlink", mode: 0o777, target }) });

test("names what runs later on the host, wherever the tool finds it", () => {
  const high = [
    ".git/hooks/pre-commit",
    "sub/.git/config",
    "sub/repo.git/hooks/update",
    ".gitattributes",
    "deep/er/.gitattributes",
    ".gitmodules",
    ".husky/pre-push",
    ".envrc",
    "sub/.envrc",
    ".vscode/tasks.json",
    ".vscode/settings.json",
    ".vscode/launch.json",
    ".idea/workspace.xml",
    ".devcontainer/devcontainer.json",
    ".github/workflows/ci.yml",
    ".gitlab-ci.yml",
    "Jenkinsfile",
    "package.json",
    "packages/a/package.json",
    "CLAUDE.md",
    "sub/AGENTS.md",
    ".claude/settings.json",
    ".mcp.json",
    ".cursor/rules/x.mdc",
    ".bashrc",
    ".zshenv",
    "lib/evil.pth",
    "conftest.py",
    "tests/conftest.py",
    "sitecustomize.py",
    ".npmrc",
    ".yarnrc.yml",
    ".cargo/config.toml",
    ".vim/plugin/x.vim",
    "after/plugin/x.lua",
    ".sandbox.yaml",
    ".ssh/authorized_keys",
    ".pre-commit-config.yaml",
    ".git",
  ];
  for (const path of high) assert.deepEqual(risksOf(file(path)), ["runs-later high"], path);
  const medium = [
    "Makefile",
    "sub/makefile",
    "GNUmakefile",
    "justfile",
    "CMakeLists.txt",
    "x.cmake",
    "build.rs",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "Cargo.lock",
    "go.sum",
    "poetry.lock",
    "Gemfile.lock",
    "composer.lock",
    "uv.lock",
    "Cargo.toml",
    "go.mod",
    "pyproject.toml",
    "setup.py",
    "pom.xml",
    "build.gradle.kts",
    "Dockerfile",
    "compose.yaml",
    "vite.config.ts",
    ".eslintrc.cjs",
    "node_modules/x/index.js",
    "node_modules/x/package.json",
    ".env",
    ".env.local",
  ];
  for (const path of medium) assert.deepEqual(risksOf(file(path)), ["runs-later medium"], path);
});

test("leaves ordinary files alone", () => {
  for (const path of [
    "src/main.ts",
    "README.md",
    "docs/package.json.md",
    "my.git.txt",
    "vscode/tasks.json",
    "hooks/x",
    "src/workflows/ci.yml",
    "lib/path.py",
    "CLAUDE.mdx",
    "xMakefile",
    "config",
    "HEAD",
  ])
    assert.deepEqual(risksOf(file(path)), [], path);
  assert.deepEqual(risksOf(change(".vscode", { after: next({ type: "dir", mode: 0o755 }) })), []);
});

test("a filesystem that ignores case or invisible characters finds the same files", () => {
  for (const path of [
    ".GIT/Hooks/pre-commit",
    ".Git/config",
    "claude.MD",
    ".VSCode/Tasks.json",
    "PACKAGE.JSON",
  ])
    assert.ok(risksOf(file(path)).includes("runs-later high"), path);
  for (const path of [".g\u200cit/config", ".git\u200d/config", ".git./config", ".git /config"])
    assert.ok(risksOf(file(path)).includes("runs-later high"), JSON.stringify(path));
});

test("a link in the place of a directory that tools obey is one of them", () => {
  for (const path of [".vscode", ".husky", ".git", ".github/workflows", ".git/hooks"])
    assert.ok(risksOf(link(path, "harmless")).includes("runs-later high"), path);
});

test("a bare repository in the tree is named, its parts alone are not", () => {
  const parts = [file("x/HEAD"), file("x/objects/aa")];
  assert.deepEqual(risksOf(file("x/config"), parts), ["runs-later high"]);
  assert.deepEqual(risksOf(file("y/config"), parts), []);
});

test("programs in a directory of programs run later, other files there do not", () => {
  assert.deepEqual(risksOf(file("tools/bin/ls", 0o755)), [
    "newly-executable medium",
    "runs-later medium",
  ]);
  assert.deepEqual(risksOf(file("tools/bin/notes.txt")), []);
  assert.deepEqual(risksOf(file("src/ls", 0o755)), ["newly-executable medium"]);
});

test("git's own data is low, except what git obeys", () => {
  assert.deepEqual(risksOf(file(".git/objects/aa/bb")), ["runs-later low"]);
  assert.deepEqual(risksOf(file(".git/refs/heads/main")), ["runs-later low"]);
  const sample = ["newly-executable medium", "runs-later low"];
  assert.deepEqual(risksOf(file(".git/hooks/pre-commit.sample", 0o755)), sample);
  for (const path of ["pre-commit.sample.sh", "sample", "x.sample/pre-commit"])
    assert.deepEqual(risksOf(file(`.git/hooks/${path}`)), ["runs-later high"], path);
  assert.deepEqual(risksOf(file(".git/info/attributes")), ["runs-later high"]);
  assert.deepEqual(risksOf(file(".git/rebase-merge/git-rebase-todo")), ["runs-later high"]);
  assert.deepEqual(risksOf(file(".git/something-new")), ["runs-later high"]);
});

test("raised rights are named when new, and when what they apply to is new", () => {
  const same = { digest: digestOf("x") };
  assert.deepEqual(risksOf(file("a", 0o4644)), ["raises-rights high"]);
  assert.deepEqual(risksOf(file("a", 0o2644)), ["raises-rights high"]);
  const kept = base({ mode: 0o4755, ...same });
  const owner = { uid: "base", gid: "base" } as const;
  assert.deepEqual(
    risksOf(change("a", { before: kept, after: next({ mode: 0o4755, ...owner, ...same }) })),
    [],
  );
  assert.deepEqual(
    risksOf(
      change("a", { before: kept, after: next({ mode: 0o4755, ...owner, digest: digestOf("y") }) }),
    ),
    ["raises-rights high"],
  );
  assert.deepEqual(
    risksOf(
      change("a", { before: kept, after: next({ mode: 0o4755, uid: 0, gid: "base", ...same }) }),
    ),
    ["raises-rights high", "foreign-owner high"],
  );
  assert.deepEqual(
    risksOf(change("a", { after: next({ xattrs: { "security.capability": "AQ==" } }) })),
    ["raises-rights high"],
  );
  assert.deepEqual(risksOf(change("d", { after: next({ type: "dir", mode: 0o2775 }) })), []);
});

test("foreign owners, new executables, split links and deletes are named", () => {
  assert.deepEqual(risksOf(change("a", { after: next({ uid: 0 }) })), ["foreign-owner high"]);
  assert.deepEqual(risksOf(change("a", { after: next({ gid: 44 }) })), ["foreign-owner medium"]);
  const wasPlain = { before: base(), after: next({ mode: 0o755 }) };
  assert.deepEqual(risksOf(change("a", wasPlain)), ["newly-executable medium"]);
  const was = { before: base({ mode: 0o755 }), after: next({ mode: 0o755 }) };
  assert.deepEqual(risksOf(change("a", was)), []);
  assert.deepEqual(risksOf(change("a", { before: base({ nlink: 2 }), after: next() })), [
    "link-split medium",
  ]);
  assert.deepEqual(risksOf(change("a", { before: base() })), ["deletes low"]);
  assert.deepEqual(risksOf(change(".git/hooks/pre-push", { before: base() })), ["deletes medium"]);
});

test("links that lead out are named, also by way of another link of the changeset", () => {
  assert.deepEqual(risksOf(link("a/l", "../b")), []);
  assert.deepEqual(risksOf(link("a/l", "../../etc/passwd")), ["escaping-link high"]);
  assert.deepEqual(risksOf(link("l", "a/../../x")), ["escaping-link high"]);
  assert.deepEqual(risksOf(link("l", "/etc/passwd")), ["escaping-link high"]);
  assert.deepEqual(risksOf(link("l", "/usr/bin/python3")), ["escaping-link medium"]);
  assert.deepEqual(risksOf(link("l", "/usr/../etc/passwd")), ["escaping-link high"]);
  assert.deepEqual(risksOf(link("l", "/w/project/src")), ["escaping-link medium"]);
  assert.deepEqual(risksOf(link("l", "/w/project/../x")), ["escaping-link high"]);
  const up = link("up", "..");
  assert.deepEqual(risksOf(link("l", "up/secret"), [up]), ["escaping-link high"]);
  assert.deepEqual(risksOf(link("l", "down/secret"), [link("down", "src")]), []);
  assert.deepEqual(risksOf(link("l", "abs/x"), [link("abs", "/")]), ["escaping-link high"]);
  assert.deepEqual(risksOf(link("l", "m"), [link("m", "l")]), ["escaping-link medium"]);
  // `sub/..` is where the link `sub` leads, not the directory that holds it.
  assert.deepEqual(risksOf(link("l", "sub/../../x"), [link("sub", "a/b/c")]), []);
});

test("names that deceive are named", () => {
  assert.deepEqual(risksOf(file("a\u202etxt.exe")), ["odd-name high"]);
  assert.deepEqual(risksOf(file("a\nb")), ["odd-name high"]);
  assert.deepEqual(risksOf(file("-rf")), ["odd-name medium"]);
  assert.deepEqual(risksOf(file("raw\udcff")), ["odd-name medium"]);
  assert.deepEqual(risksOf(file(".wh.x")), ["odd-name medium"]);
  assert.deepEqual(risksOf(file("Src/a"), [file("src/A")]), ["odd-name medium"]);
  assert.deepEqual(risksOf(file("größe 👍")), []);
});

test("a forged mark is named by its attribute or by the reader's notice", () => {
  const marked = change("a", { after: next({ xattrs: { "user.overlay.opaque": "eQ==" } }) });
  assert.deepEqual(risksOf(marked), ["forged-mark high"]);
  const item = file("b");
  const notice = { workspace: 0, path: item.path, kind: "forged-mark", text: "x" } as const;
  const found = assessRisks(item, { changeset: changeset([item], [notice]) });
  assert.deepEqual(
    found.map((risk) => risk.id),
    ["forged-mark"],
  );
  assert.deepEqual(risksOf(change("c", { after: next({ xattrs: { "user.mime": "eQ==" } }) })), []);
});

test("long links cost no more than their length", () => {
  const target = "a/".repeat(1000);
  const items = Array.from({ length: 3000 }, (_, i) => link(`l${i}`, target));
  const whole = changeset(items);
  for (const item of items) assert.deepEqual(assessRisks(item, { changeset: whole }), []);
});

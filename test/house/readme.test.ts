import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../support/project-root.js";

interface Step {
  readonly command: string;
  readonly output: string;
}

/** The commands (`$ …`) of every block marked `<!-- run -->`, each with what the page says it prints. */
function readSteps(page: string): readonly Step[] {
  const blocks = [...page.matchAll(/<!-- run -->\n```\w*\n([\s\S]*?)```/g)].map(
    ([, block = ""]) => block,
  );
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const [command = "", ...output] = step.split("\n");
        return { command, output: output.join("\n") };
      }),
  );
}

/** Runs commands in one shell, with streams as a person without a terminal has them, and gives what each printed. */
function runSteps(commands: readonly string[]): readonly string[] {
  const home = realpathSync(mkdtempSync(path.join(tmpdir(), "sbx-readme-")));
  const bin = path.join(home, ".local", "bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(path.join(projectRoot, "sandbox"), path.join(bin, "sandbox"));
  const script = commands.map((command) => `${command}\nprintf '\\036'`).join("\n");
  try {
    const result = spawnSync("sh", ["-c", `exec 2>&1\n${script}`], {
      cwd: home,
      env: { HOME: home, PATH: `${bin}:${process.env["PATH"] ?? ""}`, LANG: "C.UTF-8" },
      encoding: "utf8",
    });
    return result.stdout.split("\x1e").map((text) => text.replaceAll(home, "/home/ann"));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** What differs from run to run: ids, digests, times. */
function normalise(text: string): string {
  return text
    .replace(/\b([sc])-[a-z2-7]{10}\b/g, "$1-ID")
    .replace(/\bsha256:[0-9a-f]+/g, "sha256:DIGEST")
    .replace(/\b\d+(\.\d+)? ?(ms|s)\b/g, "TIME")
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?Z?/g, "DATE")
    .trimEnd();
}

const page = readFileSync(path.join(projectRoot, "README.md"), "utf8");

test("the README's transcript is what the program prints", () => {
  const steps = readSteps(page);
  assert.ok(steps.length > 5, "control: there are commands to run");
  const printed = runSteps(steps.map((step) => step.command));
  steps.forEach((step, at) => {
    assert.equal(normalise(printed[at] ?? ""), normalise(step.output), `$ ${step.command}`);
  });
});

test("the files that the documents point to are there", () => {
  for (const name of [
    "README.md",
    "ARCHITECTURE.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
  ]) {
    const text = readFileSync(path.join(projectRoot, name), "utf8");
    for (const [, target = ""] of text.matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g))
      assert.ok(existsSync(path.join(projectRoot, target)), `${name} points to ${target}`);
  }
});

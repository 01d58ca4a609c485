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
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { projectRoot } from "../support/project-root.js";
import { assertCodeQuality, assertJunit, assertSarif } from "../support/report-schemas.js";

type Values = Readonly<Record<string, string>>;

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly with?: Values;
  readonly env?: Values;
  readonly shell?: string;
  readonly run?: string;
}

interface Action {
  readonly inputs: Readonly<
    Record<string, { readonly default?: string; readonly required?: boolean }>
  >;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

const page = readFileSync(path.join(projectRoot, "docs/ci.md"), "utf8");
const action: Action = parse(readFileSync(path.join(projectRoot, "action.yml"), "utf8"));
const template = parse(readFileSync(path.join(projectRoot, "templates/gitlab.yml"), "utf8"));

/** The page's code of one language, as it stands behind `mark`. */
function readBlocks(language: string, mark = ""): readonly string[] {
  const form = new RegExp(`${mark}\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g");
  return [...page.matchAll(form)].map(([, block = ""]) => block);
}

const YAML = readBlocks("yaml");
const profile = YAML.find((block) => block.startsWith("# agent.yaml\n")) ?? "";
const workflow = parse(YAML.find((block) => block.includes(".github/workflows")) ?? "");
const pipeline = parse(YAML.find((block) => block.includes(".gitlab-ci.yml")) ?? "");

/** A checkout to run steps in, with a home of its own. */
function openCheckout() {
  const home = realpathSync(mkdtempSync(path.join(tmpdir(), "sbx-ci-")));
  const root = path.join(home, "work", "repo");
  mkdirSync(path.join(root, "src"), { recursive: true });
  mkdirSync(path.join(home, "bin"));
  symlinkSync(path.join(projectRoot, "sandbox"), path.join(home, "bin/sandbox"));
  writeFileSync(path.join(root, "agent.yaml"), profile);
  writeFileSync(path.join(root, "src/done.txt"), "");
  const env = {
    PATH: `${path.join(home, "bin")}:${process.env["PATH"] ?? ""}`,
    ...{ HOME: home, LANG: "C.UTF-8", SANDBOX_NO_SETUP: "1" },
    GIT_CONFIG_GLOBAL: "/dev/null",
  };
  const run = (script: string, over: Values = {}, flags = ["-e"]) =>
    spawnSync("bash", [...flags, "-c", script], {
      cwd: root,
      env: { ...env, ...over },
      encoding: "utf8",
      input: "",
    });
  const made = run(
    "git init -q && git -c user.name=a -c user.email=a@b add . && git -c user.name=a -c user.email=a@b commit -qm x",
  );
  assert.equal(made.status, 0, made.stderr);
  const read = (file: string): string => readFileSync(path.join(root, file), "utf8");
  return {
    ...{ home, root, run, read },
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** Looks `${{ a.b.c }}` up: nothing else of GitHub's expressions is used. */
function fill(text: string, contexts: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{\{ ([\w.-]+) \}\}/g, (_, name: string) => {
    const value = contexts[name];
    assert.ok(value !== undefined, `no ${name}`);
    return value;
  });
}

/** Runs the action as GitHub's runner runs a composite one (bash --noprofile --norc -eo pipefail). */
function runAction(checkout: ReturnType<typeof openCheckout>, given: Values) {
  const inputs = Object.entries(action.inputs).map(([name, { default: value = "" }]) => [
    `inputs.${name}`,
    given[name] ?? value,
  ]);
  const contexts: Record<string, string> = {
    ...Object.fromEntries(inputs),
    "github.action_path": projectRoot,
  };
  let result = { status: 0 as number | null, stdout: "", stderr: "" };
  for (const step of action.runs.steps) {
    assert.equal(step.shell, "bash");
    const output = path.join(checkout.home, "output");
    writeFileSync(output, "");
    const env = Object.entries(step.env ?? {}).map(([name, value]) => [
      name,
      fill(value, contexts),
    ]);
    result = checkout.run(
      step.run ?? "",
      {
        ...Object.fromEntries(env),
        ...{ GITHUB_ACTIONS: "true", CI: "true", GITHUB_WORKSPACE: checkout.root },
        ...{ GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: path.join(checkout.home, "summary") },
      },
      ["--noprofile", "--norc", "-eo", "pipefail"],
    );
    for (const line of readFileSync(output, "utf8").split("\n")) {
      const [name = "", value = ""] = line.split("=");
      contexts[`steps.${step.id ?? ""}.outputs.${name}`] = value;
    }
    if (result.status !== 0) break;
  }
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [
    name,
    fill(value, contexts),
  ]);
  return { ...result, outputs: Object.fromEntries(outputs) };
}

const used: Step = workflow.jobs.agent.steps.find((step: Step) => step.uses?.includes("sandbox@"));

test("the action runs as the page shows it, and its outputs say what came of it", () => {
  using checkout = openCheckout();
  const done = runAction(checkout, used.with ?? {});
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.outputs.session, /^s-[a-z2-7]{10}$/);
  assert.match(done.outputs.commit, /^c-[a-z2-7]{10}$/);
  assert.deepEqual(
    [done.outputs.outcome, done.outputs.exit, done.outputs.changes],
    ["passed", "0", "1"],
  );
  assertSarif(checkout.read("sandbox.sarif"));
  const steps: readonly Step[] = workflow.jobs.agent.steps;
  for (const { run } of steps) {
    if (run === undefined) continue;
    assert.match(checkout.run(run).stdout, /src\/done\.txt \| 1 \+/);
  }
});

test("the action passes on every input, and a refusal is its exit code and outcome", () => {
  using checkout = openCheckout();
  const files = { junit: "o/j.xml", sarif: "o/s.sarif", markdown: "o/m.md", json: "o/j.json" };
  mkdirSync(path.join(checkout.root, "o"));
  const refused = runAction(checkout, {
    ...{ run: 'echo x > "$(echo .envrc)"; sleep 0', commit: "auto", timeout: "1m", ...files },
  });
  assert.equal(refused.status, 4, refused.stderr);
  assert.deepEqual(
    [refused.outputs.outcome, refused.outputs.exit, refused.outputs.commit],
    ["denied", "4", ""],
  );
  assert.ok(!existsSync(path.join(checkout.root, ".envrc")));
  assertJunit(checkout.read(files.junit));
  assertSarif(checkout.read(files.sarif));
  assert.match(checkout.read(files.markdown), /denied/);
  assert.equal(JSON.parse(checkout.read(files.json)).asked.timeoutMs, 60_000);
  const injected = runAction(checkout, {
    run: "true",
    profile: '"; touch injected; "',
    dir: "$(touch injected)",
  });
  assert.equal(injected.status, 2);
  assert.ok(!existsSync(path.join(checkout.root, "injected")));
});

test("no input is a part of a script, and every one is used", () => {
  for (const { run = "" } of action.runs.steps) assert.doesNotMatch(run, /\$\{\{/);
  const env = action.runs.steps.flatMap((step) => Object.values(step.env ?? {})).join(" ");
  for (const name of Object.keys(action.inputs)) assert.match(env, new RegExp(`inputs\\.${name} `));
  for (const name of Object.keys(used.with ?? {})) assert.ok(name in action.inputs, name);
});

test("the GitLab template runs as the page shows it, from a clone of its own", () => {
  using checkout = openCheckout();
  const job = template[".sandbox"];
  const { variables, after_script: after, extends: base } = pipeline.agent;
  assert.equal(base, ".sandbox");
  // The set-up of a fresh checkout is tested elsewhere: what is cloned here hands over to the one that is built.
  const source = path.join(checkout.home, "source");
  mkdirSync(source);
  writeFileSync(path.join(source, "sandbox"), `#!/bin/sh\nexec ${projectRoot}/sandbox "$@"\n`, {
    mode: 0o755,
  });
  const commit = "git -c user.name=a -c user.email=a@b";
  const made = checkout.run(
    `cd ${source} && git init -q -b main && ${commit} add -A && ${commit} commit -qm x`,
  );
  assert.equal(made.status, 0, made.stderr);
  const env = {
    ...{ ...job.variables, ...variables, SANDBOX_SOURCE: source },
    ...{ GITLAB_CI: "true", CI: "true", CI_PROJECT_DIR: checkout.root },
  };
  const done = checkout.run([...job.before_script, ...job.script].join("\n"), env, [
    "-eo",
    "pipefail",
  ]);
  assert.equal(done.status, 0, done.stderr);
  assert.equal(checkout.read("src/done.txt"), "ok\n");
  assertJunit(checkout.read(job.artifacts.reports.junit));
  assertCodeQuality(checkout.read(job.artifacts.reports.codequality));
  for (const file of job.artifacts.paths)
    assert.ok(existsSync(path.join(checkout.root, file)), file);
  assert.match(checkout.run(after.join("\n")).stdout, /src\/done\.txt \| 1 \+/);
});

test("the page's own commands run", () => {
  using checkout = openCheckout();
  const [first = "", last = ""] = readBlocks("sh", "<!-- run -->\\n");
  const done = checkout.run(first);
  assert.equal(done.status, 0, done.stderr);
  assert.equal(checkout.read("src/done.txt"), "ok\n");
  assertJunit(checkout.read("sandbox.xml"));
  const other = checkout.run(last);
  assert.equal(other.stdout, "exit 0\n", other.stderr);
  assert.equal(JSON.parse(checkout.read("result.json")).changes.modified, 1);
});

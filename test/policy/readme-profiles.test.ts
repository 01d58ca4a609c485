import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { resolveProfile } from "../../src/policy/profile/resolve-profile.js";
import { projectRoot } from "../support/project-root.js";

test("the profiles that the README shows are profiles", () => {
  const page = readFileSync(path.join(projectRoot, "README.md"), "utf8");
  const blocks = [...page.matchAll(/```yaml\n(version: 1\n[\s\S]*?)```/g)].map(
    ([, text = ""]) => text,
  );
  const profiles = blocks.filter((text) => !text.includes("webhook:"));
  assert.ok(profiles.length >= 2, "control: there are some");
  const find = (name: string) => {
    const file = path.join(projectRoot, "profiles", `${name}.yaml`);
    return existsSync(file)
      ? { layer: "built-in" as const, name, file, text: readFileSync(file, "utf8") }
      : undefined;
  };
  for (const text of profiles)
    resolveProfile({ layer: "file", file: "README.md", text }, { find, projects: [] });
});

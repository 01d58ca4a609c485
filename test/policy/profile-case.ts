import { readFileSync } from "node:fs";
import path from "node:path";
import type { Profile } from "../../src/core/profile.js";
import { type ProfileSource, resolveProfile } from "../../src/policy/profile/resolve-profile.js";
import { projectRoot } from "../support/project-root.js";

/** A built-in profile's file. */
export function builtIn(name: string): ProfileSource {
  const text = readFileSync(path.join(projectRoot, "profiles", `${name}.yaml`), "utf8");
  return { layer: "built-in", name, file: `built-in:${name}`, text };
}

/** What `text` is as a profile of its own, with `others` to be extended and `project` on top. */
export function resolve(
  text: string,
  more: { readonly others?: readonly ProfileSource[]; readonly project?: string } = {},
): Profile {
  const { others = [], project } = more;
  const projects: readonly ProfileSource[] =
    project === undefined ? [] : [{ layer: "file", file: "/w/.sandbox.yaml", text: project }];
  return resolveProfile(
    { layer: "file", file: "/p.yaml", text },
    { find: (name) => others.find((one) => one.name === name), projects },
  );
}

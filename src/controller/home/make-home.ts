import { chmodSync, realpathSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Layers } from "../../core/change.js";
import { hasErrno } from "../../core/error.js";
import type { OpenSecret } from "../../core/open-secret.js";
import type { HomeRule } from "../../core/profile.js";
import type { SandboxMount } from "../../core/sandbox-spec.js";
import { isInside } from "../../core/system-path.js";
import { type OpenHome, openHome } from "../../overlay/open-home.js";
import { toHomePlaceholder } from "../../policy/home/home-placeholder.js";
import { maskHomeFile, pickKeys } from "../../policy/home/mask-home-file.js";
import type { Controller } from "../controller.js";
import { randomText } from "../network/random-text.js";
import { type HomePart, readHomeEntry } from "./read-home-entry.js";

/** What a task finds in its home, and what stands for the secrets in it. */
export interface TaskHome {
  readonly mounts: readonly SandboxMount[];
  readonly secrets: readonly OpenSecret[];
}

/**
 * Makes a task's home of what `rules` name in the person's: copies, with a placeholder for each secret. What cannot be copied is left out and told, and is no
 * error. `target` is the home's path inside.
 */
export function makeHome(
  controller: Pick<Controller, "personHome" | "self" | "notice">,
  rules: readonly HomeRule[],
  place: { readonly layers: Layers; readonly target: string },
): TaskHome {
  const { personHome, self } = controller;
  const home = openHome(place.layers, { controllerIsRoot: self.uid === 0 });
  const maker = new HomeMaker(home, { personHome, target: place.target });
  for (const rule of rules) maker.add(rule);
  for (const line of maker.left.slice(0, MOST_LINES))
    controller.notice(`sandbox: left out of the task's home: ${line}`);
  if (maker.left.length > MOST_LINES)
    controller.notice(
      `sandbox: left out of the task's home: ${maker.left.length - MOST_LINES} more`,
    );
  return { mounts: [home.toMount(place.target), ...maker.mounts], secrets: maker.secrets };
}

const MOST_LINES = 8;
const MOST_SECRETS = 500;

type FilePart = Extract<HomePart, { readonly type: "file" }>;

class HomeMaker {
  readonly mounts: SandboxMount[] = [];
  readonly secrets: OpenSecret[] = [];
  readonly left: string[] = [];
  readonly #home: OpenHome;
  readonly #places: { readonly personHome: string; readonly target: string };

  constructor(home: OpenHome, places: { readonly personHome: string; readonly target: string }) {
    this.#home = home;
    this.#places = places;
  }

  add(rule: HomeRule): void {
    if (rule.mode === "cache") this.#addCache(rule);
    else this.#addCopy(rule);
  }

  #addCopy(rule: HomeRule): void {
    const { parts, left } = readHomeEntry(this.#places.personHome, rule.path);
    this.left.push(...left);
    const placeholders = new Map<string, string>();
    for (const part of parts) this.#copy(part, rule, placeholders);
    if (parts.length > 0 && rule.mode === "readonly") this.#close(rule.path);
  }

  /** A cache is not copied: it is too large, and what it holds anybody can get. */
  #addCache({ path: name }: HomeRule): void {
    const { personHome, target } = this.#places;
    const dir = path.join(personHome, name);
    const problem = findCacheProblem(dir, personHome);
    if (problem === "absent") return;
    if (problem !== undefined) {
      this.left.push(`${name}: ${problem}`);
      return;
    }
    this.#home.makeDir(name);
    this.mounts.push(this.#home.addCache(realpathSync(dir), path.join(target, name)));
  }

  /** A mount of its own, of the copy. */
  #close(name: string): void {
    const source = path.join(this.#home.lower, name);
    if (statSync(source, { throwIfNoEntry: false }) === undefined) return;
    this.mounts.push({ kind: "readonly", source, target: path.join(this.#places.target, name) });
  }

  #copy(part: HomePart, rule: HomeRule, placeholders: Map<string, string>): void {
    const above = path.dirname(part.path);
    if (part.type !== "dir" && above !== ".") this.#home.makeDir(above);
    switch (part.type) {
      case "dir":
        this.#home.makeDir(part.path);
        return;
      case "link":
        symlinkSync(part.to, path.join(this.#home.lower, part.path));
        return;
      case "file":
        this.#write(part, this.#mask(part, rule, placeholders));
    }
  }

  #write({ path: name, mode }: FilePart, text: string | undefined): void {
    if (text === undefined) {
      this.left.push(`${name}: what is secret in it cannot be told`);
      return;
    }
    const file = path.join(this.#home.lower, name);
    writeFileSync(file, text, { flag: "wx" });
    chmodSync(file, mode | 0o600);
    this.#home.give(name);
  }

  #mask(part: FilePart, rule: HomeRule, placeholders: Map<string, string>): string | undefined {
    const text = rule.keys === undefined ? part.text : pickKeys(part.text, rule.keys);
    if (text === undefined) return undefined;
    return maskHomeFile(path.basename(part.path), text, (value, key) => {
      const known = placeholders.get(value);
      if (known !== undefined) return known;
      const placeholder = toHomePlaceholder(value, randomText(value.length + 16));
      placeholders.set(value, placeholder);
      this.#addSecret({ name: `${part.path}:${key}`, value, placeholder }, rule);
      return placeholder;
    });
  }

  /** Without a host to go to it stays a placeholder for ever. No header can hold other characters. */
  #addSecret(
    secret: Pick<OpenSecret, "name" | "value" | "placeholder">,
    { hosts, in: places }: HomeRule,
  ): void {
    if (hosts.length === 0 || !/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(secret.value))
      return;
    if (this.secrets.length < MOST_SECRETS) this.secrets.push({ ...secret, hosts, places });
    else this.left.push(`${secret.name}: more than ${MOST_SECRETS} secrets`);
  }
}

function findCacheProblem(dir: string, home: string): string | undefined {
  try {
    const real = realpathSync(dir);
    if (!isInside(real, home) || real === home) return "it leads out of your home";
    return statSync(real).isDirectory() ? undefined : "no directory";
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return "absent";
    if (hasErrno(error, "EACCES", "ELOOP")) return "it cannot be read";
    throw error;
  }
}

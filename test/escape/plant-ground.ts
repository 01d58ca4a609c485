import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { networkInterfaces } from "node:os";
import path from "node:path";
import type { Person } from "../support/person.js";
import { HOME_SECRETS, LEAKS } from "./attacks-secrets.js";
import type { Programs } from "./compile-programs.js";
import { type Ground, SECRET } from "./ground.js";

type Planted = Omit<Ground, "holder" | "otherSession" | "readChanges" | "widened" | "drop">;

const isRoot = process.getuid?.() === 0;

/** Names of programs that the product looks for on the host, and that no attack runs by name. */
const HELPERS = [
  "crun",
  "runc",
  "runsc",
  "perl",
  "docker",
  "newuidmap",
  "newgidmap",
  "unshare",
  "mount",
];
HELPERS.push("umount", "git", "ssh", "tar", "less");

/** Makes everything on the host that attacks look for, as files. `key` tells this ground from others. */
export function plantGround(person: Person, programs: Programs, key: string): Planted {
  const { home, project, stateHome } = person;
  chmodSync(home, 0o755);
  const at = (...names: string[]): string => path.join(home, ...names);
  const planter = new Planter(person);
  for (const dir of ["outside", "outside/ran", "shared", "tools", "agent", "project/play"])
    planter.dir(at(dir), dir === "project/play" || dir.startsWith("outside") ? 0o777 : 0o755);
  planter.file(at("outside/secret"), `${SECRET}-outside\n`);
  planter.file(at("outside/two-names"), "as it was\n", 0o666);
  linkSync(at("outside/two-names"), at("project/two-names"));
  for (const file of HOME_SECRETS) planter.file(at(file), `{"note": "${SECRET}-home"}\n`);
  plantProject(planter, { project, outside: at("outside") });
  cp(programs, at("project", ".escape"), planter);
  for (const place of ["shared", "tools", "project"]) planter.fifo(at(place, "live.fifo"));
  writeFileSync(at("shared/private"), `${SECRET}-root\n`, { mode: 0o600 });
  const posixMemory = `/dev/shm/sbx-escape-${key}`;
  planter.file(posixMemory, `${SECRET}-memory\n`);
  return {
    ...{ uid: String(person.uid), home, project, stateHome, key, posixMemory },
    secret: at("outside/secret"),
    outsideName: at("outside/two-names"),
    shared: at("shared"),
    tool: at("tools"),
    system: isRoot ? plantSystem(planter, programs, key) : undefined,
    sockets: [
      `@sbx-escape-${key}`,
      ...["docker.sock", "bus", "agent.1"].map((name) => at("agent", name)),
    ],
    addresses: ["127.0.0.1", ...ownAddresses()],
    wasRun: (folder) =>
      existsSync(at("outside/ran", path.basename(folder)))
        ? `a program of ${folder} ran`
        : undefined,
  };
}

/** Removes what lies outside the person's home. */
export function removeGround({ posixMemory, system }: Planted): void {
  rmSync(posixMemory, { force: true });
  if (system !== undefined) rmSync(system, { recursive: true, force: true });
}

/** Makes things that belong to the person. */
class Planter {
  readonly #person: Person;

  constructor(person: Person) {
    this.#person = person;
  }

  own(target: string): void {
    if (isRoot) chownSync(target, this.#person.uid, statSync(this.#person.project).gid);
  }

  dir(target: string, mode = 0o755): void {
    const parent = path.dirname(target);
    if (!existsSync(parent)) this.dir(parent);
    mkdirSync(target, { recursive: true });
    chmodSync(target, mode);
    this.own(target);
  }

  file(target: string, text: string, mode = 0o644): void {
    if (!existsSync(path.dirname(target))) this.dir(path.dirname(target));
    writeFileSync(target, text);
    chmodSync(target, mode);
    this.own(target);
  }

  fifo(target: string): void {
    spawnSync("mkfifo", ["-m", "666", target]);
    this.own(target);
  }
}

function plantProject(
  planter: Planter,
  { project, outside }: { project: string; outside: string },
): void {
  const at = (...names: string[]): string => path.join(project, ...names);
  symlinkSync(path.join(outside, "secret"), at("planted-link"));
  planter.file(at("marked/child"), "child\n");
  planter.file(at("replaced/child"), "child\n");
  planter.file(
    at(".env"),
    `NODE_OPTIONS=--require=${at("evil/load.cjs")}\nDOCKER_HOST=unix:///evil\nTOKEN=${SECRET}-env\n`,
  );
  planter.file(at("keys/id"), `${SECRET}-hidden\n`);
  planter.file(at(".sandbox.yaml"), "version: 1\n");
  // Names that are none of ours, and places below: read by nobody.
  for (const name of [".sandbox.yml", "sandbox.yaml", "sub/.sandbox.yaml"])
    planter.file(at(name), `version: 1\nenv: {pass: [${LEAKS.join(", ")}]}\n`);
  planter.file(
    at("evil/load.cjs"),
    `require("node:fs").writeFileSync("${outside}/ran/evil", "");console.log("reached: loaded");\n`,
  );
  for (const folder of ["bin", "node_modules/.bin"])
    for (const name of HELPERS)
      planter.file(
        at(folder, name),
        `#!/bin/sh\n: >"${outside}/ran/${path.basename(folder)}" && echo reached: it runs\nexit 1\n`,
        0o755,
      );
}

function cp(programs: Programs, target: string, planter: Planter): void {
  planter.dir(target);
  for (const name of programs.names) {
    copyFileSync(path.join(programs.dir, name), path.join(target, name));
    chmodSync(path.join(target, name), 0o755);
  }
}

/** Everybody may make sockets in it while it is there. */
function plantSystem(planter: Planter, programs: Programs, key: string): string {
  const system = `/usr/local/share/sbx-escape-${key}`;
  planter.dir(system, 0o755);
  planter.fifo(path.join(system, "live.fifo"));
  writeFileSync(path.join(system, "private"), `${SECRET}-system\n`, { mode: 0o600 });
  copyFileSync(path.join(programs.dir, "setuid"), path.join(system, "setuid"));
  chmodSync(path.join(system, "setuid"), 0o4755);
  return system;
}

function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);
}

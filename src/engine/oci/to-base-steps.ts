import { readdirSync, readlinkSync } from "node:fs";
import type { SandboxSpec } from "../../core/sandbox-spec.js";
import { ETC_DIRECTORIES, ETC_FILES, ETC_PREFIXES } from "./etc-files.js";
import type { StageStep } from "./to-stage-plan.js";
import type { UserAndGroup } from "./user-and-group.js";

/** Where programs and libraries lie: each read-only, or the link it is on this host. */
const SYSTEM_DIRECTORY = /^(usr|opt|bin|sbin|lib\w*)$/;

/** The root filesystem that all tasks get: the host's system directories, an `/etc` of its own, empty private places. */
export function toBaseSteps(spec: SandboxSpec, user: UserAndGroup): readonly StageStep[] {
  return [...toSystemSteps(), ...toPrivateSteps(spec), ...toEtcSteps(spec, user)];
}

function toSystemSteps(): readonly StageStep[] {
  return readdirSync("/", { withFileTypes: true })
    .filter(({ name }) => SYSTEM_DIRECTORY.test(name))
    .map((entry): StageStep => {
      const path = `/${entry.name}`;
      return entry.isSymbolicLink() ? ["link", path, readlinkSync(path)] : ["optional", path, path];
    });
}

/** Empty places of the task's own, and where the runtime mounts its things. */
export function toPrivateSteps({ mounts }: SandboxSpec): readonly StageStep[] {
  // A link cannot hold a mount: where one lies below, /var/tmp is a directory of its own.
  const holdsMount = mounts.some(({ target }) => target.startsWith("/var/tmp/"));
  return [
    ["tmpfs", "/tmp", "1777", "0", "0", "size=25%"],
    ["dir", "/proc"],
    ["dir", "/dev"],
    ["dir", "/run"],
    ["link", "/var/run", "../run"],
    holdsMount
      ? ["tmpfs", "/var/tmp", "1777", "0", "0", "size=25%"]
      : ["link", "/var/tmp", "../tmp"],
  ];
}

function toEtcSteps(spec: SandboxSpec, user: UserAndGroup): readonly StageStep[] {
  const versioned = readdirSync("/etc").filter((name) =>
    ETC_PREFIXES.some((prefix) => name.startsWith(prefix) && /^[-\d.a-z]*$/.test(name)),
  );
  const directories = [...ETC_DIRECTORIES, ...versioned].map((name) => `/etc/${name}`);
  return [
    ...toIdentityFiles(spec, user),
    ...ETC_FILES.map((name): StageStep => ["copy", `/etc/${name}`]),
    ...directories.map((path): StageStep => ["optional", path, path]),
  ];
}

function toIdentityFiles(spec: SandboxSpec, { uid, gid }: UserAndGroup): readonly StageStep[] {
  const { userName, home } = spec;
  const users = [
    ["root", 0, 0, "/root", "/usr/sbin/nologin"],
    ["nobody", 65534, 65534, "/nonexistent", "/usr/sbin/nologin"],
  ].filter((entry) => entry[1] !== uid);
  const passwd = [[userName, uid, gid, home, "/bin/bash"], ...users].map(
    ([name, user, group, directory, shell]) =>
      `${name}:x:${user}:${group}::${directory}:${shell}\n`,
  );
  const groups = [
    ["root", 0],
    ["nogroup", 65534],
  ].filter((entry) => entry[1] !== gid);
  return [
    ["file", "/etc/passwd", passwd.join("")],
    [
      "file",
      "/etc/group",
      [[userName, gid], ...groups].map(([name, id]) => `${name}:x:${id}:\n`).join(""),
    ],
    [
      "file",
      "/etc/nsswitch.conf",
      "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    ],
    ...toNetworkFiles(spec),
  ];
}

/** The gateway answers at once or not at all (resolv.conf(5)). */
const GATEWAY_RESOLVER = "nameserver 127.0.0.1\noptions attempts:1 timeout:2\n";

/** What says who this machine is and how names are found. */
export function toNetworkFiles({
  hostname,
  network,
}: Pick<SandboxSpec, "hostname" | "network">): readonly StageStep[] {
  return [
    ["file", "/etc/hostname", `${hostname}\n`],
    [
      "file",
      "/etc/hosts",
      `127.0.0.1 localhost ${hostname}\n::1 localhost ip6-localhost ip6-loopback\n`,
    ],
    ["file", "/etc/resolv.conf", network === "gateway" ? GATEWAY_RESOLVER : ""],
  ];
}

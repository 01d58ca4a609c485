import { readdirSync, readlinkSync } from "node:fs";
import type { SandboxSpec } from "../../core/sandbox-spec.js";
import { ETC_DIRECTORIES, ETC_FILES, ETC_PREFIXES } from "./etc-files.js";
import type { StageStep } from "./to-stage-plan.js";

/** Where programs and libraries lie: each read-only, or the link it is on this host. */
const SYSTEM_DIRECTORY = /^(usr|opt|bin|sbin|lib\w*)$/;

/** The root filesystem that all tasks get: the host's system directories, an `/etc` of its own, empty private places. */
export function toBaseSteps(spec: SandboxSpec): readonly StageStep[] {
  return [...toSystemSteps(), ...toPrivateSteps(), ...toEtcSteps(spec)];
}

function toSystemSteps(): readonly StageStep[] {
  return readdirSync("/", { withFileTypes: true })
    .filter(({ name }) => SYSTEM_DIRECTORY.test(name))
    .map((entry): StageStep => {
      const path = `/${entry.name}`;
      return entry.isSymbolicLink() ? ["link", path, readlinkSync(path)] : ["optional", path, path];
    });
}

function toPrivateSteps(): readonly StageStep[] {
  return [
    ["tmpfs", "/tmp", "1777", "0", "0", "size=25%"],
    ["dir", "/proc"],
    ["dir", "/dev"],
    ["dir", "/run"],
    ["link", "/var/run", "../run"],
    ["link", "/var/tmp", "../tmp"],
  ];
}

function toEtcSteps(spec: SandboxSpec): readonly StageStep[] {
  const versioned = readdirSync("/etc").filter((name) =>
    ETC_PREFIXES.some((prefix) => name.startsWith(prefix) && /^[-\d.a-z]*$/.test(name)),
  );
  const directories = [...ETC_DIRECTORIES, ...versioned].map((name) => `/etc/${name}`);
  return [
    ...toIdentityFiles(spec),
    ...ETC_FILES.map((name): StageStep => ["copy", `/etc/${name}`]),
    ...directories.map((path): StageStep => ["optional", path, path]),
  ];
}

function toIdentityFiles({
  uid,
  gid,
  userName,
  home,
  hostname,
}: SandboxSpec): readonly StageStep[] {
  const user = uid === 0 ? "" : `${userName}:x:${uid}:${gid}:${userName}:${home}:/bin/bash\n`;
  const group = gid === 0 ? "" : `${userName}:x:${gid}:\n`;
  const files: Readonly<Record<string, string>> = {
    passwd: `root:x:0:0:root:/root:/usr/sbin/nologin\n${user}nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    group: `root:x:0:\n${group}nogroup:x:65534:\n`,
    hostname: `${hostname}\n`,
    hosts: `127.0.0.1 localhost ${hostname}\n::1 localhost ip6-localhost ip6-loopback\n`,
    "nsswitch.conf":
      "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    "resolv.conf": "",
  };
  return Object.entries(files).map(([name, text]) => ["file", `/etc/${name}`, text]);
}

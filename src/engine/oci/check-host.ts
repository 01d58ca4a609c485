import { readFileSync } from "node:fs";
import { hasErrno } from "../../core/error.js";
import { createCgroup, describeCgroups } from "../../host/cgroup.js";
import type { Check } from "../engine.js";
import { findSystemProgram } from "./find-runtime.js";

const INSTALL = "apt-get install -y --no-install-recommends";

/** What a look at this host says before any sandbox is made. */
export function checkHost(): readonly Check[] {
  const isRoot = process.getuid?.() === 0;
  return [
    checkPerl(),
    ...(isRoot ? [] : [checkUserNamespaces(), checkSubordinateIds()]),
    checkCgroups(),
    {
      id: "upper-quota",
      ok: true,
      detail:
        "a watcher ends the task at its limit, or when less than 5 % of the filesystem is free",
    },
  ];
}

function checkPerl(): Check {
  const perl = findSystemProgram("perl");
  return perl === undefined
    ? { id: "perl", ok: false, detail: "perl not found", fix: `${INSTALL} perl-base` }
    : { id: "perl", ok: true, detail: perl };
}

/** Switches by which hosts forbid user namespaces to plain users, and the value that allows them. */
const SWITCHES = [
  {
    file: "/proc/sys/user/max_user_namespaces",
    forbids: "0",
    set: "user.max_user_namespaces=65536",
  },
  {
    file: "/proc/sys/kernel/unprivileged_userns_clone",
    forbids: "0",
    set: "kernel.unprivileged_userns_clone=1",
  },
  {
    file: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    forbids: "1",
    set: "kernel.apparmor_restrict_unprivileged_userns=0",
  },
] as const;

function checkUserNamespaces(): Check {
  const id = "user-namespaces";
  const off = SWITCHES.find(({ file, forbids }) => readSwitch(file) === forbids);
  if (off === undefined) return { id, ok: true, detail: "plain users may make user namespaces" };
  return {
    id,
    ok: false,
    detail: `${off.file} is ${off.forbids}: plain users may not make user namespaces`,
    fix: `sudo sysctl -w ${off.set} && echo ${off.set} | sudo tee /etc/sysctl.d/60-sandbox.conf`,
  };
}

function readSwitch(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if (hasErrno(error, "ENOENT", "EACCES")) return undefined;
    throw error;
  }
}

function checkSubordinateIds(): Check {
  const id = "subordinate-ids";
  if (findSystemProgram("newuidmap") === undefined || findSystemProgram("newgidmap") === undefined)
    return {
      id,
      ok: false,
      detail: "newuidmap not found: files of other users and groups cannot be changed by a task",
      fix: `sudo ${INSTALL} uidmap`,
    };
  return { id, ok: true, detail: "newuidmap and newgidmap map the ranges of /etc/subuid" };
}

function checkCgroups(): Check {
  const group = createCgroup(`sandbox-probe-${process.pid}`, { memoryBytes: 1 << 26, cpus: 1 });
  void group.remove();
  const kind = describeCgroups();
  const id = "cgroups";
  if (group.enforced.has("memory") && group.enforced.has("cpu"))
    return { id, ok: true, detail: `${kind}: memory and processors are limited by control groups` };
  return {
    id,
    ok: false,
    detail: `${kind}, not delegated: memory is limited for each process (rlimit), processors by affinity`,
    fix: "start it by: systemd-run --user --scope -p Delegate=yes sandbox …",
  };
}

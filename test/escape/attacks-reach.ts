import path from "node:path";
import type { Attack, Control, ToArgv } from "./attack.js";
import { quiet } from "./scenes.js";

const onHost: readonly [Control] = [{ on: "host" }];

const NAMES = {
  project: "a workspace",
  shared: "a directory given as --ro",
  tool: "a directory given as --tool",
};

function attack(id: string, title: string, argv: ToArgv): Attack {
  return { id, row: 22, title, argv, controls: onHost, scene: quiet };
}

/** Where daemons that are as good as root listen. */
const WELL_KNOWN = [
  "/run/docker.sock",
  "/var/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/run/podman/podman.sock",
  "/run/crio/crio.sock",
  "/run/dbus/system_bus_socket",
  "/run/systemd/private",
  "/run/systemd/io.systemd.Manager",
  "/run/snapd.socket",
  "/run/udev/control",
  "/tmp/.X11-unix/X0",
];

const ofUser = (uid: string): readonly string[] =>
  [
    "bus",
    "podman/podman.sock",
    "docker.sock",
    "systemd/private",
    "keyring/ssh",
    "gnupg/S.gpg-agent",
    "wayland-0",
  ].map((name) => `/run/user/${uid}/${name}`);

/** Live things of the host. */
export const reachAttacks: readonly Attack[] = [
  attack(
    "abstract-socket",
    "connect to an abstract unix socket of the host",
    ({ sockets: [abstract] }) => ["reach", "connect", abstract],
  ),
  attack(
    "agent-sockets",
    "connect to an SSH agent, a bus, Docker, Podman by their sockets",
    ({ sockets, uid }) => ["reach", "connect", ...sockets.slice(1), ...WELL_KNOWN, ...ofUser(uid)],
  ),
  attack(
    "scan-sockets",
    "connect to any socket that can be found",
    ({ home, project, shared, tool }) => [
      "reach",
      "scan-sockets",
      "/",
      home,
      project,
      shared,
      tool,
    ],
  ),
  ...(["project", "shared", "tool"] as const).map((place) =>
    attack(`socket-in-${place}`, `connect to a live socket in ${NAMES[place]}`, (ground) => [
      "reach",
      "connect",
      path.join(ground[place], "live.sock"),
    ]),
  ),
  ...(["project", "shared", "tool"] as const).map((place) =>
    attack(`fifo-in-${place}`, `write into a FIFO the host reads in ${NAMES[place]}`, (ground) => [
      "reach",
      "write-fifo",
      path.join(ground[place], "live.fifo"),
    ]),
  ),
  {
    ...attack(
      "socket-in-system",
      "connect to a live socket in a system directory",
      ({ system = "/none" }) => ["reach", "connect", path.join(system, "live.sock")],
    ),
    needs: "system",
  },
  {
    ...attack(
      "fifo-in-system",
      "write into a FIFO the host reads in a system directory",
      ({ system = "/none" }) => ["reach", "write-fifo", path.join(system, "live.fifo")],
    ),
    needs: "system",
  },
  attack("signal", "signal a process of the host", ({ holder }) => ["reach", "signal", holder.pid]),
  attack("read-processes", "read arguments and environments of the host's processes", () => [
    "reach",
    "read-processes",
  ]),
  attack("shared-memory", "attach System V shared memory of the host", ({ holder }) => [
    "reach",
    "attach-memory",
    holder.key,
  ]),
  attack("posix-memory", "read POSIX shared memory of the host", ({ posixMemory }) => [
    "files",
    "read",
    posixMemory,
  ]),
  attack("loopback", "connect to a port of the host", ({ holder, addresses }) => [
    "reach",
    "connect-tcp",
    ...addresses.flatMap((address) => [address, holder.port]),
  ]),
  attack(
    "http-node",
    "ask the host's port and Docker's socket over HTTP, from Node",
    ({ holder, sockets }) => ["node", "@ask.mjs", holder.port, ...sockets.slice(1)],
  ),
];

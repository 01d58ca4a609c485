import type { FrozenProfile } from "../core/profile.js";
import type { SandboxMount, SandboxSpec } from "../core/sandbox-spec.js";
import type { NetworkPolicy } from "../core/send.js";
import type { SessionRecord } from "../core/session.js";
import type { Engine } from "../engine/engine.js";
import { openLayers, toOverlayMounts } from "../overlay/open-layers.js";
import { JAVA_TRUST_FILE, TRUST_FILE } from "../policy/network/inside-env.js";
import type { Controller } from "./controller.js";
import type { RunFacts } from "./gather-facts.js";
import { KNOWN_HOSTS_FILE, toKnownHostsFile } from "./network/known-hosts-file.js";
import { toJavaTrustFile, toTrustFile } from "./network/trust-file.js";
import type { RunRequest } from "./run-request.js";

/** Makes the record and the layers of a task that is about to run. */
export function openSession(
  controller: Controller,
  made: {
    readonly request: RunRequest;
    readonly name: string | undefined;
    readonly facts: RunFacts;
    readonly frozen: FrozenProfile;
    readonly network: NetworkPolicy | undefined;
    readonly spec: SandboxSpec;
    readonly engine: Engine;
  },
): SessionRecord {
  const { request, name, facts, frozen, network, spec, engine } = made;
  const { store, self, stateHome, host } = controller;
  return store.createSession({
    ...(name === undefined ? {} : { name }),
    make: ({ session, dir }) => {
      const layers = facts.workspaces.map((workspace, index) =>
        openLayers({
          workspace,
          index,
          sessionDir: dir,
          stateHome,
          sessionId: session,
          task: facts.task,
          controllerIsRoot: self.uid === 0,
          workspaceOwner: facts.owners[index] ?? self,
          covered: facts.covered[index] ?? [],
        }),
      );
      return {
        state: "running",
        command: request.command,
        workspaces: facts.workspaces,
        layers,
        spec: {
          ...spec,
          mounts: [...toOverlayMounts(layers), ...spec.mounts, ...toNetworkMounts(network, dir)],
        },
        profile: frozen,
        ...(network === undefined ? {} : { network }),
        engine: engine.name,
        ...(engine.daemon === undefined ? {} : { daemon: engine.daemon }),
        startedAt: new Date().toISOString(),
        limits: [],
        revision: 1,
        owner: host.processStamp(),
        commits: [],
      };
    },
  });
}

/** What it needs to know whom it talks to; the files are there before the task begins. */
function toNetworkMounts(network: NetworkPolicy | undefined, dir: string): readonly SandboxMount[] {
  if (network === undefined) return [];
  const trusted = [
    [toTrustFile(dir), TRUST_FILE],
    [toJavaTrustFile(dir), JAVA_TRUST_FILE],
  ] as const;
  const files = [
    ...(network.inspect.length === 0 ? [] : trusted),
    ...(network.sshAgent === undefined ? [] : [[toKnownHostsFile(dir), KNOWN_HOSTS_FILE] as const]),
  ];
  return files.map(([source, target]) => ({ kind: "readonly", source, target }));
}

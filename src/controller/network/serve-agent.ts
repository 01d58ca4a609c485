import type { SessionRecord } from "../../core/session.js";
import type { SandboxGateway } from "../../engine/engine.js";
import { openAgent } from "../../network/agent/open-agent.js";
import type { AuditWriter } from "../../store/audit/open-audit-writer.js";
import type { Controller } from "../controller.js";
import type { SendsDesk } from "./judge-sends.js";
import { SignatureJudge } from "./judge-signatures.js";
import { writeKnownHosts } from "./known-hosts-file.js";
import type { PreparedAgent } from "./prepare-ssh-agent.js";

/** The agent of one task. When it is disposed of nothing is signed any more, and all that was asked for is on record. */
interface ServedTaskAgent extends AsyncDisposable {
  /** Both get their sockets from the engine together. */
  join(gateway: SandboxGateway): SandboxGateway;
}

/** Serves the person's agent to a task of `record`, and writes what it must know of its hosts. */
export async function serveAgent(
  controller: Controller,
  { socket, places }: PreparedAgent,
  o: {
    readonly record: SessionRecord;
    readonly desk: SendsDesk | undefined;
    readonly log: AuditWriter;
    readonly isUnattended?: boolean;
    /** Told of what was asked for and is never done: one line. */
    readonly onRefused: (reason: string) => void;
  },
): Promise<ServedTaskAgent> {
  const { record, desk, log, onRefused, isUnattended = false } = o;
  writeKnownHosts(controller.store.sessionDir(record.session), places);
  const judge = new SignatureJudge({ controller, record, desk, log, isUnattended });
  const agent = openAgent({
    ...{ socket, places, onRefused },
    decide: (signature, abort) => judge.decide(signature, abort),
    onFailed: (signature, reason) => judge.fail(signature, reason),
  });
  return {
    join: (gateway) => ({
      listeners: [...gateway.listeners, agent.listener],
      adopt: (descriptors) => {
        gateway.adopt(descriptors.slice(0, -1));
        agent.adopt(descriptors.at(-1) ?? -1);
      },
    }),
    [Symbol.asyncDispose]: async () => {
      await agent[Symbol.asyncDispose]();
      await judge.settled();
    },
  };
}

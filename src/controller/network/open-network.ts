import type { AuditEntry } from "../../core/audit-entry.js";
import { maskSecrets } from "../../core/mask-secrets.js";
import type { OpenSecret } from "../../core/open-secret.js";
import type { NetworkPolicy, Send, SendResult, SendVerdict } from "../../core/send.js";
import type { SessionRecord } from "../../core/session.js";
import type { SandboxGateway } from "../../engine/engine.js";
import { openGateway } from "../../network/open-gateway.js";
import { readRoots } from "../../network/read-roots.js";
import { toUpstreamFor } from "../../network/upstream-proxy.js";
import { judgeSend } from "../../policy/network/judge-send.js";
import { mayResolve } from "../../policy/network/may-resolve.js";
import { toDirectPorts } from "../../policy/network/to-direct-ports.js";
import { formatCount } from "../../review/format-units.js";
import type { AuditWriter } from "../../store/audit/open-audit-writer.js";
import { withdrawOfTask } from "../approvals/settle-ended.js";
import type { Controller } from "../controller.js";
import { readSessionProfile } from "../session-profile.js";
import type { PreparedAgent } from "./prepare-ssh-agent.js";
import { findOwnPlaces } from "./find-own-places.js";
import { SendsDesk, withGate } from "./judge-sends.js";
import { writeTrustFiles } from "./trust-file.js";
import type { Taken } from "./send-meter.js";

/** The way out of one task. When it is disposed of nothing leaves any more, and all that was sent is on record. */
export interface RunningNetwork extends AsyncDisposable {
  readonly gateway: SandboxGateway;
}

/**
 * Opens the gateway of a task of `record`: what it wants to send is judged by `policy` and the profile's budget, and recorded before and after.
 * Throws `usage` for a proxy of this host's environment that cannot be used.
 */
export async function openNetwork(
  controller: Controller,
  task: {
    readonly record: SessionRecord;
    readonly policy: NetworkPolicy;
    readonly secrets: readonly OpenSecret[];
    readonly agent?: PreparedAgent | undefined;
    /** Nobody will ever answer a question. */
    readonly isUnattended?: boolean;
  },
): Promise<RunningNetwork> {
  const { record, policy } = task;
  const forbidden = findOwnPlaces(controller);
  const upstreamFor = toUpstreamFor(controller.env);
  const log = await controller.store.openAuditWriter();
  const budget = readSessionProfile(record)?.budgets.send;
  const desk = budget === undefined ? undefined : new SendsDesk(controller, record, budget);
  const asks = desk !== undefined || task.agent !== undefined;
  // Of an earlier task that was killed.
  if (asks) await withdrawOfTask(controller, record.session);
  const ownPlaces = (): ReturnType<typeof findOwnPlaces> => findOwnPlaces(controller);
  const judge = new SendJudge({ record, policy, desk, log, ownPlaces });
  const gateway = openGateway({
    directPorts: toDirectPorts(policy),
    forbidden,
    secrets: task.secrets,
    readRoots: () => readRoots(controller.env),
    ...(upstreamFor === undefined ? {} : { upstreamFor }),
    mayResolve: (name) => mayResolve(policy, name),
    decide: (send, abort) => judge.decide(send, abort),
    onEnd: (send, result) => judge.end(send, result),
    onRefusedLookup: ({ name, type }) => judge.note("send.lookup-refused", { name, type }),
    onMalformed: (via, reason) => judge.note("send.malformed", { via, reason }),
  });
  if (policy.inspect.length > 0)
    writeTrustFiles(controller.store.sessionDir(record.session), {
      caPem: gateway.caPem(),
      env: controller.env,
    });
  const onRefused = (reason: string): void => judge.note("signature.refused", { reason });
  const served =
    task.agent &&
    (await (
      await import("./serve-agent.js")
    ).serveAgent(controller, task.agent, { ...task, desk, log, onRefused }));
  return {
    gateway: served?.join(gateway) ?? gateway,
    [Symbol.asyncDispose]: async () => {
      await served?.[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
      await judge.settled();
      if (asks) await withdrawOfTask(controller, record.session);
      const denied = judge.describeDenied();
      if (denied !== undefined)
        controller.notice(`sandbox: ${denied}: sandbox show ${record.session} --network`);
      await log[Symbol.asyncDispose]();
    },
  };
}

interface JudgeOptions {
  readonly record: SessionRecord;
  readonly policy: NetworkPolicy;
  readonly desk: SendsDesk | undefined;
  readonly log: AuditWriter;
  readonly ownPlaces: () => ReturnType<typeof findOwnPlaces>;
}

/** Of one task: what it may send, and the record of it. */
class SendJudge {
  readonly #o: JudgeOptions;
  readonly #taken = new Map<number, Taken>();
  /** Sends in which no request was seen yet. */
  readonly #tunnels = new Map<number, Taken>();
  readonly #writing = new Set<Promise<void>>();
  #notes = 0;
  #denied = 0;
  readonly #refusedNames = new Set<string>();
  /** Denied ones that are not on record: nor is their end. */
  readonly #unlogged = new Set<number>();

  constructor(o: JudgeOptions) {
    this.#o = o;
  }

  /** What could not be recorded is not sent: then this throws. */
  async decide(send: Send, abort: AbortSignal): Promise<SendVerdict> {
    const verdict = await this.#judge(send, abort);
    if (verdict.decision === "deny" && this.#isDeniedTooOften(send)) return verdict;
    const recorded = this.#append("send.decided", send, {
      decision: verdict.decision,
      ...(verdict.rule === undefined ? {} : { rule: verdict.rule }),
      ...(verdict.decision === "deny" ? { reason: verdict.reason } : {}),
    });
    // What is not done need not be on disk first.
    if (verdict.decision === "deny") this.#write(recorded);
    else await recorded;
    return verdict;
  }

  end(send: Send, { address, status, reason, ...result }: SendResult): void {
    if (this.#unlogged.delete(send.id)) return;
    this.#taken.get(send.id)?.sent(result.bytesOut);
    this.#taken.delete(send.id);
    // Of a tunnel that carried bytes itself they were no requests.
    if (result.end !== "done" || result.bytesOut > 0) this.#tunnels.delete(send.id);
    this.#write(
      this.#append("send.ended", send, {
        ...result,
        ...(address === undefined ? {} : { address }),
        ...(status === undefined ? {} : { status }),
        ...(reason === undefined ? {} : { reason: maskSecrets(reason) }),
      }),
    );
  }

  /** Of what was no send; a flood of it is cut. */
  note(event: string, data: Readonly<Record<string, string>>): void {
    if (data["name"] !== undefined && this.#refusedNames.size < MOST_NOTES)
      this.#refusedNames.add(data["name"]);
    this.#notes += 1;
    if (this.#notes > MOST_NOTES) return;
    const { session } = this.#o.record;
    this.#write(this.#o.log.append({ event, session, data }));
  }

  /** For the end of the task; undefined: nothing was. */
  describeDenied(): string | undefined {
    const parts = [
      ...(this.#denied === 0 ? [] : [formatCount(this.#denied, "request")]),
      ...(this.#refusedNames.size === 0 ? [] : [formatCount(this.#refusedNames.size, "lookup")]),
    ];
    return parts.length === 0 ? undefined : `${parts.join(" and ")} not allowed`;
  }

  /** Resolves when all is written that was told of, and how much was not. */
  async settled(): Promise<void> {
    const { session } = this.#o.record;
    const data = {
      denied: Math.max(0, this.#denied - MOST_DENIED),
      notes: Math.max(0, this.#notes - MOST_NOTES),
    };
    if (data.denied + data.notes > 0)
      this.#write(this.#o.log.append({ event: "send.not-listed", session, data }));
    await Promise.all(this.#writing);
  }

  async #judge(send: Send, abort: AbortSignal): Promise<SendVerdict> {
    const { desk, policy, ownPlaces } = this.#o;
    const verdict = judgeSend(policy, send);
    // The service may have begun after the task did; only what may be private can be this machine.
    if (verdict.decision === "allow" && verdict.mayBePrivate)
      if (ownPlaces().some(({ port }) => port === send.port))
        return { decision: "deny", reason: `port ${send.port} is the service's own` };
    if (verdict.decision === "deny" || desk === undefined) return verdict;
    // The first request in a tunnel has the place that the tunnel took.
    const inherited = send.within === undefined ? undefined : this.#tunnels.get(send.within);
    if (inherited !== undefined && send.within !== undefined) {
      this.#tunnels.delete(send.within);
      this.#taken.set(send.id, inherited);
      return withGate(verdict, desk.gateFor(send, inherited));
    }
    const admitted = await desk.admit(send, abort);
    if ("reason" in admitted) return { decision: "deny", reason: admitted.reason };
    this.#taken.set(send.id, admitted.taken);
    if (send.method === undefined) this.#tunnels.set(send.id, admitted.taken);
    return withGate(verdict, desk.gateFor(send, admitted.taken));
  }

  /** What is denied costs a task nothing: a flood of it would fill the disk with its own record. It is counted. */
  #isDeniedTooOften({ id }: Send): boolean {
    this.#denied += 1;
    if (this.#denied <= MOST_DENIED) return false;
    this.#unlogged.add(id);
    return true;
  }

  #append(event: string, send: Send, data: NonNullable<AuditEntry["data"]>): Promise<void> {
    const { id, via, host, port, method, path, within } = send;
    const { session } = this.#o.record;
    const what = {
      ...{ id, via, host, port },
      ...(within === undefined ? {} : { within }),
      ...(method === undefined ? {} : { method }),
      ...(path === undefined ? {} : { path: maskSecrets(path) }),
    };
    return this.#o.log.append({ event, session, data: { ...what, ...data } });
  }

  /** The result of what has happened: where it cannot be written, the intent is on record. */
  #write(writing: Promise<void>): void {
    const done = writing
      .catch(() => undefined)
      .finally(() => {
        this.#writing.delete(done);
      });
    this.#writing.add(done);
  }
}

/** Of one task. */
const MOST_NOTES = 1000;
const MOST_DENIED = 10_000;

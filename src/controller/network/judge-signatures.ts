import type { SessionRecord } from "../../core/session.js";
import type { AgentSignature } from "../../network/agent/agent-policy.js";
import type { AuditWriter } from "../../store/audit/open-audit-writer.js";
import type { AskingController } from "../approvals/asking-controller.js";
import type { SendsDesk } from "./judge-sends.js";

interface SignatureJudgeOptions {
  readonly controller: AskingController;
  readonly record: Pick<SessionRecord, "session" | "revision">;
  /** A signature counts as a request to its host. */
  readonly desk: SendsDesk | undefined;
  readonly log: AuditWriter;
  /** What would be asked about is denied. */
  readonly isUnattended: boolean;
}

/** Of one task; what is denied more often is not listed. */
const MOST_DENIED = 1000;

/** Of one task: for which logins it gets signatures, and the record of it. */
export class SignatureJudge {
  readonly #o: SignatureJudgeOptions;
  readonly #deciding = new Set<Promise<unknown>>();
  /** Those that are on record, by number: 1, 2, 3… */
  readonly #numbers = new WeakMap<AgentSignature, number>();
  #count = 0;
  #denied = 0;

  constructor(o: SignatureJudgeOptions) {
    this.#o = o;
  }

  /** What could not be recorded is not signed: then this rejects. */
  async decide(signature: AgentSignature, abort: AbortSignal): Promise<"allow" | "deny"> {
    const decided = this.#decide(signature, abort);
    const over = decided.catch(() => undefined).finally(() => this.#deciding.delete(over));
    this.#deciding.add(over);
    return await decided;
  }

  /** Records that one which was allowed was not made. The reason is one line. */
  fail(signature: AgentSignature, reason: string): void {
    const id = this.#numbers.get(signature);
    if (id === undefined) return;
    const { log, record } = this.#o;
    const written = log
      .append({ event: "signature.failed", session: record.session, data: { id, reason } })
      .catch(() => undefined)
      .finally(() => this.#deciding.delete(written));
    this.#deciding.add(written);
  }

  /** Resolves when all is written. Those who ask must have gone. */
  async settled(): Promise<void> {
    await Promise.all(this.#deciding);
  }

  async #decide(signature: AgentSignature, abort: AbortSignal): Promise<"allow" | "deny"> {
    const reason = await this.#findReason(signature, abort);
    if (reason !== undefined) this.#denied += 1;
    if (this.#denied > MOST_DENIED) return "deny";
    const { host, port, user, key } = signature;
    const decision = reason === undefined ? "allow" : "deny";
    this.#count += 1;
    const id = this.#count;
    this.#numbers.set(signature, id);
    await this.#o.log.append({
      event: "signature.decided",
      session: this.#o.record.session,
      data: {
        // Under the name `key` it would be masked.
        ...{ id, via: "ssh-agent", host, port, user, fingerprint: key, decision },
        ...(reason === undefined ? {} : { reason }),
      },
    });
    return decision;
  }

  /** Why there is none; undefined: there is. */
  async #findReason(signature: AgentSignature, abort: AbortSignal): Promise<string | undefined> {
    const { controller, record, desk, isUnattended } = this.#o;
    if (signature.mustAsk && isUnattended) return "it is to be asked about, and nobody is there";
    if (signature.mustAsk) {
      const { settleSignature } = await import("../approvals/settle-signature.js");
      const { session, revision } = record;
      const { state } = await settleSignature(controller, { session, revision, signature }, abort);
      if (state !== "approved") return "not approved";
    }
    const { host, port } = signature;
    const admitted = await desk?.admit({ id: 0, via: "direct", host, port }, abort);
    return admitted !== undefined && "reason" in admitted ? admitted.reason : undefined;
  }
}

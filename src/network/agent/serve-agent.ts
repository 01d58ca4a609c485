import {
  EXTENSION,
  FAILURE,
  readIdentities,
  REQUEST_IDENTITIES,
  SESSION_BIND,
  SIGN_REQUEST,
  SIGN_RESPONSE,
  SUCCESS,
  toFrame,
  toIdentitiesAnswer,
} from "./agent-protocol.js";
import {
  type AgentPlace,
  type AgentSignature,
  findPlaces,
  mayUse,
  toSignature,
} from "./agent-policy.js";
import { isSignedBy, toFingerprint } from "./host-key.js";
import { openRealAgent, type RealAgent } from "./real-agent.js";
import { isUsable, toSigningAlgorithm } from "./signing-algorithm.js";
import { readUserauth } from "./read-userauth.js";
import { toUint32, toWireString, WireError, WireReader } from "./wire.js";

/** What stands between a task and the person's own agent. */
export interface AgentGuard {
  /** The unix socket of the real agent. */
  readonly socket: string;
  readonly places: readonly AgentPlace[];
  /** Awaited before a signature is asked for; where it throws there is none. The signal says that the client has gone. */
  readonly decide: (signature: AgentSignature, abort: AbortSignal) => Promise<"allow" | "deny">;
  /** Told of what was allowed and not signed after all: one line. */
  readonly onFailed: (signature: AgentSignature, reason: string) => void;
  /** Told of what was asked for and is never done: one line. */
  readonly onRefused: (reason: string) => void;
}

/** A question that gets the answer "no". */
class Refusal extends Error {}

/** A touch of a token, or an answer to `ssh-add -c`, takes its time. */
const SIGN_MS = 5 * 60_000;
const LIST_MS = 30_000;

/** Session ids are digests: of 20 to 64 bytes. */
function isSessionId(bytes: Buffer): boolean {
  return bytes.length >= 20 && bytes.length <= 64;
}

/**
 * One connection of a task to its agent. It may list the keys that rules name, say which server it talks to, once and with that server's proof, and then have
 * signatures for logins at that server. Nothing else reaches the real agent.
 */
export class AgentConnection implements Disposable {
  readonly #guard: AgentGuard;
  readonly #gone: AbortSignal;
  #real: RealAgent | undefined;
  /** Whom it talks to: with a second one nobody could say for which a signature is. */
  #bound:
    | {
        readonly places: readonly AgentPlace[];
        readonly hostKey: Buffer;
        readonly sessionId: Buffer;
      }
    | undefined;
  #isSpoilt = false;

  constructor(guard: AgentGuard, gone: AbortSignal) {
    this.#guard = guard;
    this.#gone = gone;
  }

  /** The whole answer to a message, whatever that is. */
  async answer(message: Buffer): Promise<Buffer> {
    try {
      return await this.#answer(message);
    } catch (error) {
      if (error instanceof Refusal) this.#guard.onRefused(error.message);
      else if (error instanceof WireError) this.#guard.onRefused("a message without a right form");
      else
        this.#guard.onRefused(
          this.#gone.aborted ? "its client has gone" : "the agent of this host failed",
        );
      return toFrame(FAILURE);
    }
  }

  [Symbol.dispose](): void {
    this.#real?.[Symbol.dispose]();
  }

  async #answer(message: Buffer): Promise<Buffer> {
    const reader = new WireReader(message);
    const type = reader.byte();
    switch (type) {
      case REQUEST_IDENTITIES:
        reader.end();
        return await this.#list();
      case SIGN_REQUEST:
        return await this.#sign(reader);
      case EXTENSION:
        return await this.#bind(reader, message);
      default:
        throw new Refusal(
          `a message of type ${type}: only lists, binds and signatures for logins are passed on`,
        );
    }
  }

  async #list(): Promise<Buffer> {
    const { places } = this.#bound ?? this.#guard;
    const blobs = (await this.#listReal()).filter(isUsable);
    return toIdentitiesAnswer(blobs.filter((blob) => mayUse(places, toFingerprint(blob))));
  }

  async #listReal(): Promise<readonly Buffer[]> {
    const identities = readIdentities(await this.#ask(toFrame(REQUEST_IDENTITIES), LIST_MS));
    return identities.map(({ blob }) => blob);
  }

  async #bind(reader: WireReader, message: Buffer): Promise<Buffer> {
    const name = reader.string().toString("latin1");
    if (name !== SESSION_BIND) throw new Refusal("an extension other than session-bind");
    const wasBound = this.#bound !== undefined || this.#isSpoilt;
    // Until it has proved to be the right one.
    this.#isSpoilt = true;
    const [hostKey, sessionId, signature] = [reader.string(), reader.string(), reader.string()];
    const isForwarded = reader.boolean();
    reader.end();
    if (isForwarded) throw new Refusal("an agent that is forwarded to another host");
    if (wasBound) throw new Refusal("a second session on one connection");
    const places = findPlaces(this.#guard.places, hostKey);
    if (places.length === 0)
      throw new Refusal(
        `a server with the host key ${toFingerprint(hostKey)}, which is none of an allowed host`,
      );
    if (!isSessionId(sessionId) || !isSignedBy(hostKey, sessionId, signature))
      throw new Refusal(`no proof of the host key ${toFingerprint(hostKey)}`);
    // Its keys may be for some hosts only (ssh-add -h). An agent that knows nothing of this says no, and that is no matter.
    await this.#ask(toFrame(EXTENSION, message.subarray(1)), LIST_MS);
    this.#bound = { places, hostKey, sessionId };
    this.#isSpoilt = false;
    return toFrame(SUCCESS);
  }

  async #sign(reader: WireReader): Promise<Buffer> {
    const [blob, data, flags] = [reader.string(), reader.string(), reader.uint32()];
    reader.end();
    if (this.#bound === undefined || this.#isSpoilt)
      throw new Refusal(
        "a signature for nobody knows which server: ssh of OpenSSH 8.9 and later says it",
      );
    const { places, hostKey, sessionId } = this.#bound;
    const algorithm = toSigningAlgorithm(blob, flags);
    if (algorithm === undefined)
      throw new Refusal("a signature by a certificate, with SHA-1 or of an unknown kind");
    const login = toLogin(data);
    if (!login.sessionId.equals(sessionId) || login.hostKey?.equals(hostKey) === false)
      throw new Refusal("a signature for another session than the one that was shown");
    if (!login.key.equals(blob)) throw new Refusal("a signature by another key than the login's");
    if (login.algorithm !== algorithm)
      throw new Refusal("a signature of another algorithm than the login's");
    const key = toFingerprint(blob);
    const signature = toSignature(places, { user: login.user, key });
    if (signature === undefined)
      throw new Refusal(
        `a login of ${login.user} with ${key}, which no rule for ${places[0]?.rule.host ?? ""} allows`,
      );
    // Nobody is asked about what could not be.
    if (!(await this.#listReal()).some((one) => one.equals(blob)))
      throw new Refusal(`a login with ${key}, which the agent of this host does not have`);
    if ((await this.#guard.decide(signature, this.#gone)) !== "allow") return toFrame(FAILURE);
    const request = toFrame(SIGN_REQUEST, toWireString(blob), toWireString(data), toUint32(flags));
    return await this.#signAllowed(signature, request);
  }

  /** It is on record as allowed: where nothing is signed, that is told of too. */
  async #signAllowed(signature: AgentSignature, request: Buffer): Promise<Buffer> {
    let reason = "the agent of this host did not sign";
    try {
      this.#gone.throwIfAborted();
      const answer = await this.#ask(request, SIGN_MS);
      if (answer[0] === SIGN_RESPONSE) return toFrame(SIGN_RESPONSE, answer.subarray(1));
    } catch {
      reason = this.#gone.aborted ? "its client has gone" : "the agent of this host failed";
    }
    this.#guard.onFailed(signature, reason);
    return toFrame(FAILURE);
  }

  async #ask(frame: Buffer, timeoutMs: number): Promise<Buffer> {
    this.#real ??= await openRealAgent(this.#guard.socket);
    return await this.#real.ask(frame, timeoutMs);
  }
}

function toLogin(data: Buffer): ReturnType<typeof readUserauth> {
  try {
    return readUserauth(data);
  } catch (error) {
    if (error instanceof WireError) throw new Refusal("a signature of something else than a login");
    throw error;
  }
}

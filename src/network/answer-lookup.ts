import { type DecodedPacket, decode, encode, type Packet, type Question } from "dns-packet";
import { parseHost } from "../core/host-name.js";
import type { RefusedLookup } from "./gateway.js";

/** What the resolver knows. */
export interface Resolver {
  readonly mayResolve: (name: string) => boolean;
  readonly addressOf: (name: string) => string;
  readonly onRefused: (lookup: RefusedLookup) => void;
}

/** Short, so that a name whose address was taken back asks again. */
const TTL_SECONDS = 30;
const RCODES = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
type Rcode = keyof typeof RCODES;
/** Clients ask for these (64 and 65 are SVCB and HTTPS) beside A and take an empty answer for "there is none". */
const EMPTY_TYPES: ReadonlySet<string> = new Set(["AAAA", "UNKNOWN_64", "UNKNOWN_65"]);

/**
 * The answer to one message of DNS (RFC 1035), made here: nothing is ever passed on. Undefined for what gets no answer at all (it is too
 * short, or an answer itself: two resolvers must not talk to each other for ever).
 */
export function answerLookup(message: Buffer, resolver: Resolver): Buffer | undefined {
  if (message.length < 12 || ((message[2] ?? 0) & 0x80) !== 0) return undefined;
  const query = tryDecode(message);
  if (query === undefined) return toFormatError(message);
  const [question, ...more] = query.questions ?? [];
  if (((message[2] ?? 0) >> 3) % 16 !== 0) return toAnswer(query, "NOTIMP");
  if (question === undefined || more.length > 0) return toAnswer(query, "FORMERR");
  return answerQuestion(query, question, resolver);
}

function answerQuestion(query: DecodedPacket, question: Question, resolver: Resolver): Buffer {
  const parsed = parseHost(question.name);
  const name = "problem" in parsed || parsed.isAddress ? undefined : parsed.host;
  if (name === undefined || !resolver.mayResolve(name)) {
    resolver.onRefused({ name: name ?? toShown(question.name), type: question.type });
    return toAnswer(query, "NXDOMAIN");
  }
  if (question.type === "A" && isInternet(question))
    return toAnswer(query, "NOERROR", [
      { type: "A", name: question.name, ttl: TTL_SECONDS, data: resolver.addressOf(name) },
    ]);
  if (EMPTY_TYPES.has(question.type)) return toAnswer(query, "NOERROR");
  resolver.onRefused({ name, type: question.type });
  return toAnswer(query, "REFUSED");
}

function isInternet(question: Question): boolean {
  return question.class === undefined || question.class === "IN";
}

function toAnswer(query: DecodedPacket, rcode: Rcode, answers: Packet["answers"] = []): Buffer {
  const { id, questions = [] } = query;
  return encode({
    type: "response",
    ...(id === undefined ? {} : { id }),
    // Recursion desired is copied; available; and the answer's code in the low bits.
    flags: (query.flag_rd ? 0x0100 : 0) | 0x0080 | RCODES[rcode],
    questions: questions.slice(0, 1),
    answers,
  });
}

function toFormatError(message: Buffer): Buffer {
  const header = Buffer.alloc(12);
  message.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8080 | RCODES.FORMERR, 2);
  return header;
}

/** The library throws what it likes at bytes that are no message. */
function tryDecode(message: Buffer): DecodedPacket | undefined {
  try {
    return decode(message);
  } catch {
    return undefined;
  }
}

/** A name that is none, so that a log can hold it. */
function toShown(name: string): string {
  return JSON.stringify(name.slice(0, 255)).replace(
    /[^ -~]/g,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}

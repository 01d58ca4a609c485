import type { AuditRecord } from "../core/audit-entry.js";
import type { SessionId } from "../core/ids.js";

/** Of a log: `present` is where what was there ends and what comes begins. */
export type LogPart = AuditRecord | "present";

/** Records of `session` only, and of those that are there already only the `last`; undefined leaves none out. */
export async function* selectRecords(
  parts: AsyncIterable<LogPart> | Iterable<LogPart>,
  asked: { readonly session: SessionId | undefined; readonly last: number | undefined },
): AsyncGenerator<LogPart> {
  const { session, last } = asked;
  const kept: AuditRecord[] = [];
  let isPast = last !== undefined;
  for await (const part of parts) {
    if (part === "present") {
      yield* kept.splice(0);
      isPast = false;
      yield part;
      continue;
    }
    if (session !== undefined && part.session !== session) continue;
    if (!isPast) yield part;
    else if (kept.push(part) > (last ?? 0)) kept.shift();
  }
  yield* kept;
}

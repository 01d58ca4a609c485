import type { RefusedSend } from "../../core/send.js";
import type { SessionRecord } from "../../core/session.js";
import { renderPlace } from "../../core/render-place.js";
import type { Controller } from "../controller.js";
import { listSends, type LoggedSend } from "./list-sends.js";

const MOST_PLACES = 100;

/** What a session's tasks did not reach and why, the most often first; of a session without a network nothing is known. */
export async function sumRefused(
  controller: Controller,
  { session, spec }: Pick<SessionRecord, "session" | "spec">,
): Promise<readonly RefusedSend[]> {
  if (spec.network !== "gateway") return [];
  const { sends, refusedLookups } = await listSends(controller, session);
  const sums = new Map<string, RefusedSend>();
  const add = (one: RefusedSend): void => {
    const key = JSON.stringify([one.place, one.reason]);
    sums.set(key, { ...one, times: (sums.get(key)?.times ?? 0) + one.times });
  };
  for (const send of sends)
    if (isRefused(send))
      add({ place: renderPlace(send.host, send.port), times: 1, reason: send.reason ?? "" });
  for (const [place, times] of refusedLookups)
    add({ place, times, reason: "looked up: its name is not allowed" });
  return [...sums.values()].toSorted((a, b) => b.times - a.times).slice(0, MOST_PLACES);
}

function isRefused({ decision, end }: LoggedSend): boolean {
  return decision === "deny" || end === "refused";
}

import { isDeepStrictEqual } from "node:util";
import type { CommandFailures, SessionRecord } from "../core/session.js";
import type { Controller } from "./controller.js";
import { readSessionProfile } from "./session-profile.js";

/** Commands that a session remembers, and their words' UTF-16 units: a task's own talk cannot make the record grow. */
const MOST_COMMANDS = 50;
const MOST_WORDS = 4096;

/** The session's count once its last command has ended so; undefined where no budget asks for it. */
export function countFailure(record: SessionRecord): readonly CommandFailures[] | undefined {
  if (readSessionProfile(record)?.budgets.retry === undefined) return undefined;
  const { command, failures = [] } = record;
  const others = failures.filter((one) => !isDeepStrictEqual(one.command, command));
  if (!hasFailed(record) || command.join("").length > MOST_WORDS) return others;
  const times = (failures.find((one) => isDeepStrictEqual(one.command, command))?.times ?? 0) + 1;
  return [...others, { command, times }].slice(-MOST_COMMANDS);
}

/** How often `command` has failed in this session since it last ended well there. */
export function findFailures({ failures = [] }: SessionRecord, command: readonly string[]): number {
  return failures.find((one) => isDeepStrictEqual(one.command, command))?.times ?? 0;
}

/** The same over all sessions on these workspaces, back to the last that ended well with it. */
export async function findEarlierFailures(
  { store }: Pick<Controller, "store">,
  { command, workspaces }: Pick<SessionRecord, "command" | "workspaces">,
): Promise<number> {
  const { sessions } = await store.listSessions();
  let times = 0;
  for (const record of sessions.toReversed()) {
    if (!isDeepStrictEqual(record.workspaces, workspaces)) continue;
    const here = findFailures(record, command);
    times += here;
    const isLast = isDeepStrictEqual(record.command, command);
    if (here === 0 && isLast && record.outcome !== undefined && !hasFailed(record)) break;
  }
  return times;
}

function hasFailed({ outcome }: SessionRecord): boolean {
  return outcome?.outcome !== "exited" || outcome.code !== 0;
}

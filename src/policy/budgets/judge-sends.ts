import type { SendBudget } from "../../core/profile.js";
import { toWindowMs } from "./budget-window.js";

/** One thing that was sent, or is being: milliseconds of any clock, bytes towards the network as far as they are known. */
export interface SendCount {
  readonly at: number;
  readonly bytes: number;
}

/** Why one more would be over the budget. */
export interface SendsOver {
  readonly unit: "requests" | "bytes";
  readonly limit: number;
  /** Of the time that counts. */
  readonly spent: number;
  /** Milliseconds until there is room again by itself; undefined: never. */
  readonly roomInMs: number | undefined;
}

/** What counts of what was sent. */
export interface CountedSends {
  readonly requests: number;
  readonly bytes: number;
  /** Each of them, oldest first; empty where they count to the end. It is asked for only where there is no room. */
  readonly list: () => readonly SendCount[];
}

/** Whether one more request has room beside what counts at `now`. Undefined: it has. Bytes are full when they are reached. */
export function judgeSends(
  budget: SendBudget,
  counted: CountedSends,
  now: number,
): SendsOver | undefined {
  const window = toWindowMs(budget.per);
  const until = (at: number | undefined): number | undefined =>
    window === undefined || at === undefined ? undefined : Math.max(1, at + window - now);
  const { requests, bytes } = budget;
  if (requests !== undefined && counted.requests >= requests)
    return {
      unit: "requests",
      limit: requests,
      spent: counted.requests,
      roomInMs: until(counted.list()[counted.requests - requests]?.at),
    };
  const sent = counted.bytes;
  if (bytes === undefined || sent < bytes) return undefined;
  return {
    unit: "bytes",
    limit: bytes,
    spent: sent,
    roomInMs: until(findRoom(counted.list(), sent - bytes)),
  };
}

/** When enough has passed out of the window. */
function findRoom(counting: readonly SendCount[], surplus: number): number | undefined {
  let left = surplus;
  for (const { at, bytes } of counting) {
    left -= bytes;
    if (left < 0) return at;
  }
  return undefined;
}

/** For a person. */
export function describeSendsOver({ per, by }: SendBudget, over: SendsOver, host: string): string {
  const { unit, limit, spent } = over;
  const of = by === undefined ? "" : ` to ${host}`;
  return `${spent} ${unit} sent${of}; the budget is ${limit} per ${per}`;
}

import type { Column } from "./column.js";

/** What a program did. */
export interface Ran {
  readonly stdout: string;
  /** As a shell tells it: 128 and the number of a signal. */
  readonly code: number;
}

/** How a whole run of the product ended. */
export interface RunEnd extends Ran {
  readonly stderr: string;
  readonly durationMs: number;
  /** Of `show --json`: how the task ended. */
  readonly outcome: string;
  /** Bytes of the log that the session keeps. */
  readonly logBytes: number;
  /** Processes of the host that are left of it. */
  readonly left: readonly number[];
}

/** What became of an attack or of a control. */
export interface Verdict {
  readonly verdict: "stopped" | "through" | "broken";
  readonly detail: string;
}

/** Takes the program at its word, `held: …` or `reached: …`. Neither: it is broken. */
export function judgeByWord({ stdout, code }: Ran): Verdict {
  const words = [...stdout.matchAll(/^(?<word>held|reached): (?<detail>.*)$/gm)];
  const reached = words.find(({ groups }) => groups?.["word"] === "reached");
  const last = reached ?? words.at(-1);
  const detail = last?.groups?.["detail"] ?? "";
  if (last !== undefined) return { verdict: reached === undefined ? "stopped" : "through", detail };
  return { verdict: "broken", detail: `no verdict, exit ${code}: ${stdout.slice(-300)}` };
}

/** Says that there is nothing behind the door, not that the door is shut. */
const NOTHING_THERE = /^(No such device|Operation not supported|no such request on a terminal)$/;

/**
 * For a call that must be refused at the door. gVisor's kernel lacks most things; the host's may have them on another
 * machine, so that in front of it only a refusal counts.
 */
export function judgeCall(ran: Ran, { runtime }: Pick<Column, "runtime">): Verdict {
  const said = judgeByWord(ran);
  const isOpen = said.verdict === "stopped" && NOTHING_THERE.test(said.detail);
  return isOpen && runtime !== "runsc"
    ? { verdict: "through", detail: `the host's kernel looked at it: ${said.detail}` }
    : said;
}

/** For a call that must kill: SIGSYS, or SIGSEGV where the kernel has no such door at all. gVisor may also refuse it. */
export function judgeByKill(ran: Ran, { runtime }: Pick<Column, "runtime">): Verdict {
  if (ran.code === 128 + 31 || ran.code === 128 + 11)
    return { verdict: "stopped", detail: `killed by signal ${ran.code - 128}` };
  const said = judgeByWord(ran);
  return said.verdict === "stopped" && runtime !== "runsc"
    ? { verdict: "through", detail: `not killed: ${said.detail}` }
    : said;
}

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

/** For a call that must kill: SIGSYS, or SIGSEGV where the kernel has no such door at all. */
export function judgeByKill(ran: Ran): Verdict {
  if (ran.code === 128 + 31 || ran.code === 128 + 11)
    return { verdict: "stopped", detail: `killed by signal ${ran.code - 128}` };
  return judgeByWord(ran);
}

import type { Attack, Scene } from "./attack.js";
import { alone, limited } from "./scenes.js";
import type { RunEnd, Verdict } from "./verdict.js";

type Shown = Pick<Attack, "id" | "title" | "argv" | "controls">;

/** Within limits that one process after the other meets. */
const inLimits: readonly Attack[] = (
  [
    {
      id: "fork-bomb",
      title: "a fork bomb (256 processes allowed)",
      argv: () => ["kernel", "fork-bomb", "600", "256"],
      controls: [{ on: "inside", argv: () => ["kernel", "fork-bomb", "40", "20"] }],
    },
    {
      id: "open-files",
      title: "open 200,000 files",
      argv: () => ["python3", "@exhaust.py", "open", "200000"],
      controls: [{ on: "inside", argv: () => ["python3", "@exhaust.py", "open", "10000"] }],
    },
  ] satisfies readonly Shown[]
).map((shown) => ({ ...shown, row: 25, scene: limited }));

/** What a run that had to be ended looks like. */
function ended(end: RunEnd, outcome: string): Verdict {
  const detail = `${end.outcome}, exit ${end.code}, ${end.left.length} processes left: ${end.stdout.slice(-200)}`;
  if (end.left.length > 0) return { verdict: "through", detail };
  return { verdict: end.outcome === outcome ? "stopped" : "through", detail };
}

function whole(
  shown: Pick<Attack, "id" | "title"> & {
    readonly script: string;
    readonly scene: Scene;
    readonly outcome: string;
  },
  judge: (end: RunEnd) => Verdict | undefined = () => undefined,
): Attack {
  return {
    ...{ id: shown.id, title: shown.title, row: 25, scene: shown.scene },
    argv: () => ["sh", "-c", shown.script],
    // Each says `reached` first, where nothing had to be stopped yet.
    controls: [{ on: "inside", argv: () => ["sh", "-c", "echo reached: it runs"] }],
    judgeEnd: (end) => {
      if (!end.stdout.includes("begun")) return { verdict: "broken", detail: end.stderr };
      return judge(end) ?? ended(end, shown.outcome);
    },
  };
}

/** Takes too much of one thing. Either the program is refused or killed, or all of the task ends. */
function taking(
  shown: Pick<Attack, "id" | "title"> & {
    readonly words: readonly [string, string];
    readonly options: readonly string[];
    readonly allowed: string;
  },
): Attack {
  const { id, title, words, options, allowed } = shown;
  return {
    ...{ id, title, row: 25, scene: alone(id, options) },
    argv: () => ["python3", "@exhaust.py", ...words],
    controls: [{ on: "inside", argv: () => ["python3", "@exhaust.py", words[0], allowed] }],
    judgeEnd: ({ stdout, code, outcome, left }) => {
      const detail = `${outcome}, exit ${code}, ${left.length} processes left`;
      const [, said] = stdout.split(`@@ begin ${id}\n`);
      if (said === undefined) return { verdict: "broken", detail };
      const isStopped = !said.includes("reached:") && outcome !== "timed-out" && left.length === 0;
      return { verdict: isStopped ? "stopped" : "through", detail };
    },
  };
}

const takings: readonly Attack[] = [
  taking({
    id: "memory",
    title: "take 400 MiB of memory (200 MiB allowed)",
    words: ["memory", "400"],
    allowed: "40",
    options: ["--memory", "200MiB", "--timeout", "120s"],
  }),
  taking({
    id: "one-big-file",
    title: "write one file of 64 MiB (24 MiB allowed)",
    words: ["file", "64"],
    allowed: "4",
    options: ["--disk", "24MiB", "--timeout", "120s"],
  }),
];

/** Sleeps that are left on the host are found by their arguments. */
export const MARK = `86399.${process.pid}`;

/** What a session keeps of the output (`DEFAULT_OUTPUT_CAP`), and a little for whose is what. */
const LOG_LIMIT = (16 << 20) + (1 << 20);

/** Each ends its run. */
const wholeRuns: readonly Attack[] = [
  whole({
    id: "disk",
    title: "fill the disk with many files (24 MiB allowed)",
    script:
      "echo begun; i=0; while [ $i -lt 400 ]; do head -c 1000000 /dev/zero >fill$i || exit 9; i=$((i+1)); sleep 0.02; done",
    scene: alone("disk", ["--disk", "24MiB", "--timeout", "120s"]),
    outcome: "interrupted",
  }),
  whole({
    id: "inodes",
    title: "fill the disk with empty files and directories (1 MiB allowed)",
    script:
      "echo begun; i=0; while [ $i -lt 2000 ]; do mkdir many$i || exit 9; (cd many$i && seq 500 | xargs touch) || exit 9; i=$((i+1)); done",
    scene: alone("inodes", ["--disk", "1MiB", "--timeout", "120s"]),
    outcome: "interrupted",
  }),
  whole({
    id: "ignores-sigterm",
    title: "ignore SIGTERM when the time is up, with a daemon beside it",
    script: `trap '' TERM HUP INT; echo begun; setsid sleep ${MARK} & while :; do sleep 1; done`,
    scene: alone("sigterm", ["--timeout", "3s"]),
    outcome: "timed-out",
  }),
  whole({
    id: "daemons",
    title: "leave daemons behind",
    script: `echo begun; setsid sh -c "sleep ${MARK} & sleep ${MARK}" >/dev/null 2>&1 & (setsid sleep ${MARK} &); exit 0`,
    scene: alone("daemons", ["--timeout", "30s"]),
    outcome: "exited",
  }),
  whole(
    {
      id: "output-flood",
      title: "flood the output until the time is up (the log is capped)",
      script: "echo begun; exec yes floodfloodfloodfloodfloodfloodfloodfloodfloodfloodflood",
      scene: alone("flood", ["--timeout", "5s"]),
      outcome: "timed-out",
    },
    (end) =>
      end.logBytes > LOG_LIMIT
        ? { verdict: "through", detail: `the log holds ${end.logBytes} bytes` }
        : undefined,
  ),
];

export const exhaustionAttacks: readonly Attack[] = [...inLimits, ...takings, ...wholeRuns];

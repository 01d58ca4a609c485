import { randomUUID } from "node:crypto";
import type { CiHost } from "./ci-host.js";

/** The log of a CI's job, as one run writes to it: stderr, all of it, so that it stays in order. */
export interface CiLog {
  /** The task's own output is over. */
  endTask(): void;
  /** From here on there is nothing in it that comes from a sandbox, but in what GitHub obeys and we escaped. */
  obey(): void;
}

/**
 * Begins the log of a run. GitHub obeys commands that a step prints (`::name::`, also behind spaces, and `##[name]` anywhere in a line): until `obey` it does not,
 * by a token that no task knows, so that neither a task's output nor a file's name in a summary is one. GitLab folds the task's part.
 */
export function openCiLog(host: CiHost, stderr: NodeJS.WriteStream): CiLog {
  switch (host.kind) {
    case "github": {
      const token = randomUUID();
      stderr.write(`::stop-commands::${token}\n`);
      return {
        endTask: () => undefined,
        // A command begins a line, and a task may have ended within one.
        obey: () => void stderr.write(`\n::${token}::\n`),
      };
    }
    case "gitlab":
      stderr.write(`${toMarker("start")}the task in the sandbox\n`);
      return { endTask: () => void stderr.write(`${toMarker("end")}\n`), obey: () => undefined };
    default:
      return { endTask: () => undefined, obey: () => undefined };
  }
}

/** docs.gitlab.com, "Expand and collapse job log sections". */
function toMarker(what: "start" | "end"): string {
  const erase = "\u001b[0K";
  return `${erase}section_${what}:${Math.floor(Date.now() / 1000)}:sandbox_task\r${erase}`;
}

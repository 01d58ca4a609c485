import { availableParallelism, totalmem } from "node:os";
import type { ActionRequest } from "../../core/action.js";
import { parseCpus, parseSize } from "../../policy/parse-limits.js";
import type { Weight } from "./fair-line.js";

/** What a task is counted as where its limits do not say. */
const TASK: Weight = { cpus: 1, memory: 512 << 20 };
/** What works on files and runs nothing. */
const FILES: Weight = { cpus: 0.5, memory: 128 << 20 };
/** More sandboxes at once than this many a processor gain nothing. */
const TASKS_PER_CPU = 2;
const MEMORY_SHARE = 0.8;

/** What all running actions may weigh together on this machine. */
export function toCapacity(): Weight {
  return {
    cpus: availableParallelism() * TASKS_PER_CPU,
    memory: Math.floor(totalmem() * MEMORY_SHARE),
  };
}

/** What `request` takes of the machine while it runs: its own limits, where it has some. Throws `usage` for limits that are none. */
export function weighAction(request: ActionRequest): Weight {
  switch (request.kind) {
    case "run": {
      const { cpus, memory } = request;
      return {
        cpus: cpus === undefined ? TASK.cpus : parseCpus(cpus, "--cpus"),
        memory: memory === undefined ? TASK.memory : parseSize(memory, "--memory"),
      };
    }
    case "exec":
      return TASK;
    default:
      return FILES;
  }
}

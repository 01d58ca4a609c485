import type { ActionState } from "../../core/action.js";

/** The service's numbers in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export function renderMetrics(now: {
  readonly load: { readonly waiting: number; readonly running: number };
  readonly counts: Readonly<Record<ActionState, number>>;
  readonly approvals: number;
}): string {
  const lines = [
    ...gauge("sandbox_queue_waiting", "Actions that wait.", now.load.waiting),
    ...gauge("sandbox_queue_running", "Actions that are carried out.", now.load.running),
    ...gauge("sandbox_approvals_waiting", "Questions that wait for an answer.", now.approvals),
    "# HELP sandbox_actions Actions in the ledger, by state.",
    "# TYPE sandbox_actions gauge",
    ...Object.entries(now.counts).map(
      ([state, count]) => `sandbox_actions{state="${state}"} ${count}`,
    ),
    ...gauge("process_resident_memory_bytes", "Resident memory.", process.memoryUsage.rss()),
    ...gauge("process_uptime_seconds", "Time since the start.", Math.round(process.uptime())),
  ];
  return `${lines.join("\n")}\n`;
}

function gauge(name: string, help: string, value: number): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${value}`];
}

import type { Command } from "commander";
import { type DoctorReport, examineHost } from "../../controller/doctor.js";
import { EXIT_CODES } from "../../core/exit-code.js";
import type { CliCommand } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";
import { writeJson } from "../to-json.js";

/** `sandbox doctor`. */
export const doctorCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .option("--json", "the result, for programs")
    .addHelpText("after", "\nExample:\n  sandbox doctor\n");
}

async function act(command: Command, context: CliContext): Promise<number> {
  const controller = await context.openController();
  const report = await examineHost(controller);
  if (command.opts<{ readonly json?: true }>().json === true)
    writeJson(context.stdout, "doctor", report);
  else context.stdout.write(renderReport(report));
  return report.ok ? 0 : EXIT_CODES["sandbox-unavailable"];
}

function renderReport(report: DoctorReport): string {
  const sections = [
    ...report.engines.map((probe) => ({
      title: `engine ${probe.engine}${probe.runtime === undefined ? "" : ` with ${probe.runtime}`}: ${
        probe.ok ? "works" : "does not work"
      }`,
      checks: probe.checks,
      works: probe.ok,
    })),
    { title: "state", checks: report.checks, works: false },
  ];
  return sections
    .map(({ title, checks, works }) =>
      [title, ...checks.map((check) => renderCheck(check, works))].join("\n"),
    )
    .join("\n\n")
    .concat("\n");
}

/** What is missing from an engine that works all the same is worth a look, no more. */
function renderCheck(
  { ok, id, detail, fix }: DoctorReport["checks"][number],
  works: boolean,
): string {
  const mark = works ? "warn" : "FAIL";
  const line = `  ${ok ? "ok  " : mark}  ${id}: ${detail}`;
  return fix === undefined ? line : `${line}\n        mend: ${fix}`;
}

import path from "node:path";
import { SandboxError } from "../../core/error.js";

/** Forms of a report. `gitlab` is its Code Quality form. */
export const REPORT_FORMATS = ["junit", "sarif", "markdown", "json", "gitlab"] as const;

/** One of them. */
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** A report that was asked for. */
export interface ReportTarget {
  readonly format: ReportFormat;
  /** As it was written. */
  readonly file: string;
}

/** Collects `--report FORMAT:PATH` or `FORMAT=PATH`. Throws `usage`. */
export function collectReport(
  value: string,
  earlier: readonly ReportTarget[] | undefined,
): readonly ReportTarget[] {
  const { format = "", file = "" } =
    /^(?<format>[a-z]+)[:=](?<file>.+)$/s.exec(value)?.groups ?? {};
  const known = REPORT_FORMATS.find((one) => one === format);
  const [word = ""] = value.split(/[:=]/, 1);
  if (!REPORT_FORMATS.some((one) => one === word))
    throw new SandboxError("usage", `--report ${value}: there is no format ${word}`, {
      hint: `--report FORMAT PATH: FORMAT is one of ${REPORT_FORMATS.join(", ")}`,
    });
  if (known === undefined || file.endsWith("/") || file.includes("\0"))
    throw new SandboxError(
      "usage",
      `--report ${value}: it takes a format and a file, as in junit report.xml`,
      {
        hint: `FORMAT is one of ${REPORT_FORMATS.join(", ")}, PATH a file`,
      },
    );
  const targets = earlier ?? [];
  const twin = targets.find((one) => path.resolve(one.file) === path.resolve(file));
  if (twin !== undefined)
    throw new SandboxError("usage", `--report: ${file} is there twice`, {
      hint: "each report has a file of its own",
    });
  return [...targets, { format: known, file }];
}

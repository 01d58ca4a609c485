import type { Controller } from "../controller/controller.js";
import type { CliContext } from "./cli-context.js";

/** How a run is told, and what follows it. */
export interface ReportOptions {
  readonly context: CliContext;
  readonly controller: Controller;
  readonly json: boolean;
  readonly commit: "ask" | "auto" | "never";
}

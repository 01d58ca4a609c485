import { EXIT_CODES } from "../core/exit-code.js";
import type { CliContext } from "./cli-context.js";
import { parseAction } from "./parse-service-answer.js";
import { renderAction } from "./render-action.js";
import type { CallService } from "./service-client.js";
import { writeJson } from "./to-json.js";

/** Waits until the action has ended, tells how, and returns its exit code. */
export async function waitForAction(
  context: CliContext,
  call: CallService,
  { id, json }: { readonly id: string; readonly json: boolean },
): Promise<number> {
  const path = `/v1/actions/${encodeURIComponent(id)}?wait=true`;
  const record = parseAction(await call({ method: "GET", path }));
  if (json) writeJson(context.stdout, "action", record);
  else context.stdout.write(renderAction(record));
  return record.result?.exit ?? EXIT_CODES.unexpected;
}

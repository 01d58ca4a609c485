import type { ActionRecord } from "../core/action.js";
import { neutralise } from "../review/neutralise.js";
import { renderTable } from "../review/render-table.js";

/** Actions under titles, a line each. */
export function renderActions(
  actions: readonly ActionRecord[],
  o: { readonly colour: boolean; readonly width?: number },
): string {
  const titles = ["ACTION", "STATE", "EXIT", "KIND", "SESSION", "SUBMITTER", "WHAT"];
  const rows = actions.map((one) => [
    one.action,
    one.state,
    one.result === undefined ? "" : String(one.result.exit),
    one.request.kind,
    one.session ?? one.result?.session ?? "",
    one.submitter,
    describe(one),
  ]);
  return renderTable(
    titles.map((title) => ({ title })),
    rows,
    o,
  );
}

/** How one action stands, with what to do next. */
export function renderAction({ action, state, session, result }: ActionRecord): string {
  const where = session ?? result?.session;
  const parts = [
    `${action} ${state}`,
    ...(result === undefined ? [] : [`exit ${result.exit}`]),
    ...(where === undefined ? [] : [where]),
    ...(result?.commit === undefined ? [] : [result.commit]),
  ];
  const error = result?.error;
  const hint = error?.hint === undefined ? "" : `\n  hint: ${neutralise(error.hint)}`;
  return `${parts.join(", ")}${error === undefined ? "" : `: ${neutralise(error.message)}${hint}`}\n`;
}

function describe({ request }: ActionRecord): string {
  if ("command" in request && request.command !== undefined) return request.command.join(" ");
  return request.kind === "rollback" ? request.commit : "";
}

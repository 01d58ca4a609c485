import type { ApprovalDesk } from "../controller/approvals/approval-desk.js";
import { openLedgerDesk } from "../controller/approvals/approval-desk.js";
import type { Approval } from "../core/approval.js";
import { SandboxError } from "../core/error.js";
import { parseApprovalId } from "../core/ids.js";
import type { CliContext } from "./cli-context.js";
import { namesService, openService, type ServiceOptions } from "./service-client.js";

/** The desk at which this command answers: this user's own ledger, or the service that was named. */
export async function openDesk(
  context: CliContext,
  options: ServiceOptions,
): Promise<ApprovalDesk> {
  if (!namesService(options)) return await openLedgerDesk(await context.openController());
  const call = await openService(context, options);
  const { parseApproval, parseApprovals } = await import("./parse-service-answer.js");
  return {
    list: async ({ all }) =>
      parseApprovals(await call({ method: "GET", path: `/v1/approvals?all=${all}` })),
    read: async (id) => parseApproval(await call({ method: "GET", path: `/v1/approvals/${id}` })),
    answer: async (id, body) =>
      parseApproval(await call({ method: "POST", path: `/v1/approvals/${id}/answer`, body })),
    [Symbol.dispose]: () => undefined,
  };
}

/** The question `text` means: an id, or the beginning of one (at least 4 characters). Throws `usage`, `not-found`. */
export async function resolveApproval(desk: ApprovalDesk, text: string): Promise<Approval> {
  const id = parseApprovalId(text);
  if (id !== undefined) return await desk.read(id);
  const matches =
    text.length < 4
      ? []
      : (await desk.list({ all: true })).filter(({ approval }) => approval.startsWith(text));
  const [only, second] = matches;
  if (only !== undefined && second === undefined) return await desk.read(only.approval);
  if (second === undefined)
    throw new SandboxError("not-found", `no approval ${JSON.stringify(text)}`, {
      hint: "sandbox approvals --all lists them",
    });
  throw new SandboxError("usage", `${text} is the beginning of several approvals`, {
    list: matches.map(({ approval, subject }) => `${approval}  ${subject}`),
  });
}

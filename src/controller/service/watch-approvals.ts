import type { Approval } from "../../core/approval.js";
import type { ApprovalId } from "../../core/ids.js";
import type { Ledger } from "../../store/ledger/open-ledger.js";

/** Between two looks where no bell rings: an expiry is noticed by then. */
const LOOK_MS = 60_000;

/** Tells of each question that other processes ask or settle, until `signal` aborts. Sleeps in between. */
export async function watchApprovals(
  { approvals, bell }: Ledger,
  o: { readonly signal: AbortSignal; readonly tell: (record: Approval) => void },
): Promise<void> {
  using listener = bell.listen();
  let known = new Map<ApprovalId, string>();
  for (let isFirst = true; !o.signal.aborted; isFirst = false) {
    const waiting = new Map(approvals.list({ state: "waiting" }).map((one) => [one.approval, one]));
    const gone = [...known.keys()].filter((id) => !waiting.has(id));
    for (const id of gone) o.tell(approvals.read(id));
    for (const one of waiting.values())
      if (!isFirst && known.get(one.approval) !== toMark(one)) o.tell(one);
    known = new Map([...waiting.values()].map((one) => [one.approval, toMark(one)]));
    await listener.wait(LOOK_MS, o.signal);
  }
}

function toMark({ digest, answers }: Approval): string {
  return `${digest} ${answers.length}`;
}

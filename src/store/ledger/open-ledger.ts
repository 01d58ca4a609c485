import path from "node:path";
import { appendAudit } from "../audit/append-audit.js";
import { makeStateHome } from "../state-home.js";
import { type Actions, openActions } from "./open-actions.js";
import { type Bell, openBell } from "./bell.js";
import { type Approvals, openApprovals } from "./open-approvals.js";
import { openDatabase, toLedgerError } from "./open-database.js";

/** What has to survive SIGKILL and be asked by many processes at once: `<home>/ledger.db`. */
export interface Ledger extends Disposable {
  readonly approvals: Approvals;
  readonly actions: Actions;
  /** Rings, in every process, when a question is asked or settled. */
  readonly bell: Pick<Bell, "listen">;
}

/**
 * Opens the ledger of the state directory `home` (absolute), which is made where it is missing. Works without any service. Throws
 * `damaged`, `busy`, and `usage` where `home` is not safe to use.
 */
export function openLedger(
  home: string,
  { now = Date.now }: { readonly now?: () => number } = {},
): Ledger {
  makeStateHome(home);
  const file = path.join(home, "ledger.db");
  const database = openDatabase(file);
  const bell = openBell(path.join(home, "ledger.bell"));
  const write = <T>(work: () => T): T => {
    try {
      return database.transaction(work).immediate();
    } catch (error) {
      throw toLedgerError(error, file);
    }
  };
  return {
    approvals: openApprovals({
      ...{ database, file, bell, now, write },
      audit: (entry) => appendAudit(home, entry),
    }),
    actions: openActions({
      ...{ database, file, bell, now, write },
      // What is accepted, claimed and ended is durable in the ledger itself.
      audit: (entries) => appendAudit(home, entries, { durable: false }),
    }),
    bell,
    [Symbol.dispose]: () => {
      bell[Symbol.dispose]();
      database.close();
    },
  };
}

import type { CommitRequest } from "./commit-request.js";
import { type CommitReport, carryOutCommit } from "./carry-out-commit.js";
import type { CommitAnswer } from "./commit-answer.js";
import type { Controller } from "./controller.js";
import { lockCommit } from "./lock-workspaces.js";
import { type CommitProposal, proposeCommit } from "./propose-commit.js";
import { recoverBefore } from "./recover-workspaces.js";

/** A commit that was planned and waits for its approval. */
export interface OpenCommit extends AsyncDisposable {
  readonly proposal: CommitProposal;
  /** Call it once it is approved. */
  carryOut(answer: CommitAnswer): Promise<CommitReport>;
}

/**
 * Plans a commit. Where a person will be asked (`asks`) nothing is locked while they think, and all is looked at again
 * afterwards; else the locks are held from before the plan until it is disposed of. An interrupted commit on
 * the same workspaces is recovered first. Throws as `proposeCommit`, and `busy`.
 */
export async function openCommit(
  controller: Controller,
  asked: CommitRequest & { readonly asks: boolean },
): Promise<OpenCommit> {
  const record = await controller.store.readSession(asked.session);
  await recoverBefore(controller, record.workspaces);
  const locks = asked.asks ? undefined : await lockCommit(controller, record);
  const release = async (): Promise<void> => locks?.[Symbol.asyncDispose]();
  const proposal = await proposeCommit(controller, asked).catch(async (error: unknown) => {
    await release();
    throw error;
  });
  return {
    proposal,
    carryOut: (answer) =>
      carryOutCommit(controller, proposal, { since: asked.asks ? "asked" : "locked", answer }),
    [Symbol.asyncDispose]: release,
  };
}

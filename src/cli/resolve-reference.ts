import type { Controller } from "../controller/controller.js";
import type { CommitRecord, SessionRecord } from "../core/session.js";
import { neutralise } from "../review/neutralise.js";
import { type CliContext, canAsk } from "./cli-context.js";

/** Why a reference is resolved; see `ResolveOptions` of the store. */
type Purpose = "read" | "change";

/** The session `text` means. What `latest` chose is told first, on stderr. */
export async function resolveSession(
  context: CliContext,
  controller: Controller,
  asked: { readonly text: string; readonly purpose: Purpose },
): Promise<SessionRecord> {
  const found = await controller.store.resolveSession(asked.text, {
    cwd: controller.cwd,
    purpose: asked.purpose,
    isTerminal: canAsk(context),
  });
  if (found.notice !== undefined) context.stderr.write(`${neutralise(found.notice)}\n`);
  return found.record;
}

/** The commit `text` means, likewise. */
export async function resolveCommit(
  context: CliContext,
  controller: Controller,
  asked: { readonly text: string; readonly purpose: Purpose },
): Promise<CommitRecord> {
  const found = await controller.store.resolveCommit(asked.text, {
    cwd: controller.cwd,
    purpose: asked.purpose,
    isTerminal: canAsk(context),
  });
  if (found.notice !== undefined) context.stderr.write(`${neutralise(found.notice)}\n`);
  return found.record;
}

import { createHmac } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Approval } from "../../core/approval.js";
import { maskSecrets, maskText } from "../../core/mask-secrets.js";
import type { ApprovalHooks } from "../../policy/user-config.js";
import { readTrusted } from "../profile-files.js";
import type { AskingController } from "./asking-controller.js";

const COMMAND_MS = 10_000;
const WEBHOOK_MS = 5000;
/** Before each further attempt. */
const RETRY_MS = [500, 1500];
const MOST_PREVIEW = 64 * 1024;

/**
 * Tells the person's webhook and command of a question, both at once. What goes wrong is a notice: the question waits in the ledger
 * all the same. Takes some ten seconds at the worst.
 */
export async function tellHooks(
  controller: AskingController,
  hooks: ApprovalHooks,
  approval: Approval,
): Promise<void> {
  const input = `${JSON.stringify(toHookObject(approval))}\n`;
  const { webhook, command } = hooks;
  const failures = await Promise.all([
    webhook === undefined ? undefined : post(controller, hooks, { url: webhook, input }),
    command === undefined
      ? undefined
      : controller.host.runHook(command, { input, timeoutMs: COMMAND_MS }),
  ]);
  for (const failure of failures)
    if (failure !== undefined)
      controller.notice(`sandbox: ${approval.approval} was asked, but a hook failed: ${failure}`);
}

/** What stands at the end of what is sent is masked whole. */
const MOST_SECRET = 8192;

/** A question as hooks get it: without secrets, as in the audit log, since a webhook is somebody else's machine. */
function toHookObject({ answers: _, preview, ...approval }: Approval): object {
  const isWhole = preview.length <= MOST_PREVIEW;
  const masked = maskText(preview.slice(0, MOST_PREVIEW + MOST_SECRET));
  return {
    schema: "approval-asked/1",
    ...approval,
    subject: maskSecrets(approval.subject),
    preview: isWhole ? masked : masked.slice(0, MOST_PREVIEW),
    ...(isWhole ? {} : { previewTruncated: true }),
    show: `sandbox approvals show ${approval.approval}`,
  };
}

/** Tried again where the other side may only be busy. Nothing is followed: the address is the person's own. */
async function post(
  controller: AskingController,
  hooks: ApprovalHooks,
  { url, input }: { readonly url: string; readonly input: string },
): Promise<string | undefined> {
  const headers = toHeaders(controller, hooks, input);
  if (typeof headers === "string") return headers;
  let failure: string | undefined;
  for (const pause of [0, ...RETRY_MS]) {
    if (pause > 0) await delay(pause);
    const answer = await postOnce(url, { headers, input });
    if (answer.done) return answer.failure;
    failure = answer.failure;
  }
  return failure;
}

async function postOnce(
  url: string,
  { headers, input }: { readonly headers: Record<string, string>; readonly input: string },
): Promise<{ readonly done: boolean; readonly failure?: string }> {
  try {
    const signal = AbortSignal.timeout(WEBHOOK_MS);
    const options = { method: "POST", headers, body: input, redirect: "manual", signal } as const;
    const { status, body } = await fetch(url, options);
    await body?.cancel();
    if (status >= 200 && status < 300) return { done: true };
    const mayRecover = status >= 500 || status === 429;
    return { done: !mayRecover, failure: `${url} answered ${status}` };
  } catch (error) {
    const { message } =
      error instanceof Error && error.cause instanceof Error ? error.cause : toError(error);
    return { done: false, failure: `${url}: ${message}` };
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Signed as GitHub signs its webhooks: HMAC-SHA-256 over the body, in hexadecimal. A string says why not. */
function toHeaders(
  { profiles }: AskingController,
  { webhookSecretFile: file }: ApprovalHooks,
  body: string,
): Record<string, string> | string {
  const plain = { "content-type": "application/json" };
  if (file === undefined) return plain;
  const secret = readTrusted(file, profiles.uid)?.trim() ?? "";
  if (secret === "") return `${file} holds no secret; nothing was sent`;
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  return { ...plain, "x-sandbox-signature-256": `sha256=${signature}` };
}

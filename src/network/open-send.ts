import type { Send, SendVerdict } from "../core/send.js";
import type { EndSend } from "./ending.js";
import type { GatewayContext } from "./gateway-context.js";

/** A send that may go. */
export interface OpenSend {
  readonly outcome: "allowed";
  readonly send: Send;
  readonly verdict: Extract<SendVerdict, { readonly decision: "allow" }>;
  readonly end: EndSend;
}

/** A send that may not; its end has been told. */
export interface RefusedSend {
  readonly outcome: "refused";
  /** One line, for the client. */
  readonly reason: string;
}

/** What is asked for; `problem` is a reason to refuse it whatever policy says. */
export type AskedSend = Omit<Send, "id"> & { readonly problem?: string | undefined };

/** Has a send decided. The client waits as long as that takes; where it goes away first, the send ends as failed. */
export async function openSend(
  context: GatewayContext,
  { problem, ...asked }: AskedSend,
  abort: AbortSignal,
): Promise<OpenSend | RefusedSend> {
  const send: Send = { id: context.nextId(), ...asked };
  const end = openEnd(context, send);
  if (problem !== undefined) return refuse(end, problem);
  const verdict = await decide(context, send, abort);
  if (verdict === "gone") {
    end({ end: "failed", reason: "the client has gone away" });
    return { outcome: "refused", reason: "the client has gone away" };
  }
  if (verdict.decision === "deny") return refuse(end, verdict.reason);
  return { outcome: "allowed", send, verdict, end };
}

function refuse(end: EndSend, reason: string): RefusedSend {
  end({ end: "refused", reason });
  return { outcome: "refused", reason };
}

/** An answer that comes after the client has gone is not waited for. */
async function decide(
  { decide: ask }: GatewayContext,
  send: Send,
  abort: AbortSignal,
): Promise<SendVerdict | "gone"> {
  if (abort.aborted) return "gone";
  let onAbort: (() => void) | undefined;
  const gone = new Promise<"gone">((resolve) => {
    onAbort = () => resolve("gone");
    abort.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([ask(send, abort), gone]);
  } catch {
    return { decision: "deny", reason: "it could not be decided" };
  } finally {
    if (onAbort !== undefined) abort.removeEventListener("abort", onAbort);
  }
}

function openEnd({ onEnd, openSends }: GatewayContext, send: Send): EndSend {
  const started = performance.now();
  let isOver = false;
  const end: EndSend = (ending) => {
    if (isOver) return;
    isOver = true;
    openSends.delete(send.id);
    const durationMs = Math.round(performance.now() - started);
    onEnd(send, { bytesOut: 0, bytesIn: 0, ...ending, durationMs });
  };
  openSends.set(send.id, end);
  return end;
}

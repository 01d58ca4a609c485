import type { SendResult } from "../core/send.js";

/** What is known at a send's end besides the time. */
export type Ending = Partial<Omit<SendResult, "end" | "durationMs">> & Pick<SendResult, "end">;

/** Says how a send ended; only the first time counts. */
export type EndSend = (ending: Ending) => void;

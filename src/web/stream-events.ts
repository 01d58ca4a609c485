import type { ServiceEvent } from "../controller/service/open-service.js";
import type { Answer, Asked } from "./asked.js";
import { hideActionValues } from "./hide-values.js";

/** Through proxies that close what is silent. */
const ALIVE_MS = 30_000;
/** A reader that is this far behind is let go of: nothing is kept for it without end. */
const MOST_BEHIND = 1 << 20;

/** Server-sent events (HTML Living Standard, section 9.2): `action` and `approval`, each with its record as JSON. */
export async function streamEvents({ service, response, openGone }: Asked): Promise<Answer> {
  const gone = openGone();
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": begun\n\n");
  const send = (told: ServiceEvent): void => {
    const data = told.event === "action" ? hideActionValues(told.record) : told.record;
    if (response.writableLength > MOST_BEHIND) response.destroy();
    else response.write(`event: ${told.event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const alive = setInterval(() => response.write(": alive\n\n"), ALIVE_MS);
  service.events.on("event", send);
  await new Promise<void>((resolve) => {
    if (gone.aborted) resolve();
    else gone.addEventListener("abort", () => resolve(), { once: true });
  });
  service.events.off("event", send);
  clearInterval(alive);
  response.end();
  return undefined;
}

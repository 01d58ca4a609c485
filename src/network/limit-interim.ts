import type { ClientRequest } from "node:http";

/** Honest servers say 100, 102 or 103 once or a few times. */
const MOST_INTERIM = 32;

/** Fails a request whose server says without end that its answer is still to come (RFC 9110, 15.2). */
export function limitInterim(upstream: ClientRequest): void {
  let count = 0;
  upstream.on("information", () => {
    count++;
    if (count > MOST_INTERIM)
      upstream.destroy(new Error("the server only says that its answer is still to come"));
  });
}

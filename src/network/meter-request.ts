import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";
import type { UpstreamPool } from "./http-connection.js";

/** What went over the network for one request. */
interface Metered {
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly address?: string;
}

export interface RequestMeter {
  readonly read: () => Metered;
}

/** Measures a request by its connection, which others had before it, and one after the other. */
export function meterRequest(request: ClientRequest, pool: UpstreamPool): RequestMeter {
  let socket: Socket | undefined;
  let before = { out: 0, in: 0 };
  request.once("socket", (given: Socket) => {
    socket = given;
    before = { out: request.reusedSocket ? given.bytesWritten : 0, in: given.bytesRead };
  });
  return {
    read: () => {
      if (socket === undefined) return { bytesOut: 0, bytesIn: 0 };
      const address = pool.addresses.get(socket);
      return {
        bytesOut: socket.bytesWritten - before.out,
        bytesIn: socket.bytesRead - before.in,
        ...(address === undefined ? {} : { address }),
      };
    },
  };
}

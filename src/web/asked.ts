import type { IncomingMessage, ServerResponse } from "node:http";
import type { Service } from "../controller/service/open-service.js";
import type { Caller } from "./guard-request.js";

/** One request, with what its route needs. */
export interface Asked {
  readonly service: Service;
  readonly caller: Caller;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** What the route's path has in brackets. */
  readonly id: string;
  /** For what takes long: aborts when the other side has gone, or the service ends. */
  openGone(): AbortSignal;
}

/** What a route answers: an object with its status, text, or nothing where it wrote by itself. */
export type Answer =
  | { readonly status: number; readonly body: object }
  | { readonly text: string }
  | undefined;

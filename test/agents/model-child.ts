import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { TlsFiles } from "../network/tls-files.js";
import { answerModel } from "./model-dialects.js";
import type { ModelTurn } from "./model-server.js";

// A model for tests, on the host's loopback: says the turns of its first argument (JSON) one after the other. With TLS where key and certificate (JSON) and
// an address follow. On stdout: its port, then a line for each request.

const [, , given = "[]", tls, host = "127.0.0.1"] = process.argv;
const turns = JSON.parse(given) as readonly ModelTurn[];

const onRequest: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString("utf8");
    const { method = "", url = "/", headers } = request;
    process.stdout.write(`${JSON.stringify({ url, headers, body })}\n`);
    const events = method === "POST" ? answerModel(turns, { url, body }) : undefined;
    if (events === undefined) {
      response.writeHead(404).end("{}");
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const { event, data } of events)
      response.write(`${event === undefined ? "" : `event: ${event}\n`}data: ${data}\n\n`);
    response.end();
  });
};

const server =
  tls === undefined
    ? createServer(onRequest)
    : createTlsServer(JSON.parse(tls) as TlsFiles, onRequest);

server.listen(0, host, () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address !== null ? address.port : 0}\n`);
});

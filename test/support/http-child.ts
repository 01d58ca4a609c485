import { createServer } from "node:http";

// A server for tests whose own process waits for a command: answers every request with its method and path, and says on stdout what came, a line
// each; the first line is its port.
const server = createServer((request, response) => {
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
  });
  request.on("end", () => {
    process.stdout.write(
      `${JSON.stringify({ method: request.method, url: request.url, headers: request.headers, size })}\n`,
    );
    response.end(`${request.method ?? ""} ${request.url ?? ""}\n`);
  });
});
server.listen(0, process.argv[2] ?? "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address !== null ? address.port : 0}\n`);
});

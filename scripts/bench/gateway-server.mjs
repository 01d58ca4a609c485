// What the gateway's rows ask: a server of its own process, plain and in TLS with the key and certificate of its arguments. It prints
// both ports. `/SIZE` answers so many bytes.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";

const [, , key, cert] = process.argv;
const piece = Buffer.alloc(1 << 20);
const answer = (request, response) => {
  let left = Number(request.url.slice(1));
  response.setHeader("Content-Length", left);
  const more = () => {
    while (left > 0) {
      const length = Math.min(left, piece.length);
      left -= length;
      if (!response.write(piece.subarray(0, length))) return response.once("drain", more);
    }
    response.end();
  };
  more();
};
const servers = [
  createServer({ keepAliveTimeout: 60_000 }, answer),
  createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, answer),
];
const ports = servers.map(
  (server) =>
    new Promise((resolve) => {
      server.listen(0, "127.0.0.1", 1024, () => resolve(server.address().port));
    }),
);
process.stdout.write(`${(await Promise.all(ports)).join(" ")}\n`);
process.stdin.resume().once("end", () => process.exit(0));

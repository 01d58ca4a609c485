// What the gateway's rows ask: a server of its own process. It prints its port. `/SIZE` answers so many bytes, `/` a few.
import { createServer } from "node:http";

const piece = Buffer.alloc(1 << 20);
const server = createServer((request, response) => {
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
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", 1024, () => process.stdout.write(`${server.address().port}\n`));
process.stdin.resume().once("end", () => process.exit(0));

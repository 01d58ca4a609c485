// ask.mjs PORT SOCKET...: whether anything of the host answers.
import { connect } from "node:net";

const [port, ...sockets] = process.argv.slice(2);
const targets = [
  { host: "127.0.0.1", port: Number(port) },
  { host: "localhost", port: Number(port) },
  ...sockets.map((path) => ({ path })),
];
let last = "";
for (const target of targets) {
  const answer = await new Promise((resolve) => {
    const socket = connect({ ...target, timeout: 2000 });
    socket.once("connect", () => resolve("connected"));
    socket.once("timeout", () => resolve("timeout"));
    socket.once("error", ({ code }) => resolve(code));
  });
  last = `${answer}`;
  if (answer === "connected") {
    process.stdout.write(`reached: ${JSON.stringify(target)}\n`);
    process.exit(0);
  }
}
process.stdout.write(`held: ${last}\n`);

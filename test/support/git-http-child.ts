import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";

// A git server over HTTP for tests whose own process waits for a command: git http-backend behind Basic authentication. Arguments: the directory of the
// repositories, USER:PASSWORD, and for TLS a file with key and certificate. It says its port on stdout, and then what came, a line each.
const [root = "", credentials = "", pem] = process.argv.slice(2);

const serve: RequestListener = (request, response) => {
  const [, encoded = ""] = /^Basic (.*)$/.exec(request.headers.authorization ?? "") ?? [];
  const said = Buffer.from(encoded, "base64").toString();
  const { method = "", url = "" } = request;
  process.stdout.write(`${JSON.stringify({ method, url, said })}\n`);
  if (said !== credentials) {
    request.resume();
    response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end("no\n");
    return;
  }
  const [path = "", query = ""] = url.split("?");
  const backend = spawn("git", ["http-backend"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      ...{ PATH: process.env["PATH"], GIT_PROJECT_ROOT: root, GIT_HTTP_EXPORT_ALL: "1" },
      ...{ REQUEST_METHOD: method, PATH_INFO: path, QUERY_STRING: query, REMOTE_USER: "ann" },
      ...{ GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*" },
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
    },
  });
  request.pipe(backend.stdin);
  backend.stdin.on("error", () => undefined);
  const parts: Buffer[] = [];
  backend.stdout.on("data", (chunk: Buffer) => parts.push(chunk));
  backend.once("close", () => {
    const answer = Buffer.concat(parts);
    const end = answer.indexOf("\r\n\r\n");
    const lines = answer.subarray(0, end).toString().split("\r\n");
    for (const line of lines) {
      const [name = "", value = ""] = line.split(": ");
      if (name === "Status") response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.end(answer.subarray(end + 4));
  });
};

const files = pem === undefined ? undefined : readFileSync(pem, "utf8");
const server =
  files === undefined ? createServer(serve) : createTlsServer({ key: files, cert: files }, serve);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address !== null ? address.port : 0}\n`);
});

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import path from "node:path";

// What clients of packages and repositories ask, on the host's loopback: git (by git's own http-backend), a registry of npm with one package, plain
// files. Its first argument is a directory with `repo.git`, `dep.tgz` and `file`. On stdout: its port, then a line for each request.

const root = process.argv[2] ?? "";

function onRequest(request: IncomingMessage, response: ServerResponse): void {
  const { method = "", url = "/" } = request;
  process.stdout.write(`${method} ${url}\n`);
  if (url.startsWith("/repo.git/")) runGit(request, response);
  else if (url === "/dep") response.end(JSON.stringify(toPackument(request.headers.host ?? "")));
  else if (url === "/dep.tgz" || url === "/file") response.end(readFileSync(path.join(root, url)));
  else response.writeHead(404).end();
}

/** https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md */
function toPackument(host: string): object {
  const version = {
    name: "dep",
    version: "1.0.0",
    dist: { tarball: `http://${host}/dep.tgz` },
  };
  return { name: "dep", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } };
}

/** git-http-backend(1), a CGI program (RFC 3875). */
function runGit(request: IncomingMessage, response: ServerResponse): void {
  const [pathInfo = "", query = ""] = (request.url ?? "").split("?");
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      GIT_CONFIG_KEY_1: "http.receivepack",
      GIT_CONFIG_VALUE_1: "true",
      PATH_INFO: pathInfo,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stdout.on("end", () => {
    const whole = Buffer.concat(chunks);
    const end = whole.indexOf("\r\n\r\n");
    const lines = whole.toString("latin1", 0, end).split("\r\n");
    let status = 200;
    for (const line of lines) {
      const [name = "", value = ""] = line.split(": ");
      if (name === "Status") status = Number(value.slice(0, 3));
      else response.setHeader(name, value);
    }
    response.writeHead(status).end(whole.subarray(end + 4));
  });
}

// The second address is one that clients do not take out of the proxy.
const server = createServer(onRequest);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  createServer(onRequest).listen(port, "127.0.0.2", () => process.stdout.write(`${port}\n`));
});

import { spawn } from "node:child_process";
import { openOwnDocker, type PrivateDocker } from "./private-docker.js";

// `node with-private-docker.js PROGRAM ARGUMENT…`: runs a program with a Docker daemon for it and all it starts, named in
// SANDBOX_TEST_DOCKER. Ends as the program does, and the daemon with it. Root only.
const [, , file = "true", ...args] = process.argv;

await using docker = await open();
const env = { ...process.env, ...(docker && { SANDBOX_TEST_DOCKER: docker.address }) };
const child = spawn(file, args, { stdio: "inherit", env });
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
  process.on(signal, () => child.kill(signal));
process.exitCode = await new Promise<number>((resolve) => {
  child.once("exit", (code) => resolve(code ?? 1));
  child.once("error", () => resolve(127));
});

/** Where a person works, a machine on which no daemon comes up tests the rest. */
async function open(): Promise<PrivateDocker | undefined> {
  try {
    return await openOwnDocker();
  } catch (error) {
    if (process.env["CI"] === "true") throw error;
    process.stderr.write(`going on without a Docker daemon: ${String(error)}\n`);
    return undefined;
  }
}

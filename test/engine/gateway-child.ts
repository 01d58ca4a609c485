import { openTestDockerEngine } from "../support/docker-engine.js";
import { openEngineCase } from "../support/engine-case.js";
import { BUSYBOX } from "../support/private-docker.js";
import { openTestGateway } from "../support/test-gateway.js";

// `DOCKER_HOST=… node gateway-child.js HOME`: a task with a gateway, which lives until this is killed. Says where its files are, which
// sandbox it is, and that it has begun, a line each.
const engine = openTestDockerEngine({
  home: process.argv[2] ?? "",
  env: { DOCKER_HOST: process.env["DOCKER_HOST"] ?? "" },
  runtime: "runc",
});
const one = openEngineCase(engine);
process.stdout.write(`${one.dir}\n`);
const { image, env } = await engine.resolveImage(BUSYBOX);
const gateway = openTestGateway([{ protocol: "tcp", address: "127.0.0.1", port: 80 }]);
const task = await one.start({
  argv: ["sleep", "1000"],
  spec: { image, env: { ...env, HOME: "/home/tester" } },
  gateway,
});
process.stdout.write(`${task.sandboxId}\nready\n`);
await task.sandbox.wait();

import { describeDockerEngine } from "./describe-docker.js";
import { DOCKER_RUNSC } from "./lacks.js";

describeDockerEngine("runsc", {
  ...{ lacks: DOCKER_RUNSC, isOneOfMany: true },
  noGateway: /gVisor in a container has a network of its own/,
});

import { describeDockerEngine } from "./describe-docker.js";
import { DOCKER_RUNC } from "./lacks.js";

describeDockerEngine("runc", { lacks: DOCKER_RUNC });

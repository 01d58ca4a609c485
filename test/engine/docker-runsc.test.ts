import { describeDockerEngine } from "./describe-docker.js";
import { DOCKER_RUNSC } from "./lacks.js";

describeDockerEngine("runsc", DOCKER_RUNSC);

import { describeColumns } from "./describe-columns.js";

describeColumns({ engine: "docker", runtime: "runsc", daemon: "local" });

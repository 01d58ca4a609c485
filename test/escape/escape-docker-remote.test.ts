import { describeColumns } from "./describe-columns.js";

describeColumns({ engine: "docker", runtime: "runc", daemon: "remote" });

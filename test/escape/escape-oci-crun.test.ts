import { describeColumns } from "./describe-columns.js";

describeColumns({ engine: "oci", runtime: "crun", daemon: "none" });

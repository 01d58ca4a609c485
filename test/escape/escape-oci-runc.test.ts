import { describeColumns } from "./describe-columns.js";

describeColumns({ engine: "oci", runtime: "runc", daemon: "none" });

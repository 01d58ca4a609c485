import { describeColumns } from "./describe-columns.js";

describeColumns({ engine: "oci", runtime: "runsc", daemon: "none" });

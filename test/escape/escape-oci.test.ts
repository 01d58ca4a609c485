import { describeColumns } from "./describe-columns.js";

describeColumns(({ engine }) => engine === "oci");

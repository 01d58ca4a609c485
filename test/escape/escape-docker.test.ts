import { describeColumns } from "./describe-columns.js";

describeColumns(({ engine, daemon }) => engine === "docker" && daemon === "local");

import { describeAsPlainUser } from "./describe-plain-user.js";

describeAsPlainUser(["oci-crun.test.js", "oci-runc.test.js", "oci-engine.test.js"]);

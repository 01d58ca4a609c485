import { describeAsPlainUser } from "./describe-plain-user.js";

describeAsPlainUser(["oci-runsc.test.js"]);

/** What the end of a run that changed nothing takes: one small bundle, read while the task runs. */
export { toChangesetDigest } from "../core/changeset-digest.js";
export { isUntouched } from "../overlay/is-untouched.js";
export { readClock } from "../overlay/read-clock.js";

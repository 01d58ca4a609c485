/**
 * Whether this is the run without arguments, which has a quarter of an hour on two processors: suites that are run by many
 * backends then leave out what more than one of them proves. `npm test -- all`, or naming a file, runs them whole.
 */
export const isBrief = process.env["SANDBOX_TEST_BRIEF"] === "1";

/** A project's own profile, at the top of a workspace. It may only tighten. */
export const PROJECT_PROFILE = ".sandbox.yaml";

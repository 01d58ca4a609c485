import { z } from "zod";

/** `init --json`. */
export const initSchema = z.strictObject({
  schema: z.literal("init/1"),
  file: z.string().describe("Host path of the project's .sandbox.yaml"),
  written: z.boolean(),
  found: z.array(z.string()).describe("What the project was seen to have, for a person"),
  hidden: z.array(z.string()).describe("Globs that no task sees"),
  readonly: z.array(z.string()).describe("Paths that no task changes"),
  text: z.string().describe("The file"),
});

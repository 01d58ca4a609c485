import * as z from "zod";
import { documentSchema } from "./document-schema.js";

/** `schemas/profile.1.json`: what a profile's file may hold, for editors. Strict, as the program is. */
export function toProfileSchema(): string {
  const { $schema, ...body } = z.toJSONSchema(documentSchema, { io: "input" });
  const title = "A profile of sandbox: .sandbox.yaml, ~/.config/sandbox/NAME.yaml";
  return `${JSON.stringify({ $schema, $id: "profile.1.json", title, ...body }, null, 2)}\n`;
}

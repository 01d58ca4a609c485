import path from "node:path";
import type { Profile } from "../core/profile.js";
import { addArguments } from "../policy/profile/add-arguments.js";
import type { Controller } from "./controller.js";

/** `request` with the words that its profile adds to the program. Nothing is chosen or added unseen, and the way out is said. */
export function completeCommand<Request extends { readonly command: readonly string[] }>(
  { notice }: Pick<Controller, "notice">,
  request: Request,
  {
    profile,
    name,
    isPreset = false,
  }: { readonly profile: Profile; readonly name: string; readonly isPreset?: boolean },
): Request {
  const { command, added } = addArguments(request.command, profile);
  const program = path.basename(command[0] ?? "");
  const words = added.join(" ");
  if (isPreset)
    notice(
      `sandbox: profile ${name}, by the program's name (--profile default: without it)${words === "" ? "" : `; it adds ${words}`}`,
    );
  else if (words !== "") notice(`sandbox: profile ${name} adds to ${program}: ${words}`);
  return added.length === 0 ? request : { ...request, command };
}

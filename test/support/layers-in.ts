import { lstatSync, mkdirSync } from "node:fs";
import path from "node:path";
import type { Layers } from "../../src/core/change.js";
import { parseSessionId } from "../../src/core/ids.js";
import { type OpenLayersOptions, openLayers } from "../../src/overlay/open-layers.js";

/** Ids nobody has on a usual machine. */
export const TASK = { uid: 54321, gid: 54321 };
export const SESSION = "s-bbbbbbbbbb";

/** Opens layers of session `SESSION` in the state directory `home`, which is made. */
export function openLayersIn(
  home: string,
  o: Partial<OpenLayersOptions> & Pick<OpenLayersOptions, "workspace">,
): Layers {
  const sessionId = parseSessionId(SESSION);
  if (sessionId === undefined) throw new Error("not a session id");
  const sessionDir = path.join(home, "sessions", sessionId);
  mkdirSync(sessionDir, { recursive: true, mode: 0o700 });
  const { uid, gid } = lstatSync(o.workspace);
  return openLayers({
    index: 0,
    sessionDir,
    stateHome: home,
    sessionId,
    task: TASK,
    controllerIsRoot: process.getuid?.() === 0,
    workspaceOwner: { uid, gid },
    covered: [],
    ...o,
  });
}

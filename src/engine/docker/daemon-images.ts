import type { DaemonImages } from "../images/resolve-image.js";
import { type DaemonSearch, findDaemon } from "./find-daemon.js";
import { openDaemon } from "./open-daemon.js";
import { pick } from "./parse-answer.js";

/** The images of the daemon that the docker CLI would ask. Throws `sandbox-unavailable` where none answers. */
export async function openDaemonImages(search: DaemonSearch): Promise<DaemonImages> {
  const daemon = await openDaemon(findDaemon(search));
  return {
    async findImage(name) {
      const answer = await daemon.request({
        method: "GET",
        path: `/images/${name}/json`,
        doing: `look for the image ${name}`,
        tolerate: [404],
      });
      const id = pick(answer, "Id");
      return typeof id === "string" && /^sha256:[0-9a-f]{64}$/.test(id) ? id : undefined;
    },
    exportImage: async (id) =>
      await daemon.open({
        method: "GET",
        path: `/images/${id}/get`,
        doing: `export the image ${id}`,
        mayTakeLong: true,
      }),
  };
}

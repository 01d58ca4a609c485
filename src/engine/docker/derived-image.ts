import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { SandboxError } from "../../core/error.js";
import type { SandboxSpec } from "../../core/sandbox-spec.js";
import { toContentId } from "./content-id.js";
import { type ImageEntry, toTar } from "./import-image.js";
import { initEntries, initKey } from "./init-bundle.js";
import { LABELS, toContainerName, toLabels, toSharedLabels } from "./labels.js";
import type { Daemon } from "./open-daemon.js";
import { parseImageId } from "./made-images.js";
import type { OwnImage } from "./own-images.js";
import { pick, pickText } from "./parse-answer.js";
import { removeContainer } from "./remove-container.js";

/** The image of `--image` with our init and an entry for the task's user. */
export function toDerivedImage(spec: SandboxSpec, home: string): OwnImage {
  const base = spec.image?.id ?? "";
  const user = `${spec.userName}:x:${spec.uid}:${spec.gid}::${spec.home}:/bin/sh\n`;
  const group = `${spec.userName}:x:${spec.gid}:\n`;
  const name = `sandbox-image:${toContentId([home, ...initKey(), base, user, group])}`;
  return {
    name,
    make: async (daemon, ownership) => {
      // A container of the image, whoever starts it, has its labels: they must name no owner.
      const nobodys = { [LABELS.owner]: "", [LABELS.session]: "" };
      const labels = { ...toSharedLabels(home, "derived", name), ...nobodys };
      const answer = await daemon.request({
        method: "POST",
        path: "/containers/create",
        query: { name: toContainerName(ownership, "image") },
        body: {
          Image: base,
          Entrypoint: ["/.sandbox/none"],
          Cmd: [],
          Labels: toLabels(ownership, "derived"),
          NetworkDisabled: true,
        },
        doing: "make a container of the image",
        tolerate: [404],
      });
      if (answer === undefined)
        throw new SandboxError("sandbox-unavailable", `the daemon has no image ${base} any more`, {
          hint: `\`docker pull ${spec.image?.reference ?? base}\``,
        });
      const container = pickText(answer, "Id");
      try {
        const entries = [
          ...initEntries(),
          await mergeFile(daemon, container, { path: "etc/passwd", line: user }),
          await mergeFile(daemon, container, { path: "etc/group", line: group }),
        ];
        return await commit(daemon, container, { name, entries, labels });
      } finally {
        await removeContainer(daemon, container);
      }
    },
  };
}

async function commit(
  daemon: Daemon,
  container: string,
  image: {
    readonly name: string;
    readonly entries: readonly ImageEntry[];
    readonly labels: Readonly<Record<string, string>>;
  },
): Promise<string> {
  await daemon.request({
    method: "PUT",
    path: `/containers/${container}/archive`,
    query: { path: "/" },
    upload: toTar(image.entries),
    doing: "put our init into the image",
  });
  const [repo = "", tag = ""] = image.name.split(":");
  const answer = await daemon.request({
    method: "POST",
    path: "/commit",
    query: { container, repo, tag, pause: false },
    body: { Labels: image.labels },
    doing: "keep the image with our init",
    mayTakeLong: true,
  });
  const id = parseImageId(pick(answer, "Id"));
  if (id !== undefined) return id;
  throw new SandboxError("sandbox-unavailable", "docker does not say which image it has made");
}

/** The image's own file with our line first, and no other line of that name or id. */
async function mergeFile(
  daemon: Daemon,
  container: string,
  { path, line }: { readonly path: string; readonly line: string },
): Promise<ImageEntry> {
  const [name, , id] = line.trim().split(":");
  const own = (await readFile(daemon, container, path))
    .split("\n")
    .filter((one) => one !== "" && one.split(":")[0] !== name && one.split(":")[2] !== id);
  return { type: "file", path, content: [line.trim(), ...own, ""].join("\n") };
}

const MOST_BYTES = 1 << 20;

/** Text of a regular file of a container; empty where there is none. */
async function readFile(daemon: Daemon, container: string, path: string): Promise<string> {
  const answer = await daemon.request({
    method: "GET",
    path: `/containers/${container}/archive`,
    query: { path: `/${path}` },
    doing: `read /${path} of the image`,
    tolerate: [404],
  });
  if (!Buffer.isBuffer(answer)) return "";
  let text = "";
  const entries = Readable.from([answer]).pipe(extract());
  for await (const entry of entries) {
    if (entry.header.type === "file" && (entry.header.size ?? 0) <= MOST_BYTES)
      for await (const chunk of entry) text += String(chunk);
    else entry.resume();
  }
  return text;
}

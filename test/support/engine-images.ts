import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Engine, ImageFacts } from "../../src/engine/engine.js";
import type { SandboxMount } from "../../src/core/sandbox-spec.js";
import { type TarItem, toDockerArchive, toTar } from "./image-files.js";

/**
 * Writes an image without a program to `directory` and returns its reference: what the engine suite runs comes from the host's
 * `/usr`, mounted readable only; all else (links to it, `/etc`, users) is the image's own.
 */
export function writeHostLikeImage(directory: string): string {
  const links = readdirSync("/", { withFileTypes: true }).filter(
    (entry) => entry.isSymbolicLink() && readlinkSync(`/${entry.name}`).startsWith("usr/"),
  );
  const items: readonly TarItem[] = [
    { name: "usr/" },
    ...links.map(({ name }) => ({ name, type: "2", link: readlinkSync(`/${name}`) })),
    {
      name: "etc/passwd",
      data: "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
    },
    { name: "etc/group", data: "root:x:0:\nnogroup:x:65534:\n" },
    { name: "etc/of-the-image", data: "yes\n" },
  ];
  const file = path.join(directory, "host-like.tar");
  writeFileSync(file, toDockerArchive([toTar(items)]));
  return `docker-archive:${file}`;
}

/** `engine`, with every sandbox in the image that `writeHostLikeImage` made. */
export function inHostLikeImage(engine: Engine, reference: string): Engine {
  let facts: Promise<ImageFacts> | undefined;
  const mounts: readonly SandboxMount[] = ["/usr", "/etc/alternatives", "/etc/java-17-openjdk"]
    .filter((place) => existsSync(place))
    .map((place) => ({ kind: "readonly", source: place, target: place }));
  return {
    ...engine,
    start: async (spec, options) => {
      facts ??= engine.resolveImage(reference);
      const { image } = await facts;
      return await engine.start({ ...spec, image, mounts: [...mounts, ...spec.mounts] }, options);
    },
  };
}

/** A small image of busybox alone, with its usual links: neither perl nor the host's libraries. */
export function writeBusyboxImage(directory: string): string {
  const items: readonly TarItem[] = [
    { name: "bin/busybox", mode: 0o755, data: readFileSync("/bin/busybox") },
    ...["sh", "ls", "cat", "id", "touch", "env", "rm", "mount", "sleep", "hostname"].map(
      (name) => ({
        name: `bin/${name}`,
        type: "2",
        link: "busybox",
      }),
    ),
    {
      name: "etc/passwd",
      data: "root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n",
    },
    { name: "data/of-the-image", data: "image\n" },
    { name: "linked", type: "2", link: "data" },
    { name: "bin/no-interpreter", mode: 0o755, data: "#!/bin/bash\n" },
    { name: "bin/not-executable", data: "x" },
  ];
  const file = path.join(directory, "busybox.tar");
  writeFileSync(
    file,
    toDockerArchive([toTar(items)], { env: ["PATH=/bin", "FROM_IMAGE=1", "HOME=/root"] }),
  );
  return `docker-archive:${file}`;
}

import type { Readable } from "node:stream";
import { sha256Hex } from "../../host/sha256.js";
import { unusable } from "./image-problem.js";
import { configSchema, parseJson } from "./image-schemas.js";

/** A layer as it is stored. */
export interface ImageLayer {
  /** Of the stored bytes, where it is announced. */
  readonly digest?: string;
  /** Of the tar archive that they are once they are unpacked. */
  readonly diffId: string;
  open(): Readable;
}

/** What an image is made of; its configuration is verified, its layers are not yet. */
export interface ImageParts {
  /** `sha256:` of the configuration. */
  readonly id: string;
  readonly env: Readonly<Record<string, string>>;
  /** Lowest first. */
  readonly layers: readonly ImageLayer[];
}

/** Names of architectures as Go has them (OCI image-spec, config.md), by those of Node. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: "amd64",
  ia32: "386",
  ppc64: "ppc64le",
};

/** What images for this machine say. */
export const HOST_PLATFORM = {
  os: "linux",
  architecture: ARCHITECTURES[process.arch] ?? process.arch,
};

/** The image with the configuration in `bytes`. Throws where it is for another machine, or its layers are not as many as it says. */
export function toImageParts(
  bytes: Buffer,
  layers: readonly Omit<ImageLayer, "diffId">[],
): ImageParts {
  const config = parseJson(configSchema, bytes, "its configuration");
  const { os, architecture } = HOST_PLATFORM;
  if (config.os !== os || config.architecture !== architecture)
    throw unusable(
      `it is for ${config.os}/${config.architecture}, this machine is ${os}/${architecture}`,
    );
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== layers.length)
    throw unusable(`it has ${layers.length} layers and its configuration ${diffIds.length}`);
  return {
    id: `sha256:${sha256Hex(bytes)}`,
    env: toEnv(config.config?.Env ?? []),
    layers: layers.map((layer, at) => ({ ...layer, diffId: diffIds[at] ?? "" })),
  };
}

/** The last of a name counts. */
function toEnv(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, value] = /^([^=\0]+)=([^\0]*)$/s.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value] as const];
    }),
  );
}

import { sha256Hex } from "../../host/sha256.js";
import { type Blobs, digestMismatch, readBlob } from "./blobs.js";
import { type ImageLayer, type ImageParts, toImageParts } from "./image-parts.js";
import { unknownImage, unusable } from "./image-problem.js";
import { dockerManifestSchema, parseJson } from "./image-schemas.js";

/** The image in what `docker save` wrote: the only one, or the one named `pick` (NAME:TAG). */
export async function pickDocker(blobs: Blobs, pick: string | undefined): Promise<ImageParts> {
  const bytes = await readBlob(blobs, "manifest.json");
  if (bytes === undefined) throw unusable("not a Docker archive: it has no manifest.json");
  const images = parseJson(dockerManifestSchema, bytes, "its manifest.json");
  const named = images.filter(({ RepoTags }) => pick === undefined || RepoTags?.includes(pick));
  const [image, ...others] = named;
  if (image === undefined || others.length > 0) {
    const names = images.flatMap(({ RepoTags }) => RepoTags ?? []);
    throw unknownImage(
      image === undefined ? `it holds no ${pick ?? "image"}` : "it holds several images",
      `docker-archive:PATH:NAME:TAG; it has ${names.join(", ") || "no names"}`,
    );
  }
  return toImageParts(
    await readConfig(blobs, image.Config),
    image.Layers.map((name) => toLayer(blobs, name)),
  );
}

/** Its name says its digest, as Docker, podman and skopeo write it. */
async function readConfig(blobs: Blobs, name: string): Promise<Buffer> {
  const bytes = await readBlob(blobs, name);
  if (bytes === undefined) throw unusable(`${name} is missing in it`);
  const [, hex] = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(name) ?? [];
  const found = sha256Hex(bytes);
  if (hex !== undefined && hex !== found) throw digestMismatch(`sha256:${hex}`, `sha256:${found}`);
  return bytes;
}

function toLayer(blobs: Blobs, name: string): Omit<ImageLayer, "diffId"> {
  const blob = blobs.open(name);
  if (blob === undefined) throw unusable(`the layer ${name} is missing in it`);
  const [, hex] = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name) ?? [];
  return { ...(hex === undefined ? {} : { digest: `sha256:${hex}` }), open: blob.stream };
}

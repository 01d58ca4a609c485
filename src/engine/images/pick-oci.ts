import { type Blobs, readBlob, readVerified, toBlobName } from "./blobs.js";
import { HOST_PLATFORM, type ImageParts, toImageParts } from "./image-parts.js";
import { unknownImage, unusable } from "./image-problem.js";
import { type Descriptor, indexSchema, manifestSchema, parseJson } from "./image-schemas.js";

/** The image for this machine in an OCI layout: the only one, or the one tagged `pick`. */
export async function pickOci(blobs: Blobs, pick: string | undefined): Promise<ImageParts> {
  const bytes = await readBlob(blobs, "index.json");
  if (bytes === undefined) throw unusable("not an OCI layout: it has no index.json");
  const { manifests } = parseJson(indexSchema, bytes, "its index.json");
  const tagged = manifests.filter((one) => pick === undefined || isTagged(one, pick));
  if (tagged.length === 0)
    throw unknownImage(`it holds no ${pick ?? "image"}`, `it has ${listTags(manifests)}`);
  const found = await findForHost(blobs, tagged, 0);
  const distinct = [...new Set(found.map(({ digest }) => digest))];
  const [digest, ...others] = distinct;
  if (digest === undefined)
    throw unusable(`it has no image for ${HOST_PLATFORM.os}/${HOST_PLATFORM.architecture}`);
  if (others.length > 0)
    throw unknownImage("it holds several images", `name one, as PATH:TAG: ${listTags(manifests)}`);
  const manifest = parseJson(manifestSchema, await readVerified(blobs, digest), "its manifest");
  return toImageParts(
    await readVerified(blobs, manifest.config.digest),
    manifest.layers.map((layer) => toLayer(blobs, layer)),
  );
}

/** Manifests for this machine, or of which nothing is said: their configuration tells. An index in an index is looked into. */
async function findForHost(
  blobs: Blobs,
  descriptors: readonly Descriptor[],
  depth: number,
): Promise<readonly Descriptor[]> {
  if (depth > 3) throw unusable("its indexes are nested too deeply");
  const found: Descriptor[] = [];
  for (const one of descriptors.filter(isForHost)) {
    if (!/\b(image\.index|manifest\.list)\b/.test(one.mediaType ?? "")) found.push(one);
    else {
      const index = parseJson(indexSchema, await readVerified(blobs, one.digest), "its index");
      found.push(...(await findForHost(blobs, index.manifests, depth + 1)));
    }
  }
  return found;
}

function isForHost({ platform }: Descriptor): boolean {
  if (platform === null || platform === undefined) return true;
  return platform.os === HOST_PLATFORM.os && platform.architecture === HOST_PLATFORM.architecture;
}

function tagsOf({ annotations }: Descriptor): readonly string[] {
  const names = [
    annotations?.["org.opencontainers.image.ref.name"],
    annotations?.["io.containerd.image.name"],
  ];
  return names.filter((name) => name !== undefined);
}

function isTagged(descriptor: Descriptor, pick: string): boolean {
  return tagsOf(descriptor).some((name) => name === pick || name.endsWith(`:${pick}`));
}

function listTags(manifests: readonly Descriptor[]): string {
  return manifests.flatMap(tagsOf).join(", ") || "no names";
}

function toLayer(
  blobs: Blobs,
  { digest }: Descriptor,
): { readonly digest: string; readonly open: NonNullable<ReturnType<Blobs["open"]>>["stream"] } {
  const blob = blobs.open(toBlobName(digest));
  if (blob === undefined) throw unusable(`the layer ${digest} is missing in it`);
  return { digest, open: blob.stream };
}

import * as z from "zod/mini";
import { unusable } from "./image-problem.js";

const digest = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/));
const optionalText = z.nullish(z.string());

const platform = z.object({ os: z.string(), architecture: z.string() });
const descriptor = z.object({
  digest,
  size: z.int().check(z.nonnegative()),
  mediaType: optionalText,
  platform: z.nullish(platform),
  annotations: z.nullish(z.record(z.string(), z.string())),
});

/** A pointer to a blob (OCI image-spec, descriptor.md). Only SHA-256 is known. */
export type Descriptor = z.infer<typeof descriptor>;

/** `index.json`, or an index that lies in a blob (OCI image-spec, image-index.md). */
export const indexSchema = z.object({ manifests: z.array(descriptor) });
/** A manifest (OCI image-spec, manifest.md). */
export const manifestSchema = z.object({ config: descriptor, layers: z.array(descriptor) });
/** An image's configuration (OCI image-spec, config.md), as far as it is used. */
export const configSchema = z.object({
  os: z.string(),
  architecture: z.string(),
  config: z.nullish(z.object({ Env: z.nullish(z.array(z.string())) })),
  rootfs: z.object({ diff_ids: z.array(digest) }),
});
/** `manifest.json` of `docker save` (moby, image/spec/spec.md, "Combined Image JSON + Filesystem Changeset Format"). */
export const dockerManifestSchema = z.array(
  z.object({
    Config: z.string(),
    RepoTags: z.nullish(z.array(z.string())),
    Layers: z.array(z.string()),
  }),
);

/** `bytes` as JSON of this form. Throws naming `what` where they are not. */
export function parseJson<T>(schema: z.ZodMiniType<T>, bytes: Buffer, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw unusable(`${what} is not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unusable(
    `${what} is not understood: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
  );
}

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { encodeName } from "../../src/core/path.js";

/** An entry of a tar archive as a test wants it, hostile or not. */
export interface TarItem {
  readonly name: string;
  /** The flag of the header; default `0`, or `5` where the name ends in a slash. */
  readonly type?: string;
  readonly data?: string | Buffer;
  readonly link?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  /** Records of a pax header before it. */
  readonly pax?: Readonly<Record<string, string>>;
}

/** What an image is made of besides its layers. */
export interface ImageWords {
  readonly tags?: readonly string[];
  readonly env?: readonly string[];
  readonly architecture?: string;
  /** Instead of the layers' own. */
  readonly diffIds?: readonly string[];
}

/** A tar archive of `items`, as they are written here. */
export function toTar(items: readonly TarItem[]): Buffer {
  return Buffer.concat([...items.flatMap(toBlocks), Buffer.alloc(1024)]);
}

/** What `docker save` would write. */
export function toDockerArchive(layers: readonly Buffer[], words: ImageWords = {}): Buffer {
  const config = toConfig(layers, words);
  const names = layers.map((_, at) => `${at}/layer.tar`);
  const manifest = [
    { Config: `${hex(config)}.json`, RepoTags: words.tags ?? ["test:1"], Layers: names },
  ];
  return toTar([
    ...layers.map((data, at) => ({ name: `${at}/layer.tar`, data })),
    { name: `${hex(config)}.json`, data: config },
    { name: "manifest.json", data: JSON.stringify(manifest) },
  ]);
}

/** The files of an OCI layout, by their names. `stored`: how the layers are kept, e.g. compressed. */
export function toOciFiles(
  layers: readonly Buffer[],
  words: ImageWords & { readonly stored?: (layer: Buffer) => Buffer } = {},
): Record<string, Buffer> {
  const blobs: Record<string, Buffer> = {};
  const put = (data: Buffer, mediaType: string): object => {
    blobs[`blobs/sha256/${hex(data)}`] = data;
    return { mediaType, digest: `sha256:${hex(data)}`, size: data.length };
  };
  const kind = "application/vnd.oci.image";
  const manifest = {
    schemaVersion: 2,
    config: put(toConfig(layers, words), `${kind}.config.v1+json`),
    layers: layers.map((layer) => put(words.stored?.(layer) ?? layer, `${kind}.layer.v1.tar+gzip`)),
  };
  const [tag = "latest"] = words.tags ?? [];
  const index = {
    schemaVersion: 2,
    manifests: [
      {
        ...put(Buffer.from(JSON.stringify(manifest)), `${kind}.manifest.v1+json`),
        annotations: { "org.opencontainers.image.ref.name": tag },
      },
    ],
  };
  return {
    ...blobs,
    "oci-layout": Buffer.from('{"imageLayoutVersion":"1.0.0"}'),
    "index.json": Buffer.from(JSON.stringify(index)),
  };
}

/** Writes `files` below `directory`. */
export function writeFiles(directory: string, files: Readonly<Record<string, Buffer>>): void {
  for (const [name, data] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), data);
  }
}

/** SHA-256 in hexadecimal. */
export function hex(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

function toConfig(layers: readonly Buffer[], words: ImageWords): Buffer {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  return Buffer.from(
    JSON.stringify({
      os: "linux",
      architecture: words.architecture ?? architecture,
      config: { Env: words.env ?? ["PATH=/usr/bin:/bin"] },
      rootfs: {
        type: "layers",
        diff_ids: words.diffIds ?? layers.map((layer) => `sha256:${hex(layer)}`),
      },
    }),
  );
}

function toBlocks(item: TarItem): readonly Buffer[] {
  const data = Buffer.from(item.data ?? "");
  const records = Object.entries(item.pax ?? {}).map(([key, value]) => toRecord(key, value));
  const before =
    records.length === 0 ? [] : toBlocks({ name: "pax", type: "x", data: Buffer.concat(records) });
  return [
    ...before,
    toHeader(item, data.length),
    data,
    Buffer.alloc((512 - (data.length % 512)) % 512),
  ];
}

function toRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length += 1;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function toHeader(item: TarItem, size: number): Buffer {
  const block = Buffer.alloc(512);
  const put = (text: string, at: number): void =>
    void Buffer.from(encodeName(text)).copy(block, at);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
  put(item.name, 0);
  put(octal(item.mode ?? (item.name.endsWith("/") ? 0o755 : 0o644), 7), 100);
  put(octal(item.uid ?? 0, 7), 108);
  put(octal(item.gid ?? 0, 7), 116);
  put(octal(size, 11), 124);
  put(octal(item.mtime ?? 1_000_000_000, 11), 136);
  put(" ".repeat(8), 148);
  put(item.type ?? (item.name.endsWith("/") ? "5" : "0"), 156);
  put(item.link ?? "", 157);
  put("ustar\0" + "00", 257);
  put(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\0 `,
    148,
  );
  return block;
}

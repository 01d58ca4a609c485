import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { pruneImages } from "../../src/engine/images/prune-images.js";
import { type DaemonImages, resolveImage } from "../../src/engine/images/resolve-image.js";
import { hex, toDockerArchive, toOciFiles, toTar, writeFiles } from "../support/image-files.js";
import { openLoopFs } from "../support/loop-fs.js";
import { openTempDir } from "../support/temp-tree.js";

const LAYER = toTar([{ name: "hello", data: "hello\n" }]);
const OTHER = toTar([{ name: "hello", data: "other\n" }]);

/** A place for files and a store, and what `resolveImage` makes of a reference there. */
function openPlace() {
  const dir = openTempDir();
  const imagesDir = path.join(dir.path, "images");
  return {
    at: (name: string): string => path.join(dir.path, name),
    imagesDir,
    write: (name: string, data: Buffer): void => writeFileSync(path.join(dir.path, name), data),
    resolve: (reference: string, daemon?: DaemonImages) =>
      resolveImage(reference, {
        imagesDir,
        ...(daemon === undefined ? {} : { openDaemonImages: async () => daemon }),
      }),
    /** The file `hello` of the image that a reference names. */
    async hello(reference: string, daemon?: DaemonImages): Promise<string> {
      const { image } = await this.resolve(reference, daemon);
      return readFileSync(path.join(imagesDir, image.id.slice(7), "rootfs/hello"), "utf8");
    },
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

describe("an image is found in", () => {
  test("a Docker archive, plain or gzip, by scheme or as a path, with a name where there are several", async () => {
    using place = openPlace();
    place.write("a.tar", toDockerArchive([LAYER], { tags: ["img:1"], env: ["A=1", "A=2", "odd"] }));
    place.write("a.tar.gz", gzipSync(toDockerArchive([OTHER])));
    place.write(
      "gz-layer.tar",
      toDockerArchive([gzipSync(LAYER)], { diffIds: [`sha256:${hex(LAYER)}`] }),
    );
    const file = place.at("a.tar");
    for (const reference of [file, `docker-archive:${file}`, `docker-archive:${file}:img:1`])
      assert.equal(await place.hello(reference), "hello\n");
    assert.equal(await place.hello(place.at("a.tar.gz")), "other\n");
    assert.equal(await place.hello(place.at("gz-layer.tar")), "hello\n");
    assert.deepEqual((await place.resolve(file)).env, { A: "2" });
  });

  test("an OCI layout and an OCI archive, with compressed layers, by tag", async () => {
    using place = openPlace();
    const files = toOciFiles([LAYER], { stored: (layer) => gzipSync(layer), tags: ["v1"] });
    writeFiles(place.at("layout"), files);
    place.write(
      "oci.tar",
      toTar(Object.entries(files).map(([name, data]) => ({ name: `./${name}`, data }))),
    );
    const layout = place.at("layout");
    for (const reference of [
      layout,
      `oci:${layout}`,
      `oci:${layout}:v1`,
      `oci-archive:${place.at("oci.tar")}`,
    ])
      assert.equal(await place.hello(reference), "hello\n");
    await assert.rejects(place.resolve(`oci:${layout}:v2`), {
      code: "usage",
      message: /holds no v2$/,
      hint: /v1/,
    });
  });

  test("an index of several platforms, the one of this machine", async () => {
    using place = openPlace();
    const files = toOciFiles([LAYER]);
    const foreign = toOciFiles([OTHER], { architecture: "mips" });
    const index = JSON.parse(files["index.json"]?.toString() ?? "");
    const other = JSON.parse(foreign["index.json"]?.toString() ?? "").manifests[0];
    const architecture = process.arch === "x64" ? "amd64" : process.arch;
    const list = Buffer.from(
      JSON.stringify({
        manifests: [
          { ...other, platform: { os: "linux", architecture: "mips" } },
          { ...other, platform: { os: "unknown", architecture: "unknown" } },
          { ...index.manifests[0], platform: { os: "linux", architecture } },
        ],
      }),
    );
    const pointer = {
      mediaType: "application/vnd.oci.image.index.v1+json",
      digest: `sha256:${hex(list)}`,
      size: list.length,
    };
    const top = Buffer.from(JSON.stringify({ manifests: [pointer] }));
    writeFiles(place.at("l"), {
      ...foreign,
      ...files,
      [`blobs/sha256/${hex(list)}`]: list,
      "index.json": top,
    });
    assert.equal(await place.hello(`oci:${place.at("l")}`), "hello\n");
  });

  test("a daemon, which is asked by name and exports once", async () => {
    using place = openPlace();
    let exports = 0;
    const archive = toDockerArchive([LAYER]);
    const daemon: DaemonImages = {
      findImage: async (name) => (name === "debian:12" ? `sha256:${"d".repeat(64)}` : undefined),
      exportImage: async () => {
        exports += 1;
        return (async function* () {
          yield archive;
        })();
      },
    };
    assert.equal(await place.hello("debian:12", daemon), "hello\n");
    assert.equal(await place.hello("debian:12", daemon), "hello\n");
    assert.equal(exports, 1);
    await assert.rejects(place.resolve("debian:13", daemon), {
      code: "usage",
      hint: "docker pull debian:13",
    });
  });

  test("never a file of a bare name: a task could leave one", async () => {
    using place = openPlace();
    mkdirSync(place.at("cwd"));
    writeFileSync(place.at("cwd/debian"), toDockerArchive([LAYER]));
    const before = process.cwd();
    process.chdir(place.at("cwd"));
    try {
      await assert.rejects(place.resolve("debian"), {
        code: "usage",
        hint: "for the file, write ./debian",
      });
      assert.equal(await place.hello("./debian"), "hello\n");
    } finally {
      process.chdir(before);
    }
  });
});

describe("what cannot be used is told in one line, and leaves nothing", () => {
  const archive = toDockerArchive([LAYER]);
  const layout = toOciFiles([LAYER]);
  const blob = `blobs/sha256/${hex(LAYER)}`;
  const cases: Readonly<Record<string, readonly [data: Buffer, message: RegExp]>> = {
    "no archive": [Buffer.from("text ".repeat(300)), /not a tar archive/],
    "an empty file": [Buffer.alloc(0), /neither a Docker archive/],
    "another tar": [LAYER, /neither a Docker archive/],
    "a truncated archive": [archive.subarray(0, 700), /ends too early/],
    "a truncated gzip": [gzipSync(archive).subarray(0, 200), /unexpected end of file/],
    "a layer that is not what was announced": [
      toDockerArchive([LAYER], { diffIds: [`sha256:${hex(OTHER)}`] }),
      /digest mismatch/,
    ],
    "a configuration that is not what its name says": [
      toTar([
        { name: `${"0".repeat(64)}.json`, data: "{}" },
        {
          name: "manifest.json",
          data: JSON.stringify([{ Config: `${"0".repeat(64)}.json`, Layers: [] }]),
        },
      ]),
      /digest mismatch/,
    ],
    "another platform": [
      toDockerArchive([LAYER], { architecture: "mips" }),
      /it is for linux\/mips, this machine/,
    ],
    "a manifest that is no JSON": [
      toTar([{ name: "manifest.json", data: "{" }]),
      /manifest\.json is not JSON/,
    ],
    "a manifest of another form": [
      toTar([{ name: "manifest.json", data: "[{}]" }]),
      /manifest\.json is not understood/,
    ],
    "a layer that is missing": [
      toTar([
        { name: "c.json", data: "{}" },
        { name: "manifest.json", data: JSON.stringify([{ Config: "c.json", Layers: ["l"] }]) },
      ]),
      /layer l is missing/,
    ],
    "a layer compressed with zstd": [toDockerArchive([Buffer.from("28b52ffd00", "hex")]), /zstd/],
  };
  for (const [title, [data, message]] of Object.entries(cases))
    test(title, async () => {
      using place = openPlace();
      place.write("x", data);
      await assert.rejects(place.resolve(place.at("x")), (error: Error & { code?: string }) => {
        assert.match(error.message, message);
        assert.ok(
          error.message.startsWith(`--image ${place.at("x")}: `) && !error.message.includes("\n"),
        );
        return error.code === "sandbox-unavailable";
      });
      assert.deepEqual(
        readdirSync(place.imagesDir).filter((name) => name !== "locks"),
        [],
      );
    });

  test("a blob of a layout that was changed", async () => {
    using place = openPlace();
    writeFiles(place.at("l"), layout);
    assert.equal(await place.hello(`oci:${place.at("l")}`), "hello\n");
    using again = openPlace();
    writeFiles(again.at("l"), { ...layout, [blob]: OTHER });
    await assert.rejects(again.resolve(`oci:${again.at("l")}`), /digest mismatch/);
  });

  test("what is not there, or is no reference", async () => {
    using place = openPlace();
    for (const reference of [
      "",
      "Ä",
      "docker-archive:",
      "docker-archive:/none",
      "/none",
      "oci:/none",
      "a b",
    ])
      await assert.rejects(place.resolve(reference), { code: "usage" }, reference);
    await assert.rejects(place.resolve(`oci:${fileURLToPath(import.meta.url)}`), { code: "usage" });
    await assert.rejects(place.resolve("docker-archive:/"), {
      code: "usage",
      message: /directory/,
    });
  });

  test("a disk that is full", {
    skip: process.getuid?.() === 0 ? false : "only root mounts a filesystem",
  }, async () => {
    using disk = openLoopFs({ type: "ext4", sizeMiB: 8 });
    using place = openPlace();
    place.write(
      "big",
      toDockerArchive([toTar([{ name: "big", data: Buffer.alloc(16 << 20, 1) }])]),
    );
    const imagesDir = path.join(disk.path, "images");
    await assert.rejects(resolveImage(place.at("big"), { imagesDir }), {
      code: "sandbox-unavailable",
      message: /no space left in/,
    });
    assert.deepEqual(readdirSync(imagesDir), ["locks"]);
    place.write("small", toDockerArchive([LAYER]));
    await resolveImage(place.at("small"), { imagesDir });
  });
});

describe("the store", () => {
  test("many at once unpack an image once", async () => {
    using place = openPlace();
    place.write("a.tar", toDockerArchive([LAYER]));
    const all = await Promise.all([1, 2, 3, 4].map(() => place.resolve(place.at("a.tar"))));
    assert.equal(new Set(all.map(({ image }) => image.id)).size, 1);
    assert.equal(
      readdirSync(place.imagesDir).filter((name) => /^[0-9a-f]{64}$/.test(name)).length,
      1,
    );
  });

  test("an archive that was replaced is another image", async () => {
    using place = openPlace();
    place.write("a.tar", toDockerArchive([LAYER]));
    assert.equal(await place.hello(place.at("a.tar")), "hello\n");
    truncateSync(place.at("a.tar"), 0);
    place.write("a.tar", toDockerArchive([OTHER]));
    assert.equal(await place.hello(place.at("a.tar")), "other\n");
  });

  test("a process that is killed midway leaves nothing that counts, and the next one removes it", async () => {
    using place = openPlace();
    const items = Array.from({ length: 60_000 }, (_, at) => ({
      name: `d${at % 50}/f${at}`,
      data: "x",
    }));
    place.write("many.tar", toDockerArchive([toTar(items)]));
    place.write("a.tar", toDockerArchive([LAYER]));
    const module = new URL("../../src/engine/images/resolve-image.js", import.meta.url).href;
    const script = `import { resolveImage } from ${JSON.stringify(module)};
      await resolveImage(${JSON.stringify(place.at("many.tar"))}, { imagesDir: ${JSON.stringify(place.imagesDir)},
        progress: (what, count) => { if (count > 1000) process.kill(process.pid, "SIGKILL") } });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: "inherit",
    });
    const signal = await new Promise((resolve) => child.on("exit", (_code, by) => resolve(by)));
    assert.equal(signal, "SIGKILL");
    const left = readdirSync(place.imagesDir).filter((name) => name.startsWith(".unpacking-"));
    assert.equal(left.length, 1);
    assert.deepEqual(await pruneImages(place.imagesDir, { dryRun: true }), [
      "an image that was not unpacked to its end",
    ]);
    assert.equal(await place.hello(place.at("a.tar")), "hello\n");
    assert.deepEqual(
      readdirSync(place.imagesDir).filter((name) => name.startsWith(".")),
      [],
    );
  });

  test("prune removes images that nothing uses, only when it is told what is used", async () => {
    using place = openPlace();
    place.write("a.tar", toDockerArchive([LAYER]));
    place.write("b.tar", toDockerArchive([OTHER]));
    const { image: used } = await place.resolve(place.at("a.tar"));
    const { image: unused } = await place.resolve(place.at("b.tar"));
    const isUsed = async (id: string): Promise<boolean> => id === used.id;
    assert.deepEqual(await pruneImages(place.imagesDir, { dryRun: false }), []);
    const line = [`the image ${unused.id}`];
    assert.deepEqual(await pruneImages(place.imagesDir, { dryRun: true, isUsed }), line);
    assert.ok(statSync(path.join(place.imagesDir, unused.id.slice(7))).isDirectory());
    assert.deepEqual(await pruneImages(place.imagesDir, { dryRun: false, isUsed }), line);
    assert.equal(await place.hello(place.at("a.tar")), "hello\n");
    assert.ok(!readdirSync(place.imagesDir).includes(unused.id.slice(7)));
  });

  test("an image that is wanted while it is pruned stays", async () => {
    using place = openPlace();
    place.write("a.tar", toDockerArchive([LAYER]));
    const { image } = await place.resolve(place.at("a.tar"));
    const answers = [false, true];
    const isUsed = async (): Promise<boolean> => answers.shift() ?? true;
    assert.deepEqual(await pruneImages(place.imagesDir, { dryRun: false, isUsed }), []);
    assert.ok(readdirSync(place.imagesDir).includes(image.id.slice(7)));
  });
});

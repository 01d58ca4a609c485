import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { resolveImage } from "../../src/engine/images/resolve-image.js";
import { hex, toDockerArchive, toOciFiles, toTar, writeFiles } from "../support/image-files.js";
import { LAYER, OTHER, openPlace } from "../support/image-place.js";
import { openLoopFs } from "../support/loop-fs.js";

describe("what cannot be used is told in one line, and leaves nothing", () => {
  const archive = toDockerArchive([LAYER]);
  const layout = toOciFiles([LAYER]);
  const blob = `blobs/sha256/${hex(LAYER)}`;
  const cases: Readonly<Record<string, readonly [data: Buffer, message: RegExp]>> = {
    "no archive": [Buffer.from("text ".repeat(300)), /not a tar archive/],
    "less than an archive's first block": [Buffer.from("garbage\n"), /not a tar archive/],
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
      await assert.rejects(place.resolve(reference), { code: "sandbox-unavailable" }, reference);
    await assert.rejects(place.resolve(`oci:${fileURLToPath(import.meta.url)}`), {
      code: "sandbox-unavailable",
    });
    await assert.rejects(place.resolve("docker-archive:/"), {
      code: "sandbox-unavailable",
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

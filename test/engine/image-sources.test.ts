import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { DaemonImages } from "../../src/engine/images/resolve-image.js";
import { hex, toDockerArchive, toOciFiles, toTar, writeFiles } from "../support/image-files.js";
import { LAYER, OTHER, openPlace } from "../support/image-place.js";

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
      code: "sandbox-unavailable",
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
      code: "sandbox-unavailable",
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
        code: "sandbox-unavailable",
        hint: "for the file, write ./debian",
      });
      assert.equal(await place.hello("./debian"), "hello\n");
    } finally {
      process.chdir(before);
    }
  });
});

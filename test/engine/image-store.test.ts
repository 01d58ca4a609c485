import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, statSync, truncateSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { pruneImages } from "../../src/engine/images/prune-images.js";
import { toDockerArchive, toTar } from "../support/image-files.js";
import { LAYER, OTHER, openPlace } from "../support/image-place.js";

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

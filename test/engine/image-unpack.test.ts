import assert from "node:assert/strict";
import { lstatSync, readdirSync } from "node:fs";
import { describe, test } from "node:test";
import type { TarItem } from "../support/image-files.js";
import { refuses, unpack } from "../support/unpack-layers.js";

describe("whiteouts", () => {
  const lower: readonly TarItem[] = [
    { name: "d/" },
    { name: "d/old", data: "old" },
    { name: "d/sub/deep", data: "x" },
    { name: "keep", data: "k" },
  ];

  test("hide a file or a whole directory of the layers below, and nothing else", async () => {
    assert.deepEqual(await unpack([lower, [{ name: "d/.wh.old" }]]), [
      "d/",
      "d/sub/",
      "d/sub/deep=x",
      "keep=k",
    ]);
    assert.deepEqual(await unpack([lower, [{ name: ".wh.d" }]]), ["keep=k"]);
  });

  test("hide nothing of their own layer, wherever they stand in it", async () => {
    for (const order of [0, 1]) {
      const items = [{ name: "d/.wh..wh..opq" }, { name: "d/new", data: "n" }];
      const upper = order === 0 ? items : items.toReversed();
      assert.deepEqual(await unpack([lower, upper]), ["d/", "d/new=n", "keep=k"]);
    }
    const both = [{ name: "d/sub/own", data: "o" }, { name: "d/.wh.sub" }];
    assert.deepEqual(await unpack([lower, both]), [
      "d/",
      "d/old=old",
      "d/sub/",
      "d/sub/own=o",
      "keep=k",
    ]);
  });

  test("of what is not there do nothing", async () => {
    const upper = [{ name: ".wh.none" }, { name: "no/where/.wh.x" }, { name: "no/.wh..wh..opq" }];
    assert.deepEqual(await unpack([[{ name: "keep", data: "k" }], upper]), ["keep=k"]);
  });

  test("that name no name are refused", async () => {
    for (const name of [".wh.", ".wh..", "d/.wh..."])
      await refuses([lower, [{ name }]], /hides no name/);
  });
});

describe("entries of a layer", () => {
  test("replace what the layers below have, whatever it is; a directory stays with its content", async () => {
    const lower: readonly TarItem[] = [
      { name: "a", data: "file" },
      { name: "b/", mode: 0o700 },
      { name: "b/in", data: "in" },
      { name: "c", type: "2", link: "a" },
    ];
    const upper: readonly TarItem[] = [
      { name: "a/", mode: 0o711 },
      { name: "b/", mode: 0o750 },
      { name: "c", data: "now a file" },
    ];
    assert.deepEqual(await unpack([lower, upper]), ["a@711/", "b@750/", "b/in=in", "c=now a file"]);
    assert.deepEqual(await unpack([lower, [{ name: "b", data: "flat" }]]), [
      "a=file",
      "b=flat",
      "c->a",
    ]);
  });

  test("keep modes and times, also of directories that are shut; no setuid, no setgid", async () => {
    const items: readonly TarItem[] = [
      { name: "shut/", mode: 0o555, mtime: 1000 },
      { name: "shut/run", mode: 0o4755, mtime: 2000 },
      { name: "sticky/", mode: 0o3777 },
    ];
    const tree = await unpack([items], {
      look: (root) => {
        assert.equal(lstatSync(`${root}/shut`).mtimeMs, 1_000_000);
        assert.equal(lstatSync(`${root}/shut/run`).mtimeMs, 2_000_000);
      },
    });
    assert.deepEqual(tree, ["shut@555/", "shut/run@755=", "sticky@1777/"]);
  });

  test("belong to whom the archive says where root unpacks, else to the user", async () => {
    const isRoot = process.getuid?.() === 0;
    const items = [
      { name: "f", uid: 1234, gid: 5678 },
      { name: "l", type: "2", link: "f", uid: 1, gid: 2 },
      { name: "d/", uid: 7, gid: 8 },
    ];
    await unpack([items], {
      look: (root) => {
        const owners = ["f", "l", "d"].map((name) => {
          const { uid, gid } = lstatSync(`${root}/${name}`);
          return [uid, gid];
        });
        const own = [process.getuid?.(), process.getgid?.()];
        assert.deepEqual(
          owners,
          isRoot
            ? [
                [1234, 5678],
                [1, 2],
                [7, 8],
              ]
            : [own, own, own],
        );
      },
    });
  });

  test("hard links are one file, across layers too", async () => {
    await unpack([[{ name: "a", data: "x" }], [{ name: "d/b", type: "1", link: "./a" }]], {
      look: (root) => assert.equal(lstatSync(`${root}/a`).ino, lstatSync(`${root}/d/b`).ino),
    });
  });

  test("device nodes and FIFOs are left out, and hide what was there", async () => {
    const lower = [
      { name: "x", data: "x" },
      { name: "y", data: "y" },
    ];
    const upper = [
      { name: "x", type: "3" },
      { name: "z", type: "6" },
      { name: "b", type: "4" },
    ];
    assert.deepEqual(await unpack([lower, upper]), ["y=y"]);
  });

  test("long and odd names", async () => {
    const long = `${"n".repeat(200)}`;
    const tree = await unpack([
      [
        { name: "short", pax: { path: `dir/${long}` }, data: "1" },
        { name: "longname", type: "L", data: `gnu/${long}\0` },
        { name: "short", data: "2" },
        { name: "a b\n\u202e", data: "3" },
        // A long name's part in the header may end in a slash: it is a file all the same.
        { name: "cut/", type: "0", mode: 0o644, pax: { path: "cut/after" }, data: "5" },
        { name: "old-form/", type: "0" },
      ],
    ]);
    assert.deepEqual(tree, [
      "a b\n\u202e=3",
      ...["cut/", "cut/after=5", "dir/", `dir/${long}=1`, "gnu/", `gnu/${long}=2`, "old-form/"],
    ]);
    await unpack([[{ name: "bytes-\udcff", data: "4" }]], {
      isOdd: true,
      look: (root) =>
        assert.deepEqual(readdirSync(root, { encoding: "buffer" }), [
          Buffer.from("bytes-\xff", "latin1"),
        ]),
    });
  });
});

import assert from "node:assert/strict";
import { lstatSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { resolveImage } from "../../src/engine/images/resolve-image.js";
import { type TarItem, toDockerArchive, toTar } from "../support/image-files.js";
import { openTempDir, readTree, type TreeLines } from "../support/temp-tree.js";

type Layers = readonly (readonly TarItem[])[];

/** The root filesystem of an image with these layers; `look` is called while it is there. */
async function unpack(
  layers: Layers,
  options: {
    readonly look?: (rootfs: string) => void;
    /** Names are not all text: the tree cannot be read as lines. */
    readonly isOdd?: boolean;
    readonly limits?: { readonly bytes: number; readonly entries: number };
  } = {},
): Promise<TreeLines> {
  using dir = openTempDir();
  const file = path.join(dir.path, "image.tar");
  const imagesDir = path.join(dir.path, "images");
  writeFileSync(file, toDockerArchive(layers.map(toTar)));
  const { limits } = options;
  try {
    const { image } = await resolveImage(`docker-archive:${file}`, {
      imagesDir,
      ...(limits === undefined ? {} : { limits }),
    });
    const rootfs = path.join(imagesDir, image.id.slice(7), "rootfs");
    options.look?.(rootfs);
    return options.isOdd === true ? [] : readTree(rootfs);
  } finally {
    const left = readdirSync(imagesDir).filter((name) => name.startsWith("."));
    assert.deepEqual(left, [], "nothing half made is left");
  }
}

const refuses = async (layers: Layers, message: RegExp): Promise<void> =>
  await assert.rejects(unpack(layers), { code: "sandbox-unavailable", message });

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
      ],
    ]);
    assert.deepEqual(tree, ["a b\n\u202e=3", "dir/", `dir/${long}=1`, "gnu/", `gnu/${long}=2`]);
    await unpack([[{ name: "bytes-\udcff", data: "4" }]], {
      isOdd: true,
      look: (root) =>
        assert.deepEqual(readdirSync(root, { encoding: "buffer" }), [
          Buffer.from("bytes-\xff", "latin1"),
        ]),
    });
  });
});

describe("hostile layers are refused", () => {
  const cases: Readonly<Record<string, readonly [Layers, RegExp]>> = {
    "names that leave the image": [[[{ name: "a/../../x" }]], /leaves the image/],
    "absolute names": [[[{ name: "/etc/x" }]], /is absolute/],
    "names with NUL": [[[{ name: "x", pax: { path: "a\0b" } }]], /holds NUL/],
    "a file below a symbolic link": [
      [[{ name: "l", type: "2", link: "/tmp" }], [{ name: "l/x", data: "x" }]],
      /lies below l, and that is a symbolic link/,
    ],
    "a whiteout below a symbolic link": [
      [[{ name: "l", type: "2", link: "/tmp" }], [{ name: "l/.wh.x" }]],
      /lies below l, and that is a symbolic link/,
    ],
    "a directory two below a symbolic link": [
      [[{ name: "l", type: "2", link: ".." }, { name: "l/a/b/" }]],
      /a symbolic link/,
    ],
    "a file below a file": [[[{ name: "f" }, { name: "f/x" }]], /no directory/],
    "a hard link out of the image": [
      [[{ name: "h", type: "1", link: "../../etc/passwd" }]],
      /leaves/,
    ],
    "an absolute hard link": [[[{ name: "h", type: "1", link: "/etc/passwd" }]], /is absolute/],
    "a hard link through a symbolic link": [
      [
        [
          { name: "e", type: "2", link: "/etc" },
          { name: "h", type: "1", link: "e/passwd" },
        ],
      ],
      /links to e\/passwd, which is no file/,
    ],
    "a hard link to a directory": [
      [[{ name: "d/" }, { name: "h", type: "1", link: "d" }]],
      /no file/,
    ],
    "a hard link to itself": [[[{ name: "h" }, { name: "h", type: "1", link: "h" }]], /itself/],
    "sparse entries": [[[{ name: "s", pax: { "GNU.sparse.major": "1" } }]], /sparse/],
    "unknown types": [[[{ name: "s", type: "S" }]], /unknown type "S"/],
    "a header of megabytes": [
      [[{ name: "p", type: "x", data: Buffer.alloc(2 << 20) }]],
      /megabytes/,
    ],
  };
  for (const [title, [layers, message]] of Object.entries(cases))
    test(title, async () => await refuses(layers, message));

  test("control: the same links where they are harmless", async () => {
    const items: Layers = [
      [
        { name: "real/x", data: "x" },
        { name: "l", type: "2", link: "/nowhere" },
        { name: "up", type: "2", link: "../../../nowhere" },
        { name: "h", type: "1", link: "real/x" },
      ],
    ];
    assert.deepEqual(await unpack(items), [
      "h=x",
      "l->/nowhere",
      "real/",
      "real/x=x",
      "up->../../../nowhere",
    ]);
  });

  test("more bytes or entries than the limit", async () => {
    const items: Layers = [[{ name: "a", data: Buffer.alloc(100_000) }, { name: "b" }]];
    const under = (limits: { bytes: number; entries: number }) => unpack(items, { limits });
    await assert.rejects(under({ bytes: 50_000, entries: 9 }), /more than 50000 bytes/);
    await assert.rejects(under({ bytes: 1 << 20, entries: 1 }), /more than 1 files/);
    assert.equal((await under({ bytes: 1 << 20, entries: 2 })).length, 2);
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Layers, refuses, unpack } from "../support/unpack-layers.js";

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

import assert from "node:assert/strict";
import { lstatSync, readdirSync, utimesSync } from "node:fs";
import path from "node:path";
import { makeTree } from "../support/temp-tree.js";

/** What lies outside of the workspace, and says whether anybody read or wrote it. */
export class Canary {
  readonly path: string;
  readonly #before: string;

  constructor(dir: string) {
    this.path = path.join(dir, "outside");
    makeTree(this.path, ["secret=secret", "a=a", "b/a=a", "b/b/c=c", "e/a/b=b"]);
    // Read since it was written last: with that, whatever reads it moves its time, on any mount but noatime.
    for (const name of this.#names()) utimesSync(path.join(this.path, name), 1_000, 2_000);
    this.#before = this.#describe();
  }

  #names(): readonly string[] {
    return ["secret", "a", "b/a", "b/b/c", "e/a/b"];
  }

  #describe(): string {
    return this.#names()
      .map((name) => {
        const { atimeMs, mtimeMs, ctimeMs, mode, nlink, size } = lstatSync(
          path.join(this.path, name),
        );
        return JSON.stringify({ name, atimeMs, mtimeMs, ctimeMs, mode, nlink, size });
      })
      .join("\n");
  }

  check(about: string): void {
    assert.equal(this.#describe(), this.#before, `${about}: outside was read or written`);
    const names = readdirSync(this.path, { recursive: true });
    assert.equal(names.length, 5 + 4, `${about}: ${names.join(", ")}`);
  }
}

import assert from "node:assert/strict";
import { describe, test } from "node:test";

/** What a case of the suite is besides its name: why it cannot run here. */
interface CaseOptions {
  readonly skip?: string | false;
}

/** Declares a case of the suite, as `test` of `node:test` does. */
export interface CaseTest {
  (title: string, run: () => Promise<void>): void;
  (title: string, options: CaseOptions, run: () => Promise<void>): void;
}

/** What a backend does not have: name of a case, or of a part of the suite, → the reason. */
export type Lacks = Readonly<Record<string, string>>;

/** Cases that all run. */
export const plainTest: CaseTest = (
  title: string,
  first: CaseOptions | (() => Promise<void>),
  second?: () => Promise<void>,
) => declare(title, first, second);

/** Tests for each part of a suite, in which what `lacks` names is skipped with its reason. */
export class LackingTests {
  readonly #lacks: Lacks;
  readonly #only: readonly string[] | undefined;
  readonly #seen = new Set<string>();

  /** `only`: names of the cases that are declared at all. */
  constructor(lacks: Lacks, only?: readonly string[]) {
    this.#lacks = lacks;
    this.#only = only;
  }

  /** For the part of this name. */
  of(part: string): CaseTest {
    return (
      title: string,
      first: CaseOptions | (() => Promise<void>),
      second?: () => Promise<void>,
    ) => {
      for (const name of [part, title]) this.#seen.add(name);
      if (this.#only?.includes(title) === false) return;
      declare(title, first, second, this.#lacks[title] ?? this.#lacks[part]);
    };
  }

  /** A test that whatever is left out or chosen by name is there. After all parts. */
  describeTable(name: string): void {
    describe(`${name}: what it lacks`, () => {
      test("and what is chosen is named as the suite names it", () => {
        const named = [...Object.keys(this.#lacks), ...(this.#only ?? [])];
        assert.deepEqual(
          named.filter((entry) => !this.#seen.has(entry)),
          [],
        );
      });
    });
  }
}

function declare(
  title: string,
  first: CaseOptions | (() => Promise<void>),
  second: (() => Promise<void>) | undefined,
  lack?: string,
): void {
  const options = typeof first === "function" ? {} : first;
  const run = typeof first === "function" ? first : second;
  test(title, lack === undefined ? options : { skip: lack }, run);
}

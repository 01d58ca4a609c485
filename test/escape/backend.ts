import type { Column } from "./column.js";

/** How the product is told to use a column's engine. */
export interface Backend extends AsyncDisposable {
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Opens what a column needs. Throws where it is not there. */
export async function openBackend({ engine, runtime }: Column): Promise<Backend> {
  return {
    options: ["--engine", engine, "--runtime", runtime],
    env: {},
    [Symbol.asyncDispose]: async () => {},
  };
}

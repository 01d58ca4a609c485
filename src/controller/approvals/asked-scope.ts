/** In what a command would run, besides its place: an approval is of all of it. */
export interface AskedScope {
  /** What the reviewer sees of it. Values of variables whose names are those of secrets are not in it. */
  readonly shown: { readonly [key: string]: string | readonly string[] };
  /** `NAME=VALUE`, each whole: what the approval is bound to. */
  readonly env: readonly string[];
}

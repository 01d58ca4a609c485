import { SandboxError } from "../../core/error.js";
import type { Profile } from "../../core/profile.js";
import { BASE_PROFILE } from "./base-profile.js";
import { checkDocument } from "./check-document.js";
import { extendProfile } from "./extend-profile.js";
import { type LocatedDocument, parseDocument } from "./parse-document.js";
import { tightenProfile } from "./tighten-profile.js";

/** Where a profile's file lies: lower layers are extended by higher ones. */
export type ProfileLayer = "built-in" | "administrator" | "user" | "file";

/** A profile's text and where it was found. */
export interface ProfileSource {
  readonly layer: ProfileLayer;
  /** The file as people know it, or `built-in:NAME`. */
  readonly file: string;
  /** The name it is found by; a file named on the command line has none. */
  readonly name?: string;
  readonly text: string;
}

/** Finds a profile by name in the highest layer that has it; with `below`, only in layers under that one. */
export type FindProfile = (name: string, below?: ProfileLayer) => ProfileSource | undefined;

/**
 * The profile `source` is, with all that it extends, and the projects' files on top, which may only tighten. Pure: `find` has the
 * files. Throws `usage` naming file, line and key for what is wrong in any of them.
 */
export function resolveProfile(
  source: ProfileSource,
  given: { readonly find: FindProfile; readonly projects: readonly ProfileSource[] },
): Profile {
  let profile = BASE_PROFILE;
  for (const document of readChain(source, given.find))
    profile = extendProfile(profile, document.document, document.file);
  for (const project of given.projects) profile = tightenProfile(profile, readSource(project));
  return profile;
}

/** One document by itself, with everything checked that needs no other. */
function readSource({ text, file }: ProfileSource): LocatedDocument {
  const located = parseDocument(text, file);
  checkDocument(located);
  return located;
}

/** From what is extended to what extends it. */
function readChain(source: ProfileSource, find: FindProfile): readonly LocatedDocument[] {
  const chain: LocatedDocument[] = [];
  const seen = new Set<string>();
  let at: ProfileSource | undefined = source;
  while (at !== undefined) {
    const document = readSource(at);
    chain.unshift(document);
    if (seen.has(at.file)) throw toCycle(document, chain);
    seen.add(at.file);
    at = findExtended(at, document, find);
  }
  return chain;
}

/** A profile that extends its own name extends the one of the layers below. */
function findExtended(
  { layer, name }: ProfileSource,
  { document, locate }: LocatedDocument,
  find: FindProfile,
): ProfileSource | undefined {
  const wanted = document.extends;
  if (wanted === undefined || (wanted === "base" && name === "base")) return undefined;
  const found = wanted === name ? find(wanted, layer) : find(wanted);
  if (found !== undefined) return found;
  if (wanted === "base") return undefined;
  throw new SandboxError("usage", `${locate(["extends"])}: extends: there is no profile ${wanted}`);
}

function toCycle({ locate }: LocatedDocument, chain: readonly LocatedDocument[]): SandboxError {
  const names = chain.map(({ file }) => file).toReversed();
  return new SandboxError("usage", `${locate(["extends"])}: extends: goes in a circle`, {
    list: names,
  });
}

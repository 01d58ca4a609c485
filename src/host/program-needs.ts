import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../core/error.js";
import { isInside, isOwnPath, isSystemPath } from "../core/system-path.js";
import { findInstallPrefix, type InstallPrefix, type PrefixOptions } from "./install-prefix.js";
import { type Hop, readSymlinkChain } from "./symlink-chain.js";

/** What is mounted without being a need of the program. */
export interface Surroundings extends PrefixOptions {
  readonly workspaces: readonly string[];
  /** `--tool`, `--ro`. */
  readonly shown?: readonly string[];
}

/** What a program has been seen to need so far. */
export interface Needs {
  readonly prefixes: Set<string>;
  readonly pathEntries: Set<string>;
  readonly env: Record<string, string>;
}

interface Showing {
  readonly at: Surroundings;
  readonly needs: Needs;
}

/**
 * Shows the end of the chain, and as much of what leads to it as can be: a link in a directory of many tools is not
 * shown (a mount cannot be a link), nor one whose text goes through a directory that is not there inside. Returns
 * the first name that is. Where the chain is not `trusted`, only known tools are shown (`requireKnown`).
 */
export function showChain(
  hops: readonly Hop[],
  how: Showing & { readonly trusted: boolean },
): string {
  let shown: string | undefined;
  for (const hop of hops.toReversed()) {
    if (hop.target !== undefined && hop.target !== shown && !isThere(hop.target, how)) break;
    if (!isThere(hop.path, how) && !showHop(hop, how)) break;
    shown = hop.path;
  }
  return shown ?? "";
}

/** False for a link that cannot be shown. */
function showHop(hop: Hop, how: Showing & { readonly trusted: boolean }): boolean {
  if (!how.trusted) requireKnown(hop.path, how.at);
  const prefix = prefixOf(hop.path, how.at);
  if (prefix.kind === "file" && hop.target !== undefined) return false;
  addPrefix(prefix, { file: hop.path, needs: how.needs });
  return true;
}

/** True where `file` exists inside, with what is needed so far. */
export function isThere(file: string, { at, needs }: Showing): boolean {
  return isSystemPath(file) || isMounted(file, [...toMounts(at), ...needs.prefixes]);
}

/**
 * Throws `command-not-found` where `file` or what it leads to is neither mounted anyway nor a known tool: a file that a
 * task may have written does not choose what of the host is shown.
 */
export function requireKnown(file: string, at: Surroundings): void {
  for (const { path: hop } of readChain(file)) {
    const isKnown = isSystemPath(hop) || isMounted(hop, toMounts(at));
    if (!isKnown && prefixOf(hop, at).kind !== "tool") throw toHidden(file, hop, at);
  }
}

/** True where `file` is one of `mounts` or lies in one. */
export function isMounted(file: string, mounts: readonly string[]): boolean {
  return mounts.some((mount) => isInside(file, mount));
}

/** The names from `file` to what it is. Throws `command-not-found` where a link leads nowhere. */
export function readChain(file: string): readonly Hop[] {
  try {
    return readSymlinkChain(file);
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "EACCES", "ELOOP", "ENOTDIR")) throw error;
    throw new SandboxError("command-not-found", `${file}: it leads nowhere`, { cause: error });
  }
}

/** The error for a program that needs `hidden`, with the flag that shows it. */
export function toHidden(name: string, hidden: string, at: Surroundings): SandboxError {
  const { root } = findInstallPrefix(readChain(hidden).at(-1)?.path ?? hidden, at);
  return new SandboxError("command-not-found", `${name}: the sandbox does not show ${hidden}`, {
    hint: `add --tool ${root}`,
  });
}

function toMounts(at: Surroundings): readonly string[] {
  return [...at.workspaces, ...(at.shown ?? [])];
}

function prefixOf(file: string, at: Surroundings): InstallPrefix {
  if (isOwnPath(file) || (at.keepOut ?? []).some((kept) => isInside(file, kept)))
    throw new SandboxError("command-not-found", `${file}: it cannot be shown in a sandbox`, {
      hint: "it lies where the sandbox has a directory of its own: install it elsewhere",
    });
  return findInstallPrefix(file, at);
}

function addPrefix(prefix: InstallPrefix, to: { file: string; needs: Needs }): void {
  to.needs.prefixes.add(prefix.root);
  Object.assign(to.needs.env, prefix.env);
  if (!prefix.root.endsWith("/.cargo/bin")) return;
  const toolchains = path.join(path.dirname(path.dirname(prefix.root)), ".rustup");
  if (!isSameFile(to.file, path.join(prefix.root, "rustup")) || !existsSync(toolchains)) return;
  to.needs.prefixes.add(toolchains);
  to.needs.env["RUSTUP_HOME"] = toolchains;
}

/** The commands in `~/.cargo/bin` are often rustup under other names. */
function isSameFile(file: string, other: string): boolean {
  const a = statSync(file, { throwIfNoEntry: false });
  const b = statSync(other, { throwIfNoEntry: false });
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

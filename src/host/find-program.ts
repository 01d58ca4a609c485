import { existsSync } from "node:fs";
import path from "node:path";
import { SandboxError } from "../core/error.js";
import { isSystemPath } from "../core/system-path.js";
import { locateProgram, type SearchOptions } from "./locate-program.js";
import {
  isMounted,
  isThere,
  type Needs,
  readChain,
  requireKnown,
  showChain,
  toHidden,
} from "./program-needs.js";
import { readShebang } from "./read-shebang.js";

/** Where and for whom a program is found. */
export interface FindProgramOptions extends SearchOptions {
  /** The person's home directory, its symlinks resolved. */
  readonly home: string;
  /** Host paths that are mounted anyway: `--tool`, `--ro`. */
  readonly shown?: readonly string[];
  /** Directories that must not be shown, e.g. `$SANDBOX_HOME`. */
  readonly keepOut?: readonly string[];
}

/** A program and what has to be mounted for it to run. */
export interface FoundProgram {
  /** What to execute inside: absolute. As it was found, or the target of its symlink where the link cannot be shown. */
  readonly path: string;
  /** Host directories or files, without symlinks, to mount read-only at their own path. */
  readonly prefixes: readonly string[];
  /** Directories PATH needs for the program and its interpreters. */
  readonly pathEntries: readonly string[];
  /** Variables the program needs to find its own parts. */
  readonly env: Readonly<Record<string, string>>;
}

/** Scripts that run scripts: as the kernel allows (execve(2)). */
const MOST_INTERPRETERS = 5;

/**
 * Finds COMMAND as a shell would, but never by name in a workspace, follows its symlinks and `#!` lines, and says what of
 * the host must be shown for it (design.md, decision 1). A file in a workspace is not trusted to choose what is
 * shown: where it leads to something that is not a known tool, that has to be asked for with `--tool`. Throws
 * `command-not-found` with the hidden path and the flag that shows it, and `not-executable`.
 */
export function findProgram(name: string, at: FindProgramOptions): FoundProgram {
  const needs: Needs = { prefixes: new Set(), pathEntries: new Set(), env: {} };
  const found = showProgram(locateProgram(name, at), { at, needs, depth: 0 });
  return {
    path: found,
    prefixes: [...needs.prefixes],
    pathEntries: [...needs.pathEntries],
    env: needs.env,
  };
}

interface Visit {
  readonly at: FindProgramOptions;
  readonly needs: Needs;
  readonly depth: number;
}

/** Gathers what `named` needs; returns the name by which it can be executed inside. */
function showProgram(named: string, visit: Visit): string {
  const { at, needs, depth } = visit;
  const hops = readChain(named);
  const last = hops.at(-1);
  if (last === undefined || depth > MOST_INTERPRETERS)
    throw new SandboxError("not-executable", `${named}: too many interpreters`);
  const trusted = !isMounted(named, at.workspaces);
  const shown = showChain(hops, { at, needs, trusted });
  if (!isSystemPath(shown) && !isMounted(shown, at.workspaces))
    needs.pathEntries.add(path.dirname(shown));
  const interpreter = readShebang(last.path);
  if (interpreter?.kind === "name") {
    const file = locateProgram(interpreter.name, at);
    showProgram(file, { at, needs, depth: depth + 1 });
  } else if (interpreter !== undefined) showInterpreter(interpreter.path, { visit, of: last.path });
  return shown;
}

/** The kernel takes the interpreter by the very path of the `#!` line: that name itself must be there inside. */
function showInterpreter(file: string, script: { visit: Visit; of: string }): void {
  const { at, needs, depth } = script.visit;
  if (!existsSync(file))
    throw new SandboxError(
      "command-not-found",
      `${script.of}: its interpreter ${file} is not there`,
    );
  const [first] = readChain(file);
  if (isMounted(script.of, at.workspaces)) requireKnown(file, at);
  const shown = showProgram(file, { at, needs, depth: depth + 1 });
  if (shown !== first?.path || !isThere(file, { at, needs })) throw toHidden(script.of, file, at);
}

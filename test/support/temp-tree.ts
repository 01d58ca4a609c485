import { spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { removeTree } from "../../src/host/remove-tree.js";

/**
 * A tree as lines, one a path, parents made as needed:
 * `d/` a directory, `f=text` a file, `l->target` a symbolic link, `p|` a FIFO; `@mode` in octal before the
 * sign, as in `d@700/` or `run@755=#!/bin/sh`.
 */
export type TreeLines = readonly string[];

const LINE = /^(?<name>[^@=|>]*?)(?:@(?<mode>[0-7]+))?(?<sign>\/$|=|->|\|$)(?<rest>[\s\S]*)$/;

/** A directory of its own below the system's temporary one. Disposing of it removes it whatever it holds. */
export interface TempDir extends Disposable {
  readonly path: string;
}

/** Opens a temporary directory, mode 0755. */
export function openTempDir(): TempDir {
  const dir = mkdtempSync(path.join(tmpdir(), "sbx-tree-"));
  chmodSync(dir, 0o755);
  return { path: dir, [Symbol.dispose]: () => removeTree(dir) };
}

/** Makes what `lines` say below `root`, which is made too. */
export function makeTree(root: string, lines: TreeLines): void {
  mkdirSync(root, { recursive: true });
  for (const line of lines) makeLine(root, line);
}

/** The tree below `root` as lines in order; modes that are not 644 and 755 are said. */
export function readTree(root: string): TreeLines {
  const names = readdirSync(root, { recursive: true, encoding: "utf8" });
  return names.sort().map((name) => toLine(root, name));
}

function makeLine(root: string, line: string): void {
  const { name = "", mode, sign, rest = "" } = LINE.exec(line)?.groups ?? {};
  if (name === "") throw new Error(`not a line of a tree: ${line}`);
  const full = path.join(root, name);
  mkdirSync(path.dirname(full), { recursive: true });
  if (sign === "/") mkdirSync(full, { recursive: true });
  if (sign === "=") writeFileSync(full, rest);
  if (sign === "->") symlinkSync(rest, full);
  if (sign === "|") spawnSync("mkfifo", [full]);
  if (mode !== undefined) chmodSync(full, Number.parseInt(mode, 8));
}

function toLine(root: string, name: string): string {
  const full = path.join(root, name);
  const stats = lstatSync(full);
  const mode = stats.mode & 0o7777;
  if (stats.isSymbolicLink()) return `${name}->${readlinkSync(full)}`;
  if (stats.isDirectory()) return `${name}${toMode(mode, 0o755)}/`;
  if (stats.isFile()) return `${name}${toMode(mode, 0o644)}=${readFileSync(full, "latin1")}`;
  return `${name}${toMode(mode, 0o644)}|`;
}

function toMode(mode: number, usual: number): string {
  return mode === usual ? "" : `@${mode.toString(8)}`;
}

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** What a dynamically linked program needs to run where there is nothing else. */
export interface Libraries {
  readonly loader: string;
  readonly libraries: readonly string[];
}

/**
 * The loader of `program` and the libraries that it finds for it on this host (ld.so(8), `--list`). Throws where the
 * program is not linked dynamically.
 */
export function listLibraries(program: string): Libraries {
  const loader = readInterpreter(readFileSync(program));
  if (loader === undefined) throw new Error(`${program} names no loader`);
  const { status, stdout } = spawnSync(loader, ["--list", program], {
    encoding: "utf8",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
  });
  if (status !== 0) throw new Error(`${loader} --list ${program} fails`);
  const libraries = stdout.split("\n").flatMap((line) => /=> (\/\S+)/.exec(line)?.[1] ?? []);
  return { loader, libraries: libraries.filter((file) => file !== loader) };
}

const PT_INTERP = 3;

/** `PT_INTERP` of a 64-bit little-endian ELF file (elf(5)). */
function readInterpreter(file: Buffer): string | undefined {
  const table = Number(file.readBigUInt64LE(32));
  const size = file.readUInt16LE(54);
  const count = file.readUInt16LE(56);
  for (let at = table; at < table + size * count; at += size) {
    if (file.readUInt32LE(at) !== PT_INTERP) continue;
    const from = Number(file.readBigUInt64LE(at + 8));
    const length = Number(file.readBigUInt64LE(at + 32));
    return file.toString("latin1", from, from + length - 1);
  }
  return undefined;
}

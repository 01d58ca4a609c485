import path from "node:path";
import type { Ran } from "./verdict.js";

/** A program to run under a key. */
export interface Entry {
  readonly key: string;
  readonly argv: readonly string[];
}

/** Where a script finds the programs, and where it may make a mess. */
export interface ScriptPlace {
  readonly programs: string;
  readonly names: readonly string[];
  readonly play: string;
  /** Seconds that one program may take. */
  readonly patience: number;
  /** Programs keep the script's standard input: a terminal. */
  readonly keepInput: boolean;
}

/** A shell script that runs one program after the other and says which output is whose. */
export function toScript(entries: readonly Entry[], place: ScriptPlace): string {
  const lines = entries.map(({ key, argv }) => {
    const words = argv.map((word) => quote(toWord(word, place))).join(" ");
    const input = place.keepInput ? "" : " </dev/null";
    const foreground = place.keepInput ? "--foreground " : "";
    return `printf '\\n@@ begin ${key}\\n'; timeout ${foreground}-k 1 ${place.patience} ${words} 2>&1${input}; printf '\\n@@ end ${key} %s\\n' $?`;
  });
  const head = [
    "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "export PATH",
    `mkdir -p ${quote(place.play)} && cd ${quote(place.play)} || exit 3`,
  ];
  return `${[...head, ...lines].join("\n")}\n`;
}

/** What each program of a script did, by its key. */
export function readScript(output: string): ReadonlyMap<string, Ran> {
  const text = output.replaceAll("\r\n", "\n");
  const parts = text.matchAll(
    /^@@ begin (?<key>\S+)\n(?<stdout>[\s\S]*?)^@@ end \k<key> (?<code>\d+)$/gm,
  );
  return new Map(
    [...parts].map(({ groups }) => [
      groups?.["key"] ?? "",
      { stdout: groups?.["stdout"] ?? "", code: Number(groups?.["code"]) },
    ]),
  );
}

/** `@name`, and a bare name of ours, is a program of ours. */
function toWord(word: string, { names, programs }: ScriptPlace): string {
  const name = word.startsWith("@") ? word.slice(1) : word;
  return names.includes(name) ? path.join(programs, name) : word;
}

/** A word of a shell. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

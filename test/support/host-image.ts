import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openTempDir } from "./temp-tree.js";

/** Before what lies in them: the directories that /bin and its like are links to, and those that no file makes. */
const FIRST =
  "/usr /usr/bin /usr/sbin /usr/lib /usr/lib64 /bin /sbin /lib /lib64 /etc /tmp /root /home /var".split(
    " ",
  );

/** Directories whose content no test needs. */
const LEFT_OUT = /^\/usr\/share\/(doc|man|locale|info|lintian|bug|bash-completion)(\/|$)/;

/**
 * Writes a tar of `directories`, whole, and of a small Debian made of `packages`, which are installed here, and what they depend on: what `docker import` takes where there is no
 * registry, in seconds (mmdebstrap needs a minute for the same).
 */
export function writeHostImage(
  file: string,
  { packages, directories }: { packages: readonly string[]; directories: readonly string[] },
): void {
  using temp = openTempDir();
  const listed = [
    ...toClosure(packages).flatMap((name) => read(["dpkg-query", "-L", name])),
    ...directories.flatMap((name) =>
      readdirSync(name, { recursive: true, encoding: "utf8" }).map((file) => `${name}/${file}`),
    ),
  ];
  const files = [...new Set(listed)].filter((name) => !LEFT_OUT.test(name) && isFile(name));
  const first = FIRST.filter((name) => existsSync(name));
  const list = path.join(temp.path, "list");
  writeFileSync(list, [...new Set([...first, ...files])].map((name) => `.${name}\n`).join(""));
  // Other tests make users meanwhile: `./etc` changes, and tar says so by 1.
  for (let tries = 1; ; tries++) {
    const made = spawnSync("tar", ["-C", "/", "-c", "-f", file, "--no-recursion", "-T", list]);
    if (made.status === 0) return;
    const said = made.stderr.toString();
    if (tries === 10 || !said.includes("changed as we read it")) throw new Error(`tar: ${said}`);
  }
}

/** Directories are made on the way; packages list them all. */
function isFile(name: string): boolean {
  const found = lstatSync(name, { throwIfNoEntry: false });
  return found !== undefined && !found.isDirectory();
}

/** The packages and all they depend on, as far as these are installed. */
function toClosure(packages: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const pending = [...packages];
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (seen.has(name)) continue;
    const fields = read(["dpkg-query", "-W", "-f", FIELDS, name]);
    if (!fields[0]?.includes("ok installed")) continue;
    seen.add(name);
    pending.push(...fields.slice(1).flatMap(toNames));
  }
  return [...seen];
}

const FIELDS = ["Status", "Pre-Depends", "Depends"]
  .map((name) => `$`.concat(`{${name}}\n`))
  .join("");

/** `a (>= 1), b:any | c` → a, b, c. */
function toNames(relation: string): readonly string[] {
  return relation
    .split(/[|,]/)
    .map((part) =>
      part
        .replace(/\(.*\)/, "")
        .replace(/:any/, "")
        .trim(),
    )
    .filter((name) => name !== "");
}

/** Lines of a command's output; none where it fails. */
function read([program = "", ...args]: readonly string[]): readonly string[] {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 26 });
  return status === 0 ? stdout.split("\n").filter((line) => line !== "") : [];
}

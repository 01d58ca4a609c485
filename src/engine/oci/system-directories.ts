import { readdirSync, readlinkSync } from "node:fs";

/** A directory of the host's system that every task may read, or a link to one. */
export interface SystemDirectory {
  readonly path: string;
  /** Text of the symbolic link, where it is one. */
  readonly link?: string;
}

/** `/usr`, `/opt` and what programs and libraries lie in beside them, as this host has them. */
export function readSystemDirectories(): readonly SystemDirectory[] {
  return readdirSync("/", { withFileTypes: true })
    .filter(({ name }) => /^(usr|opt|bin|sbin|lib\w*|nix|snap)$/.test(name))
    .flatMap((entry) => {
      const path = `/${entry.name}`;
      if (entry.isSymbolicLink()) return [{ path, link: readlinkSync(path) }];
      return entry.isDirectory() ? [{ path }] : [];
    });
}

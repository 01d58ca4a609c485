import path from "node:path";
import { isInside } from "../core/system-path.js";

/** A tool's own directory, known by where its installer puts it. */
export interface ToolRoot {
  readonly root: string;
  /** Variables the tool needs to find that directory: HOME inside is another one. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Below a home: the directory that one tool, or one version of it, is installed in. Such directories hold programs and
 * nothing personal. The first that matches counts. `env` names the variable for the directory `envRoot`.
 */
const KNOWN: readonly { readonly root: RegExp; readonly env?: string }[] = [
  { root: /^\.nvm\/versions\/[^/]+\/[^/]+/ },
  { root: /^(?:\.fnm|\.local\/share\/fnm)\/node-versions\/[^/]+/ },
  { root: /^\.volta/, env: "VOLTA_HOME" },
  { root: /^\.(?:py|rb|nod|go|j|pl|php)env\/versions\/[^/]+/ },
  { root: /^\.pyenv/, env: "PYENV_ROOT" },
  { root: /^\.rbenv/, env: "RBENV_ROOT" },
  { root: /^\.nodenv/, env: "NODENV_ROOT" },
  { root: /^\.goenv/, env: "GOENV_ROOT" },
  { root: /^\.asdf\/installs\/[^/]+\/[^/]+/ },
  { root: /^\.asdf/, env: "ASDF_DATA_DIR" },
  { root: /^\.local\/share\/mise\/installs\/[^/]+\/[^/]+/ },
  { root: /^\.local\/share\/mise/, env: "MISE_DATA_DIR" },
  { root: /^\.local\/share\/uv\/(?:python|tools)\/[^/]+/ },
  { root: /^(?:\.local\/share|\.local)\/pipx/ },
  { root: /^\.local\/share\/pnpm/ },
  { root: /^\.cargo\/bin/ },
  { root: /^\.rustup\/toolchains\/[^/]+/ },
  { root: /^\.rustup/, env: "RUSTUP_HOME" },
  { root: /^\.sdkman\/candidates\/[^/]+\/[^/]+/ },
  { root: /^\.bun/ },
  { root: /^\.deno\/bin/ },
  { root: /^\.linuxbrew/ },
  { root: /^go\/bin/ },
];

/** The known tool that `file` belongs to, in any home. The root is a directory above `file`, never `file` itself. */
export function findToolRoot(file: string, home: string): ToolRoot | undefined {
  const base = homeOf(file, home);
  if (base === undefined) return undefined;
  const relative = file.slice(base.length + 1);
  for (const { root, env } of KNOWN) {
    const [match] = root.exec(relative) ?? [];
    if (match === undefined || !relative.startsWith(`${match}/`)) continue;
    const directory = path.join(base, match);
    return { root: directory, env: env === undefined ? {} : { [env]: directory } };
  }
  return undefined;
}

/** The home directory that `file` lies in: the person's, root's, or another user's; not the home itself. */
export function homeOf(file: string, home: string): string | undefined {
  if (file !== home && home !== "/" && isInside(file, home)) return home;
  return /^(?:\/root|\/home\/[^/]+)(?=\/)/.exec(file)?.[0];
}

import path from "node:path";
import {
  type FindProgramOptions,
  type FoundProgram,
  findProgram,
} from "../../src/host/find-program.js";
import { makeTree, openTempDir, type TempDir, type TreeLines } from "./temp-tree.js";

/** A home with tools in it, a workspace and other places, below one temporary directory. */
export interface FakeHost extends Disposable {
  readonly home: string;
  readonly root: string;
  find(name: string, on?: Partial<FindProgramOptions>): FoundProgram;
}

/** What a program that is no script begins with. */
export const ELF = "\u007fELF";
/** Where nvm has its node, below the home. */
export const NVM = ".nvm/versions/node/v20.1.0";
const tree: TreeLines = [
  // nvm: node, npm and a global package
  `home/${NVM}/bin/node@755=${ELF}`,
  `home/${NVM}/lib/node_modules/npm/cli.js@755=#!/usr/bin/env node\n`,
  `home/${NVM}/bin/npm->../lib/node_modules/npm/cli.js`,
  // pyenv
  "home/.pyenv/shims/python@755=#!/usr/bin/env bash\nexec pyenv\n",
  `home/.pyenv/versions/3.12/bin/python3.12@755=${ELF}`,
  "home/.pyenv/versions/3.12/bin/black@755=#!HOME/.pyenv/versions/3.12/bin/python3.12\n",
  // a tool of its own below ~/.local/share, with a link in ~/.local/bin
  `home/.local/share/claude/versions/1.2.3@755=${ELF}`,
  "home/.local/bin/claude->../share/claude/versions/1.2.3",
  "home/.local/bin/script@755=#!/bin/sh\n",
  // pipx and uv
  "home/.local/share/pipx/venvs/tool/pyvenv.cfg=",
  "home/.local/share/pipx/venvs/tool/bin/python->/usr/bin/env",
  "home/.local/share/pipx/venvs/tool/bin/tool@755=#!HOME/.local/share/pipx/venvs/tool/bin/python\n",
  "home/.local/bin/tool->HOME/.local/share/pipx/venvs/tool/bin/tool",
  "home/.local/share/uv/credentials=secret",
  `home/.local/share/uv/python/cpython-3.12/bin/python3@755=${ELF}`,
  // npm with a prefix of its own
  "home/.npm-global/lib/node_modules/scope/agent/dist/cli.js@755=#!/usr/bin/env node\n",
  "home/.npm-global/bin/agent->../lib/node_modules/scope/agent/dist/cli.js",
  // a person's files with credentials around
  "home/.ssh/id_ed25519=secret",
  "home/.netrc=secret",
  `home/.config/app/bin/app@755=${ELF}`,
  `home/.docker/cli-plugins/plug@755=${ELF}`,
  `home/loose@755=${ELF}`,
  `home/Downloads/loose@755=${ELF}`,
  "home/Downloads/letter.txt=private",
  `home/bin/mine@755=${ELF}`,
  `home/work/bin/mine2@755=${ELF}`,
  `home/work/secret.txt=`,
  `home/leaky/bin/run@755=${ELF}`,
  "home/leaky/lib/",
  "home/leaky/.env=secret",
  `home/conda/bin/conda@755=${ELF}`,
  "home/conda/lib/",
  "home/apps/pkg/package.json={}",
  "home/apps/pkg/src/main.js@755=#!/usr/bin/env node\n",
  // beside any home
  `srv/tool/bin/x@755=${ELF}`,
  "srv/tool/lib/",
  "plain@644=text",
  // a workspace
  "ws/local.sh@755=#!/bin/sh\n",
  "ws/app.js@755=#!/usr/bin/env node\n",
  "ws/node_modules/.bin/npm@755=#!/bin/sh\n",
  "ws/steal->HOME/work/bin/mine2",
  "ws/steal-by-interpreter@755=#!HOME/work/bin/mine2\n",
  "ws/.venv/bin/python->HOME/.local/share/uv/python/cpython-3.12/bin/python3",
  "ws/.venv/bin/pytest@755=#!ROOT/ws/.venv/bin/python\n",
  "ws/dangling->nowhere",
];

/** Opens the fake host; its home and its `ws` are the person's and the workspace. */
export function openHost(): FakeHost {
  const dir: TempDir = openTempDir();
  const home = path.join(dir.path, "home");
  makeTree(
    dir.path,
    tree.map((line) => line.replaceAll("HOME", home).replaceAll("ROOT", dir.path)),
  );
  const at: FindProgramOptions = {
    path: [
      ...[`${home}/${NVM}/bin`, `${home}/.pyenv/shims`, `${home}/.local/bin`, `${home}/.cargo/bin`],
      ...[`${home}/.npm-global/bin`, `${home}/bin`, "/usr/bin", "/bin"],
    ].join(":"),
    cwd: path.join(dir.path, "ws"),
    workspaces: [path.join(dir.path, "ws")],
    home,
  };
  return {
    home,
    root: dir.path,
    find: (name, on = {}) => findProgram(name, { ...at, ...on }),
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

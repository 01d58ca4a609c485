import path from "node:path";
import type { Attack, Control, ToArgv } from "./attack.js";
import { quiet } from "./scenes.js";

const onHost: readonly [Control] = [{ on: "host" }];

function attack(row: 23 | 24 | 26, id: string, title: string, argv: ToArgv): Attack {
  return { id, row, title, argv, controls: onHost, scene: quiet };
}

/** Files of the person's home that hold secrets by custom; each is planted. */
export const HOME_SECRETS = [
  ".ssh/id_ed25519",
  ".aws/credentials",
  ".config/gh/hosts.yml",
  ".docker/config.json",
  ".kube/config",
  ".gnupg/private-keys-v1.d/key",
  ".netrc",
  ".npmrc",
  ".git-credentials",
  ".bash_history",
] as const;

/** Variables of the person's shell that no task was promised. */
export const LEAKS = [
  "ESCAPE_TOKEN",
  "AWS_SECRET_ACCESS_KEY",
  "GITHUB_TOKEN",
  "SSH_AUTH_SOCK",
] as const;

const environment: ToArgv = () => [
  "sh",
  "-c",
  'found=$(env | cut -d= -f1 | grep -xE "$1"); [ -n "$found" ] && echo reached: $found || echo held: none of them',
  "sh",
  LEAKS.join("|"),
];

const roundAbout =
  'cd "$1"; ln .env hard; mv keys moved; cp -r . /tmp/copy; ln -s .env soft; for f in hard soft moved/id /tmp/copy/.env /tmp/copy/keys/id /proc/self/cwd/.env keys/../.env; do "$2" read "$f"; done 2>/dev/null';

/** What a person would not hand out. */
const secrets: readonly Attack[] = [
  ...HOME_SECRETS.map((file) =>
    attack(23, `home-${file.split("/")[0]?.slice(1)}`, `read ~/${file}`, ({ home }) => [
      "files",
      "read",
      path.join(home, file),
    ]),
  ),
  attack(23, "environment", "read variables that were not named", environment),
  ...[".env", "keys/id"].map((file) =>
    attack(
      23,
      `hidden-${path.basename(file)}`,
      `read ${file} of the workspace, given as --hide`,
      ({ project }) => ["files", "read", path.join(project, file)],
    ),
  ),
  {
    ...attack(
      23,
      "hidden-round-about",
      "read a hidden file by links, renames and copies",
      ({ project }) => ["sh", "-c", roundAbout, "sh", project, "@files"],
    ),
    controls: [
      {
        on: "inside",
        argv: () => [
          "sh",
          "-c",
          `mkdir -p decoy/keys; for f in decoy/.env decoy/keys/id; do echo sandbox-escape""-secret >$f; done; set -- "$PWD/decoy" "$1"; ${roundAbout}`,
          "sh",
          "@files",
        ],
      },
    ],
  },
  {
    ...attack(23, "search", "search all directories for a secret, in Python", ({ home }) => [
      "python3",
      "@walk.py",
      "/",
      home,
    ]),
    controls: [{ on: "host", argv: ({ home }) => ["python3", "@walk.py", home] }],
  },
  attack(23, "other-session", "read another session's log and layers", ({ otherSession }) => [
    "sh",
    "-c",
    'for f in "$1"/output.log $(find "$1" -name note); do "$2" read "$f"; done; echo held: none',
    "sh",
    otherSession,
    "@files",
  ]),
];

/** What decides and records. */
const controller: readonly Attack[] = [
  attack(24, "state-read", "read the controller's state directory", ({ stateHome }) => [
    "sh",
    "-c",
    'n=$(ls -A "$1/sessions" | wc -l); [ "$n" -gt 0 ] && echo reached: "$n sessions" || echo held: not there',
    "sh",
    stateHome,
  ]),
  {
    ...attack(
      24,
      "state-write",
      "write into the controller's state directory",
      ({ stateHome, key }) => ["files", "write", path.join(stateHome, "sessions", key)],
    ),
  },
  attack(24, "own-layers", "find the layers of this very run", ({ stateHome }) => [
    "sh",
    "-c",
    'd=$(find "$1" -path "*/layers/*" 2>/dev/null | head -1); [ -n "$d" ] && echo reached: "$d" || echo held: no layers',
    "sh",
    stateHome,
  ]),
  {
    ...attack(
      24,
      "layers-named",
      "read in the mount table where the layers lie",
      ({ stateHome }) => [
        "sh",
        "-c",
        'grep -qF "$1" /proc/self/mountinfo && echo reached: named || echo held: not named',
        "sh",
        stateHome,
      ],
    ),
    controls: [
      {
        on: "inside",
        argv: () => [
          "sh",
          "-c",
          'grep -qF "$1" /proc/self/mountinfo && echo reached: named || echo held: not named',
          "sh",
          " /proc ",
        ],
      },
    ],
  },
  attack(24, "host-ports", "reach any listening port of the host", ({ holder, addresses }) => [
    "reach",
    "connect-tcp",
    ...addresses.flatMap((address) => [address, holder.port]),
  ]),
];

/** What a workspace may say about its own sandbox: nothing. */
const policy: readonly Attack[] = [
  {
    ...attack(
      26,
      "project-file",
      "be given what a file of the project asks for (.sandbox.yaml)",
      environment,
    ),
    look: ({ widened }) => widened,
  },
  ...(["bin", "node_modules/.bin"] as const).map(
    (folder): Attack => ({
      ...attack(
        26,
        `helpers-${folder === "bin" ? "path" : "npm"}`,
        `be run outside as a helper program, from ${folder} on the PATH`,
        () => ["sh", "-c", "echo held: planted"],
      ),
      look: ({ wasRun }) => wasRun(folder),
      controls: [{ on: "host", argv: ({ project }) => [path.join(project, folder, "perl")] }],
    }),
  ),
  {
    ...attack(
      26,
      "workspace-env",
      "be loaded outside by NODE_OPTIONS in the workspace's .env",
      () => ["sh", "-c", "echo held: planted"],
    ),
    look: ({ wasRun }) => wasRun("evil"),
    controls: [
      {
        on: "host",
        argv: ({ project }) => [
          "node",
          "--require",
          path.join(project, "evil/load.cjs"),
          "-e",
          "0",
        ],
      },
    ],
  },
];

export const secretAttacks: readonly Attack[] = [...secrets, ...controller, ...policy];

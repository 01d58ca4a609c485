import { spawnSync } from "node:child_process";

/** First line of what `program --version` prints; undefined where it does not run. */
export function readProgramVersion(program: string): string | undefined {
  const { status, stdout } = spawnSync(program, ["--version"], {
    encoding: "utf8",
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 10_000,
  });
  return status === 0 ? stdout.split("\n")[0]?.trim() : undefined;
}

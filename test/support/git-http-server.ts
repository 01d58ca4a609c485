import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** What one request was, with the credentials it came with, `USER:PASSWORD`. */
interface SeenGitRequest {
  readonly method: string;
  readonly url: string;
  readonly said: string;
}

/** A git server over HTTP, in a process of its own, with one repository `team/repo.git` of one commit. */
export interface GitHttpServer extends Disposable {
  readonly port: number;
  seen(): readonly SeenGitRequest[];
  /** What the repository's branch `main` has as subjects, newest first. */
  subjects(): readonly string[];
}

/** Makes a bare repository with one commit on `main`, which holds `file`. */
export function makeBareRepository(directory: string): void {
  const git = (...args: readonly string[]): void =>
    void execFileSync("git", args, { stdio: "ignore", env: { ...process.env, ...NOBODY } });
  const work = `${directory}.work`;
  git("init", "-q", "-b", "main", work);
  writeFileSync(path.join(work, "file"), "from the server\n");
  git("-C", work, "add", "file");
  git("-C", work, "commit", "-q", "-m", "first");
  git("clone", "-q", "--bare", work, directory);
  git("-C", directory, "config", "http.receivepack", "true");
  rmSync(work, { recursive: true });
}

const NOBODY = {
  ...{ GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@example.com" },
  ...{
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@example.com",
    GIT_CONFIG_GLOBAL: "/dev/null",
  },
};

/** The subjects of what is on `main` there, newest first. */
export function readSubjects(directory: string): readonly string[] {
  const args = ["-c", "safe.directory=*", "-C", directory, "log", "--format=%s", "main"];
  return execFileSync("git", args, { encoding: "utf8" }).trim().split("\n");
}

/** Starts one on loopback for those who say `credentials`; with `tls` (key and certificate, as PEM) it speaks that. */
export async function openGitHttpServer(
  credentials: string,
  tls?: { readonly key: string; readonly cert: string },
): Promise<GitHttpServer> {
  const dir = mkdtempSync(path.join(tmpdir(), "sbx-git-http-"));
  const repository = path.join(dir, "team", "repo.git");
  makeBareRepository(repository);
  const [file, pem] = [path.join(dir, "seen"), path.join(dir, "tls.pem")];
  if (tls !== undefined) writeFileSync(pem, `${tls.key}\n${tls.cert}`);
  const fd = openSync(file, "w");
  const script = fileURLToPath(new URL("./git-http-child.js", import.meta.url));
  const words = [script, dir, credentials, ...(tls === undefined ? [] : [pem])];
  const child = spawn(process.execPath, words, { stdio: ["ignore", fd, "inherit"] });
  closeSync(fd);
  const lines = (): readonly string[] => readFileSync(file, "utf8").split("\n").slice(0, -1);
  while (lines().length === 0 && child.exitCode === null) await delay(10);
  return {
    port: Number(lines()[0]),
    seen: () =>
      lines()
        .slice(1)
        .map((line) => JSON.parse(line) as SeenGitRequest),
    subjects: () => readSubjects(repository),
    [Symbol.dispose]: () => {
      child.kill("SIGKILL");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { Person } from "../support/person.js";
import type { Programs } from "./compile-programs.js";
import { type Ground, SECRET } from "./ground.js";
import { plantGround, removeGround } from "./plant-ground.js";

/** The ground of one column, but for what single attacks are given. Disposing of it removes all of it. */
export interface OpenGround extends AsyncDisposable {
  readonly ground: Omit<Ground, "drop" | "otherSession" | "readChanges" | "widened">;
}

/** Plants what attacks look for, and starts the host's side of the live things. */
export async function openGround(person: Person, programs: Programs): Promise<OpenGround> {
  const key = `${process.pid}-${person.uid}-${Date.now() % 100_000}`;
  const planted = plantGround(person, programs, key);
  const { project, shared, tool, system, sockets } = planted;
  const places = [shared, tool, project, ...(system === undefined ? [] : [system])];
  const shmKey = `0x${(0x5b000000 + (Date.now() % 0xffffff)).toString(16)}`;
  const paths = [
    ...places.flatMap((place) => [path.join(place, "live.sock"), path.join(place, "live.fifo")]),
    ...sockets,
  ];
  const argv = [path.join(project, ".escape/reach"), "hold", shmKey, `${SECRET}-held`, ...paths];
  const { argv: words } = person.command([]);
  const [file = "", ...rest] = [...words.slice(0, words.indexOf(process.execPath)), ...argv];
  const holder = spawn(file, rest, { cwd: "/", stdio: ["pipe", "pipe", "inherit"] });
  const [pid = "", port = ""] = await readReady(holder);
  return {
    ground: { ...planted, holder: { pid, port, key: shmKey } },
    [Symbol.asyncDispose]: async () => {
      const gone = once(holder, "exit");
      holder.stdin.end();
      await gone;
      removeGround(planted);
    },
  };
}

async function readReady(holder: ChildProcess): Promise<readonly string[]> {
  let said = "";
  for await (const chunk of holder.stdout ?? []) {
    said += String(chunk);
    const ready = /^ready (\d+) (\d+)$/m.exec(said);
    if (ready !== null) return ready.slice(1);
  }
  throw new Error(`the host's side did not start: ${said}`);
}

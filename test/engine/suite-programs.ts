import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { openEngineCase } from "../support/engine-case.js";
import { type CaseTest, plainTest } from "./case-test.js";
import { lazily, runTogether } from "./run-together.js";

/** Real programs that must work under the filter. Name → script and what it must print. */
const PROGRAMS: Readonly<
  Record<string, readonly [program: string, script: string, prints: RegExp]>
> = {
  "Node, with workers and child processes": [
    "node",
    `node -e 'const {Worker,isMainThread}=require("worker_threads");new Worker("require(\\"worker_threads\\").parentPort.postMessage(require(\\"child_process\\").execSync(\\"echo child\\").toString())",{eval:true}).on("message",m=>console.log("worker "+m))'`,
    /worker child/,
  ],
  npm: ["npm", "npm --version", /^\d+\./],
  "Python, with threads and subprocesses": [
    "python3",
    `python3 -c 'import threading,subprocess,multiprocessing; t=threading.Thread(target=print,args=("thread",)); t.start(); t.join(); print(subprocess.check_output(["echo","sub"]).decode()); print(multiprocessing.Pool(2).map(abs,[-1,-2]))'`,
    /thread\nsub\n\n\[1, 2\]/,
  ],
  git: [
    "git",
    "git init -q r && cd r && git config user.email a@b && git config user.name n && echo x >f && git add f && git commit -qm first && git log --oneline && git status --short && git clone -q . ../c && cd ../c && echo *",
    /first\nf\n/,
  ],
  gcc: [
    "gcc",
    `printf '#include <stdio.h>\\nint main(){puts("compiled");}' >m.c && gcc -O1 m.c -o m && ./m`,
    /^compiled/,
  ],
  "bash job control": [
    "bash",
    `bash -c 'set -m; sleep 0.1 & jobs; wait; echo done | cat; diff <(echo a) <(echo a) && echo same'`,
    /sleep 0.1[\s\S]*done\nsame/,
  ],
  make: ["make", "printf 'all: a b\\na b:\\n\\t@echo $@\\n' >Makefile && make -j4 | sort", /^a\nb/],
  SQLite: [
    "python3",
    `python3 -c 'import sqlite3; c=sqlite3.connect("d.db"); print(c.execute("pragma journal_mode=wal").fetchone()); c.execute("create table t(x)"); c.commit(); print("rows", c.execute("select count(*) from t").fetchone())'`,
    /wal[\s\S]*rows \(0,\)/,
  ],
  Go: [
    "go",
    `export HOME=/tmp GOFLAGS=-mod=mod GOCACHE=/tmp/gc; printf 'package main\\nimport "fmt"\\nfunc main(){ c:=make(chan int); go func(){c<-1}(); fmt.Println("go", <-c) }' >m.go && go run m.go`,
    /go 1/,
  ],
  Java: [
    "javac",
    `printf 'class M{public static void main(String[] a)throws Exception{Thread t=new Thread(()->System.out.println("java"));t.start();t.join();}}' >M.java && javac M.java && java M`,
    /java/,
  ],
};

/** Programs of all kinds work, in one sandbox. */
export function describePrograms(
  name: string,
  makeEngine: () => Engine,
  test: CaseTest = plainTest,
): void {
  describe(`${name}: programs`, () => {
    const installed = Object.entries(PROGRAMS).filter(([, [program]]) => isInstalled(program));
    const runAll = lazily(async () => {
      using one = openEngineCase(makeEngine());
      const scripts = installed.map(([title, [program, script]], index) => [
        title,
        `mkdir ${program}-${index} && cd ${program}-${index}\n${script}\necho "exit $?"`,
      ]);
      const limits = { timeoutMs: 400_000 };
      return await runTogether(one, Object.fromEntries(scripts), { spec: { limits } });
    });
    for (const [title, [program, , prints]] of Object.entries(PROGRAMS))
      test(title, {
        skip: installed.some(([one]) => one === title)
          ? false
          : `${program} is not installed in /usr`,
      }, async () => {
        const { stdout = "", stderr = "" } = (await runAll())[title] ?? {};
        assert.match(stdout, prints, stderr);
        assert.match(stdout, /exit 0\n$/, stderr);
      });
  });
}

function isInstalled(program: string): boolean {
  const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };
  const found = spawnSync("sh", ["-c", `readlink -f "$(command -v ${program})"`], {
    env,
    encoding: "utf8",
  });
  return /^\/(usr|bin|opt)\//.test(found.stdout);
}

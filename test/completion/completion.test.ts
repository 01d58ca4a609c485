import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { CompletionShell } from "../../src/cli/completion/completion-table.js";
import { renderCompletion } from "../../src/cli/completion/render-completion.js";
import { tableOf } from "./table.js";

const ENV = { PATH: "/usr/bin:/bin", HOME: "/nonexistent", TERM: "xterm" };

interface Place {
  readonly directory: string;
  readonly script: string;
}

/** A directory with the script, a program that lists ids, some of them hostile, and a few files. */
function prepare(t: TestContext, shell: CompletionShell): Place {
  const directory = mkdtempSync(path.join(tmpdir(), "sandbox-completion-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const executable = path.join(directory, "it's a program");
  writeFileSync(
    executable,
    `#!/bin/sh
case "$2" in
sessions) printf '%s\\t%s\\n' s-aaaaaaaaaa 'pending: make' s-bbbbbbbbbb 'running: x'; printf '$(touch pwned)\\t\`touch pwned\`\\n' ;;
commits) printf 'c-cccccccccc\\tof s-aaaaaaaaaa\\n' ;;
esac
`,
  );
  chmodSync(executable, 0o755);
  mkdirSync(path.join(directory, "a dir"));
  writeFileSync(path.join(directory, "a file"), "");
  // A program of the workspace with our name must not be run by a mere TAB.
  writeFileSync(path.join(directory, "sandbox"), "#!/bin/sh\ntouch pwned\n", { mode: 0o755 });
  const script = path.join(directory, `completion.${shell}`);
  writeFileSync(script, renderCompletion(shell, tableOf(executable)));
  return { directory, script };
}

function completeInBash(place: Place, words: readonly string[]): readonly string[] {
  const program = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _sandbox; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync("bash", ["--norc", "-c", program, "bash", place.script, ...words], {
    cwd: place.directory,
    env: ENV,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  assert.equal(existsSync(path.join(place.directory, "pwned")), false);
  return out
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}

test("bash: commands, options, values, ids, files and the task's own command", (t) => {
  const place = prepare(t, "bash");
  execFileSync("bash", ["-n", place.script]);
  const complete = (...words: string[]) => completeInBash(place, ["sandbox", ...words]);
  assert.deepEqual(complete(""), ["completion", "diff", "discard", "rollback", "run"]);
  assert.deepEqual(complete("di"), ["diff", "discard"]);
  assert.deepEqual(complete("-"), ["--help", "-h"]);
  assert.deepEqual(complete("run", "--"), ["--commit", "--dir", "--json", "--name", "--tty"]);
  assert.deepEqual(complete("run", "--commit", "a"), ["ask", "auto"]);
  assert.deepEqual(complete("run", "--commit", "=", "n"), ["never"]);
  assert.deepEqual(complete("run", "--commit", "="), ["ask", "auto", "never"]);
  assert.deepEqual(complete("run", "--dir", "a"), ["a dir"]);
  assert.deepEqual(complete("run", "--name", ""), []);
  assert.deepEqual(complete("diff", "s-a"), ["s-aaaaaaaaaa"]);
  assert.deepEqual(
    complete("diff", ""),
    ["$(touch pwned)", "latest", "s-aaaaaaaaaa", "s-bbbbbbbbbb"].sort(),
  );
  assert.deepEqual(complete("diff", "--json", "s-a"), ["s-aaaaaaaaaa"]);
  assert.deepEqual(complete("diff", "latest", "a "), ["a dir", "a file"]);
  assert.deepEqual(complete("diff", "latest", "x", "a f"), ["a file"]);
  assert.deepEqual(complete("rollback", ""), ["c-cccccccccc", "latest"]);
  assert.deepEqual(complete("completion", "z"), ["zsh"]);
  assert.ok(complete("run", "--json", "--", "bas").includes("bash"));
  assert.deepEqual(complete("run", "--", "cat", "a f"), ["a file"]);
  assert.deepEqual(complete("nonsense", ""), []);
});

test("zsh: the script parses and completes in a real line editor", {
  skip: missing("zsh"),
}, (t) => {
  const place = prepare(t, "zsh");
  execFileSync("zsh", ["-n", place.script]);
  const cases: readonly (readonly [string, RegExp])[] = [
    ["sandbox disc", /sandbox discard /],
    ["sandbox run --comm", /--commit=/],
    ["sandbox run --commit ne", /--commit never/],
    ["sandbox diff s-a", /sandbox diff s-aaaaaaaaaa/],
    ["sandbox rollback c-", /sandbox rollback c-cccccccccc/],
    ["sandbox diff latest a\\ f", /sandbox diff latest a\\ file/],
    ["sandbox completion f", /sandbox completion fish/],
  ];
  const made = completeInZsh(
    place,
    cases.map(([line]) => line),
  );
  for (const [index, [, completed]] of cases.entries()) assert.match(made[index] ?? "", completed);
});

/** Types each line and TAB into one interactive zsh on a pseudo-terminal and returns the lines it made. */
function completeInZsh(place: Place, lines: readonly string[]): readonly string[] {
  const program = `
zmodload zsh/zpty
zpty -b z 'PS1= zsh -f -i'
zpty -w z 'unsetopt beep; PS1=; autoload -Uz compinit; compinit -u -D; source ${place.script}'
zpty -w z 'show() { print -r -- "<<$BUFFER>>"; BUFFER=; zle accept-line }; zle -N show; bindkey "^X" show; print -r -- READY''NOW'
integer i
typeset out all
until [[ $all == *READYNOW* ]]; do zpty -r z out && all+=$out; done
for line in "$@"; do
  zpty -w -n z $line$'\\t\\x18'
  all=
  until [[ $all == *'>>'* ]]; do zpty -r z out && all+=$out; done
  print -r -- "\${\${all##*<<}%%>>*}"
done
zpty -d z
`;
  const done = spawnSync("zsh", ["-f", "-c", program, "zsh", ...lines], {
    cwd: place.directory,
    env: { ...ENV, HOME: place.directory },
    encoding: "utf8",
    timeout: 100_000,
  });
  assert.equal(done.status, 0, done.stderr);
  assert.equal(existsSync(path.join(place.directory, "pwned")), false);
  return done.stdout.split("\n");
}

test("fish: the script parses and completes", { skip: missing("fish") }, (t) => {
  const place = prepare(t, "fish");
  execFileSync("fish", ["--no-execute", place.script], { env: { ...ENV, HOME: place.directory } });
  const complete = (line: string) => {
    const program = "source $argv[1]; complete -C $argv[2]";
    const out = execFileSync("fish", ["--no-config", "-c", program, place.script, line], {
      cwd: place.directory,
      env: { ...ENV, HOME: place.directory },
      encoding: "utf8",
    });
    assert.equal(existsSync(path.join(place.directory, "pwned")), false);
    return out
      .split("\n")
      .filter((one) => one !== "")
      .map((one) => one.split("\t")[0] ?? "")
      .sort();
  };
  assert.deepEqual(complete("sandbox di"), ["diff", "discard"]);
  assert.deepEqual(complete("sandbox run --comm"), ["--commit"]);
  assert.deepEqual(complete("sandbox run --commit a"), ["ask", "auto"]);
  assert.deepEqual(complete("sandbox diff s-"), ["s-aaaaaaaaaa", "s-bbbbbbbbbb"]);
  assert.deepEqual(complete("sandbox rollback c"), ["c-cccccccccc"]);
  assert.deepEqual(complete("sandbox completion f"), ["fish"]);
  assert.ok(complete("sandbox run -- ba").includes("bash"));
});

function missing(program: string): string | false {
  const found = ["/usr/bin", "/bin"].some((directory) => existsSync(path.join(directory, program)));
  return found ? false : `${program} is not installed`;
}

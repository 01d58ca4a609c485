import { writeFileSync } from "node:fs";
import path from "node:path";
import { type Person, openPerson } from "../support/person.js";
import type { Attack, Control, Scene } from "./attack.js";
import { type Entry, type ScriptPlace, readScript, toScript } from "./attack-script.js";
import { type Backend, openBackend } from "./backend.js";
import type { Column } from "./column.js";
import { compilePrograms, type Programs } from "./compile-programs.js";
import type { Ground } from "./ground.js";
import { openGround } from "./open-ground.js";
import { openProduct, type Product } from "./product.js";
import { runCaptured } from "./run-captured.js";
import { judgeByWord, type Ran, type Verdict } from "./verdict.js";

/** What one attack came to in one column. */
export type Cell =
  | { readonly state: "stopped" | "through" | "broken"; readonly detail: string }
  /** It says nothing here, or could not be tried. */
  | { readonly state: "not-applicable" | "untried"; readonly detail: string };

/** Runs every attack and every control of a column. */
export async function runColumn(
  column: Column,
  attacks: readonly Attack[],
): Promise<ReadonlyMap<string, Cell>> {
  using programs = compilePrograms();
  await using backend = await openBackend(column);
  using person = openPerson(column.who);
  await using open = await openGround(person, programs);
  backend.admit(person.uid, open.ground);
  const product = openProduct(person, backend, open.ground);
  const ground: Omit<Ground, "drop"> = {
    ...open.ground,
    sockets: [...open.ground.sockets, ...backend.sockets],
    widened: product.tryProjectFiles(),
    otherSession: await product.makeOtherSession(),
    readChanges: product.readChanges,
  };
  return await new ColumnRun({ column, attacks, programs, backend, person, product, ground }).run();
}

interface ColumnParts {
  readonly column: Column;
  readonly attacks: readonly Attack[];
  readonly programs: Programs;
  readonly backend: Backend;
  readonly person: Person;
  readonly product: Product;
  readonly ground: Omit<Ground, "drop">;
}

class ColumnRun {
  readonly #parts: ColumnParts;
  readonly #verdicts = new Map<string, Verdict>();
  /** Of controls that run inside. */
  readonly #inside = new Map<string, Ran>();

  constructor(parts: ColumnParts) {
    this.#parts = parts;
  }

  async run(): Promise<ReadonlyMap<string, Cell>> {
    const { attacks } = this.#parts;
    const tried = attacks.filter((attack) => this.#findObstacle(attack) === undefined);
    for (const scene of new Set(tried.map((attack) => attack.scene)))
      await this.#play(
        scene,
        tried.filter((attack) => attack.scene === scene),
      );
    for (const attack of tried) this.#look(attack);
    const controls = await this.#runControls(tried);
    return new Map(attacks.map((attack) => [attack.id, this.#toCell(attack, controls)]));
  }

  #findObstacle({ needs, notFor }: Attack): Cell | undefined {
    const { column, ground } = this.#parts;
    const reason = notFor?.(column);
    if (reason !== undefined) return { state: "not-applicable", detail: reason };
    if (needs === undefined || ground[needs] !== undefined) return undefined;
    return { state: "untried", detail: "only root can prepare it" };
  }

  /** All attacks of a scene, and then its controls that run inside, in one sandbox. */
  async #play(scene: Scene, attacks: readonly Attack[]): Promise<void> {
    const { product, ground } = this.#parts;
    const entries = [
      ...attacks.map((attack) => ({
        key: attack.id,
        argv: attack.argv(this.#groundOf(attack.id)),
      })),
      ...attacks.flatMap((attack) => this.#toControls(attack, "inside")),
    ];
    const alone = attacks.length === 1 ? attacks[0]?.judgeEnd : undefined;
    // Such an attack ends its script: its control comes first.
    const file = path.join(ground.project, ".escape", `${scene.id}.sh`);
    const script = toScript(alone === undefined ? entries : entries.toReversed(), {
      ...this.#place(scene),
      ...(alone === undefined ? {} : { patience: 120 }),
    });
    writeFileSync(file, script, { mode: 0o755 });
    const end = await product.play(scene, file);
    const ran = readScript(end.stdout);
    for (const [key, one] of ran) this.#inside.set(key, one);
    for (const attack of attacks) {
      const one = ran.get(attack.id);
      const judge = attack.judge ?? judgeByWord;
      this.#verdicts.set(
        attack.id,
        alone?.(end) ??
          (one === undefined
            ? {
                verdict: "broken",
                detail: `did not run: exit ${end.code} ${end.stderr.slice(-400)}`,
              }
            : judge(one, this.#parts.column)),
      );
    }
  }

  #look({ id, look }: Attack): void {
    const seen = look?.(this.#groundOf(id));
    if (seen !== undefined) this.#verdicts.set(id, { verdict: "through", detail: seen });
  }

  /** Those on the host, in batches by who runs them. */
  async #runControls(attacks: readonly Attack[]): Promise<ReadonlyMap<string, Ran>> {
    const { person } = this.#parts;
    const { argv } = person.command([]);
    const asPerson = argv.slice(0, argv.indexOf(process.execPath));
    const isRoot = process.getuid?.() === 0;
    const ran = new Map(this.#inside);
    const wrap = (on: Control["on"], terminal: boolean): readonly Entry[] =>
      attacks
        .filter((attack) => (attack.scene.terminal === true) === terminal)
        .flatMap((attack) => this.#toControls(attack, on))
        .map((entry) => ({ ...entry, argv: [...WRAPPERS[on], ...entry.argv] }));
    const batches = [
      {
        entries: [...wrap("host", false), ...wrap("namespace", false)],
        as: asPerson,
        terminal: false,
      },
      { entries: wrap("host", true), as: asPerson, terminal: true },
      ...(isRoot ? [{ entries: wrap("root", false), as: [], terminal: false }] : []),
    ];
    for (const { entries, as, terminal } of batches)
      for (const [key, one] of await this.#runOnHost(entries, as, terminal)) ran.set(key, one);
    return ran;
  }

  async #runOnHost(
    entries: readonly Entry[],
    as: readonly string[],
    terminal: boolean,
  ): Promise<ReadonlyMap<string, Ran>> {
    const { ground, product } = this.#parts;
    const file = path.join(ground.home, `controls-${as.length}-${terminal}.sh`);
    const place = {
      ...this.#place({ id: "", options: [] }),
      play: path.join(ground.home, `play-${as.length}`),
    };
    writeFileSync(file, toScript(entries, { ...place, keepInput: terminal }), { mode: 0o755 });
    // Whatever a control mounts stays in a mount namespace of its own.
    const guard =
      process.getuid?.() === 0 ? ["/usr/bin/unshare", "-m", "--propagation", "private"] : [];
    const argv = [...guard, ...as, "sh", file];
    const { stdout } = await runCaptured(argv, {
      ...{ cwd: ground.home, env: product.env, timeoutMs: 400_000, terminal },
    });
    return readScript(stdout);
  }

  #toControls(attack: Attack, on: Control["on"]): readonly Entry[] {
    return attack.controls.flatMap((control, index) => {
      if (control.on !== on) return [];
      const key = `${attack.id}.control-${index}`;
      return [{ key, argv: (control.argv ?? attack.argv)(this.#groundOf(key)) }];
    });
  }

  #groundOf(key: string): Ground {
    const { ground } = this.#parts;
    return { ...ground, drop: path.join(ground.home, "outside", `drop-${key}`) };
  }

  #place(scene: Scene): ScriptPlace {
    const { ground, programs } = this.#parts;
    return {
      programs: path.join(ground.project, ".escape"),
      names: programs.names,
      play: path.join(ground.project, "play"),
      patience: 40,
      keepInput: scene.terminal === true,
    };
  }

  /** An attack counts as stopped only where a control of it got through. */
  #toCell(attack: Attack, controls: ReadonlyMap<string, Ran>): Cell {
    const obstacle = this.#findObstacle(attack);
    if (obstacle !== undefined) return obstacle;
    const { verdict, detail } = this.#verdicts.get(attack.id) ?? { verdict: "broken", detail: "" };
    if (verdict !== "stopped") return { state: verdict, detail };
    const runs = attack.controls.map((_, index) => controls.get(`${attack.id}.control-${index}`));
    const judged = runs.map((ran) =>
      ran === undefined ? { verdict: "broken", detail: "not run" } : judgeByWord(ran),
    );
    if (judged.some((one) => one.verdict === "through")) return { state: "stopped", detail };
    return { state: "broken", detail: `no control got through: ${JSON.stringify(judged)}` };
  }
}

/** What a control's program runs in. */
const WRAPPERS: Readonly<Record<Control["on"], readonly string[]>> = {
  host: [],
  root: [],
  inside: [],
  namespace: ["unshare", "-Urmpnuf", "--mount-proc"],
};

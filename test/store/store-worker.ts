import path from "node:path";
import { setTimeout } from "node:timers/promises";
import Database from "libsql";
import { openStore } from "../../src/store/open-store.js";
import { makeStateHome } from "../../src/store/state-home.js";
import { parseSessionId, toDigest } from "../../src/core/ids.js";
import { sha256Hex } from "../../src/host/sha256.js";
import { openLedger } from "../../src/store/ledger/open-ledger.js";
import { toDraft } from "../support/session-draft.js";

// A process of its own for the tests of many at once: `name HOME NAME`, `update HOME ID ROUNDS`, `audit HOME ROUNDS`, `ask HOME ROUNDS`,
// `reserve HOME MS`.
const [, , what, home = "", word = "", rounds = "1"] = process.argv;
const store = openStore({ home });
const reserved = what === "reserve" ? reserve() : undefined;
process.stdin.once("data", () => void work().then(() => process.stdin.destroy()));
process.stdout.write("ready\n");

async function work(): Promise<void> {
  if (what === "name") makeNamed();
  if (what === "update") await update();
  if (what === "ask") ask();
  if (reserved !== undefined) await release(reserved);
  if (what === "audit")
    for (let round = 0; round < Number(word); round += 1)
      store.appendAudit({ event: "race", data: { pid: process.pid, round } }, { durable: false });
}

function makeNamed(): void {
  try {
    process.stdout.write(`won ${store.createSession(toDraft({ name: word })).session}\n`);
  } catch (error) {
    process.stdout.write(
      `lost ${error instanceof Error && "code" in error ? error.code : error}\n`,
    );
  }
}

/** As a process that is about to turn a new file to WAL: it holds what others must wait for. */
function reserve(): Database.Database {
  makeStateHome(home);
  const database = new Database(path.join(home, "ledger.db"));
  database.exec("BEGIN IMMEDIATE");
  return database;
}

async function release(database: Database.Database): Promise<void> {
  await setTimeout(Number(word));
  database.exec("COMMIT");
  database.close();
  process.stdout.write("released\n");
}

/** Every process asks the same questions; how many of them were new. */
function ask(): void {
  using ledger = openLedger(home);
  let fresh = 0;
  for (let round = 0; round < Number(word); round += 1) {
    const digest = toDigest(sha256Hex(`question ${round}`));
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const question = {
      kind: "send",
      digest,
      subject: "x",
      preview: "",
      require: 1,
      expiresAt,
    } as const;
    if (ledger.approvals.ask(question).isNew) fresh += 1;
  }
  process.stdout.write(`${fresh}\n`);
}

async function update(): Promise<void> {
  const id = parseSessionId(word);
  if (id === undefined) throw new Error(`not a session: ${word}`);
  const record = await store.readSession(id);
  for (let round = 0; round < Number(rounds); round += 1) {
    const reason = `${process.pid} `.repeat(1 + ((round * 37) % 400));
    store.updateSession({ ...record, reason }, { durable: round === 0 });
  }
  process.stdout.write("done\n");
}

// The audit log: durable appends a second by group commit, and how long and in what memory a million records are verified.
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { buildModule } from "./build-module.mjs";
import { memoryRow } from "./measure.mjs";

const APPENDS = 20_000;
const WRITERS = 64;
const RECORDS = 1_000_000;

export async function auditRows(ground) {
  const audit = createRequire(import.meta.url)(
    await buildModule(
      "audit",
      `import { appendAudit } from "../store/audit/append-audit.js";
       import { openAuditWriter } from "../store/audit/open-audit-writer.js";
       const entry = (at: number) => ({
         event: "run.started",
         session: "s-aaaaaaaaaa" as never,
         data: { command: ["sh", "-c", "make test"], at },
       });
       export async function measureAppends(home: string, count: number, writers: number): Promise<number> {
         const started = performance.now();
         {
           await using writer = openAuditWriter(home);
           const work = async () => {
             for (let at = 0; at < count / writers; at++) await writer.append(entry(at));
           };
           await Promise.all(Array.from({ length: writers }, work));
         }
         return (count / (performance.now() - started)) * 1000;
       }
       export function fill(home: string, count: number, together: number): void {
         for (let at = 0; at < count; at += together)
           appendAudit(home, Array.from({ length: together }, (_, more) => entry(at + more)));
       }`,
    ),
  );
  const perSecond = await audit.measureAppends(path.join(ground.dir, "appends"), APPENDS, WRITERS);
  audit.fill(ground.env.SANDBOX_HOME, RECORDS, 10_000);
  const { ms, peakKib } = ground.sandboxUsage("log", "--verify");
  rmSync(path.join(ground.env.SANDBOX_HOME, "audit"), { recursive: true });
  return [
    {
      row: "audit-append",
      what: `records a second, each on disk, of ${WRITERS} writers at once`,
      ours: perSecond,
      unit: "/s",
      target: 2000,
      met: perSecond >= 2000,
    },
    {
      row: "audit-verify",
      what: `log --verify of ${RECORDS} records`,
      ours: ms,
      unit: "ms",
      target: 20_000,
      met: ms <= 20_000,
    },
    memoryRow("audit-verify-memory", `its peak memory`, peakKib / 1024, 150),
  ];
}

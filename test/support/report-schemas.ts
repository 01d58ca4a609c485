import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { projectRoot } from "./project-root.js";

const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
formats.default(ajv);

const SCHEMAS = path.join(projectRoot, "test/support/schemas");

/** Fails unless `text` is JUnit XML by Ant's schema and by Jenkins' too. */
export function assertJunit(text: string): void {
  for (const name of ["JUnit.xsd", "jenkins-junit.xsd"]) {
    const schema = path.join(SCHEMAS, name);
    const checked = spawnSync("xmllint", ["--nonet", "--noout", "--schema", schema, "-"], {
      input: text,
      encoding: "utf8",
    });
    assert.equal(checked.status, 0, `${name}: ${checked.stderr}`);
  }
}

/** Draft 04: what it is named by differs from later drafts, and nothing else that is in it. */
const SARIF = readSchema(path.join(SCHEMAS, "sarif-2.1.0-rtm.5.json"));

/** Fails unless `text` is a SARIF log of version 2.1.0. */
export function assertSarif(text: string): void {
  assertValid(SARIF, JSON.parse(text));
}

const REPORT = readSchema(path.join(projectRoot, "schemas/report.1.json"));

/** Fails unless `text` is a JSON report by its published schema. */
export function assertReport(text: string): void {
  assertValid(REPORT, JSON.parse(text));
}

function readSchema(file: string): object {
  const { $schema, id, $id, ...schema } = JSON.parse(readFileSync(file, "utf8"));
  assert.match($schema, /draft-04|2020-12/);
  assert.ok(id ?? $id, "control: it has a name");
  return schema;
}

/** GitLab publishes no schema of its form; these are the fields and values that its page requires. */
const CODE_QUALITY = toCodeQualitySchema();

/** Fails unless `text` is a Code Quality report. */
export function assertCodeQuality(text: string): void {
  const issues: readonly { readonly fingerprint: string }[] = JSON.parse(text);
  assertValid(CODE_QUALITY, issues);
  const prints = new Set(issues.map(({ fingerprint }) => fingerprint));
  assert.equal(prints.size, issues.length, "each issue has a fingerprint of its own");
}

function toCodeQualitySchema(): object {
  const required = ["description", "check_name", "fingerprint", "severity", "location"];
  const severity = { enum: ["info", "minor", "major", "critical", "blocker"] };
  const lines = {
    type: "object",
    required: ["begin"],
    properties: { begin: { type: "integer", minimum: 1 } },
  };
  const location = {
    type: "object",
    required: ["path", "lines"],
    properties: { path: { type: "string", minLength: 1 }, lines },
  };
  const string = { type: "string", minLength: 1 };
  const properties = {
    ...{ description: string, check_name: string, fingerprint: string, severity, location },
  };
  return { type: "array", items: { type: "object", required, properties } };
}

function assertValid(schema: object, value: unknown): void {
  const validate = ajv.compile(schema);
  assert.ok(validate(value), JSON.stringify(validate.errors?.slice(0, 5), null, 1));
}

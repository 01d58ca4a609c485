import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac, createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { isSignedBy, toFingerprint } from "../../src/network/agent/host-key.js";
import {
  findHostKeys,
  parseKey,
  parseKnownHosts,
  toKnownHosts,
} from "../../src/network/agent/known-hosts.js";
import { toWireString } from "../../src/network/agent/wire.js";
import { makeSshKey } from "../support/ssh-agent.js";
import { type Host, makeHost } from "./ssh-agent-case.js";

const dir = mkdtempSync(path.join(tmpdir(), "sbx-hosts-"));
after(() => rmSync(dir, { recursive: true, force: true }));

/** One that is right, and it changed in every way. */
function checkSignature(
  o: Readonly<Record<"blob" | "other" | "data" | "signature", Buffer>>,
): void {
  const { blob, other, data, signature } = o;
  assert.ok(isSignedBy(blob, data, signature), "control");
  assert.ok(!isSignedBy(blob, randomBytes(32), signature), "of other data");
  const broken = Buffer.from(signature);
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
  assert.ok(!isSignedBy(blob, data, broken), "a bit of it changed");
  assert.ok(!isSignedBy(blob.subarray(0, -1), data, signature), "half a key");
  assert.ok(!isSignedBy(blob, data, Buffer.concat([signature, Buffer.from([0])])), "and more");
  assert.ok(!isSignedBy(other, data, signature), "by another key");
}

describe("host keys", () => {
  test("signatures of each kind of key are checked; SHA-1 and what is broken are none", () => {
    const data = randomBytes(32);
    for (const [type, size] of [
      ["ed25519", 0],
      ["ecdsa", 256],
      ["ecdsa", 384],
      ["ecdsa", 521],
      ["rsa", 2048],
    ] as const) {
      const { blob, prove, name } = makePair(type, size);
      const other = makePair(type, size);
      if (type === "rsa") assert.ok(!isSignedBy(blob, data, prove(data, "ssh-rsa")), "SHA-1");
      for (const algorithm of type === "rsa" ? ["rsa-sha2-256", "rsa-sha2-512"] : [name])
        checkSignature({ blob, other: other.blob, data, signature: prove(data, algorithm) });
    }
    const small = makePair("rsa", 1024);
    assert.ok(!isSignedBy(small.blob, data, small.prove(data, "rsa-sha2-256")), "too small");
    const certificate = Buffer.concat([
      toWireString("ssh-ed25519-cert-v01@openssh.com"),
      randomBytes(80),
    ]);
    assert.ok(!isSignedBy(certificate, data, toWireString("x")));
  });

  test("known_hosts: names, patterns, hashed names, ports, what is revoked", () => {
    const [a, b, c] = [makeHost(), makeHost(), makeHost()];
    const line = ({ blob }: Host): string => `ssh-ed25519 ${blob.toString("base64")} a comment`;
    const salt = randomBytes(20);
    const hash = createHmac("sha1", salt).update("hashed.test").digest("base64");
    const known = parseKnownHosts(
      [
        "# a comment",
        `one.test,10.0.0.1 ${line(a)}`,
        `[one.test]:2222 ${line(b)}`,
        `*.wide.test,!not.wide.test ${line(a)}`,
        `|1|${salt.toString("base64")}|${hash} ${line(c)}`,
        `gone.test ${line(a)}`,
        `@revoked * ${line(c)}`,
        `@revoked gone.test ${line(a)}`,
        `@cert-authority ca.test ${line(a)}`,
        `broken.test ssh-rsa ${a.blob.toString("base64")}`,
        "short.test ssh-ed25519",
        `  tabbed.test\t${line(b)}`,
      ].join("\n"),
    );
    const find = (host: string, port = 22) => findHostKeys(known, { host, port });
    assert.deepEqual(find("one.test"), [a.blob]);
    assert.deepEqual(find("10.0.0.1"), [a.blob]);
    assert.deepEqual(find("one.test", 2222), [b.blob]);
    assert.deepEqual(find("x.wide.test"), [a.blob]);
    assert.deepEqual(find("tabbed.test"), [b.blob]);
    for (const host of ["not.wide.test", "wide.test", "xone.test", "oneXtest", "ca.test"])
      assert.deepEqual(find(host), [], host);
    for (const host of ["gone.test", "broken.test", "short.test", "one.test.evil"])
      assert.deepEqual(find(host), [], host);
    assert.deepEqual(find("hashed.test"), [], "revoked everywhere");
    const hashed = parseKnownHosts(`|1|${salt.toString("base64")}|${hash} ${line(a)}`);
    assert.deepEqual(findHostKeys(hashed, { host: "hashed.test", port: 22 }), [a.blob]);
    assert.deepEqual(findHostKeys(hashed, { host: "other.test", port: 22 }), []);
    const written = toKnownHosts({ host: "one.test", port: 2222 }, [a.blob]);
    assert.deepEqual(findHostKeys(parseKnownHosts(written), { host: "one.test", port: 2222 }), [
      a.blob,
    ]);
    assert.equal(parseKey(`ssh-ed25519 ${a.blob.toString("base64")}`)?.equals(a.blob), true);
  });

  test("what ssh-keygen hashes is found, and fingerprints are as it prints them", () => {
    const key = makeSshKey(path.join(dir, "hashed-host"));
    const file = path.join(dir, "hashed");
    writeFileSync(file, `real.test ${key.text}\n[real.test]:2200 ${key.text}\n`);
    execFileSync("ssh-keygen", ["-H", "-f", file], { stdio: "ignore" });
    const text = readFileSync(file, "utf8");
    assert.ok(!text.includes("real.test"), "control: they are hashed");
    const known = parseKnownHosts(text);
    for (const port of [22, 2200])
      assert.deepEqual(findHostKeys(known, { host: "real.test", port }), [key.blob]);
    assert.deepEqual(findHostKeys(known, { host: "real.test", port: 23 }), []);
    assert.equal(toFingerprint(key.blob), key.fingerprint);
  });
});

/** A host key of any kind, made by OpenSSL; what it signs has the form of RFC 4253, 5656 and 8332. */
function makePair(type: "ed25519" | "ecdsa" | "rsa", size: number) {
  const pair =
    type === "ed25519"
      ? generateKeyPairSync("ed25519")
      : type === "ecdsa"
        ? generateKeyPairSync("ec", { namedCurve: `P-${size}` })
        : generateKeyPairSync("rsa", { modulusLength: size });
  const jwk = pair.publicKey.export({ format: "jwk" });
  const part = (text = ""): Buffer => Buffer.from(text, "base64url");
  const name =
    type === "ed25519" ? "ssh-ed25519" : type === "ecdsa" ? `ecdsa-sha2-nistp${size}` : "ssh-rsa";
  const parts =
    type === "ed25519"
      ? [part(jwk.x)]
      : type === "ecdsa"
        ? [Buffer.from(`nistp${size}`), Buffer.concat([Buffer.from([4]), part(jwk.x), part(jwk.y)])]
        : [part(jwk.e), toNumber(part(jwk.n))];
  const blob = Buffer.concat([name, ...parts].map((one) => toWireString(one)));
  const key = createPrivateKey(pair.privateKey.export({ type: "pkcs8", format: "pem" }));
  const prove = (data: Buffer, algorithm: string): Buffer => {
    const hash =
      type === "ed25519"
        ? null
        : type === "ecdsa"
          ? { 256: "sha256", 384: "sha384", 521: "sha512" }[size]
          : { "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512", "ssh-rsa": "sha1" }[algorithm];
    const raw = sign(hash, data, { key, dsaEncoding: "ieee-p1363" });
    const half = raw.length / 2;
    const value =
      type === "ecdsa"
        ? Buffer.concat(
            [raw.subarray(0, half), raw.subarray(half)].map((n) => toWireString(toNumber(n))),
          )
        : raw;
    return Buffer.concat([toWireString(algorithm), toWireString(value)]);
  };
  return { name, blob, prove };
}

/** As RFC 4251 writes a positive number. */
function toNumber(bytes: Buffer): Buffer {
  const trimmed = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
  return ((trimmed[0] ?? 0) & 0x80) === 0 ? trimmed : Buffer.concat([Buffer.from([0]), trimmed]);
}

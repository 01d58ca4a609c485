import path from "node:path";
import { after } from "node:test";
import { openOciEngine } from "../../src/engine/oci/open-oci-engine.js";
import { projectRoot } from "../support/project-root.js";
import { openTempDir } from "../support/temp-tree.js";
import { describeEngine } from "./engine-suite.js";

const cache = openTempDir();
after(() => cache[Symbol.dispose]());

const engine = openOciEngine({
  cacheDir: path.join(cache.path, "cache"),
  profilesDir: path.join(projectRoot, "profiles"),
  runtime: "runc",
});

describeEngine("oci engine with runc", () => engine, { isOneOfMany: true });

import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { writeHostImage } from "../support/host-image.js";
import { openRemoteDocker } from "../support/remote-docker.js";
import { openTempDir } from "../support/temp-tree.js";
import type { Backend } from "./backend.js";

const IMAGE = "sbx-test/escape:1";
/** What the attacks' programs need. */
const PACKAGES =
  "base-files bash coreutils dash findutils grep hostname libc-bin mawk ncurses-bin nodejs perl-base procps python3 python3-minimal sed util-linux";

/**
 * A daemon that sees nothing of this machine's files, over TLS, with an image to run in: the host's own directories are none
 * of its. Root only.
 */
export async function openRemoteBackend(options: readonly string[]): Promise<Backend> {
  using temp = openTempDir();
  const file = path.join(temp.path, "image.tar");
  // Before there is a daemon, which nobody would end where this fails.
  writeHostImage(file, { packages: PACKAGES.split(" "), directories: [] });
  const remote = await openRemoteDocker();
  remote.docker(["import", "-", IMAGE], readFileSync(file));
  const certificates = remote.env["DOCKER_CERT_PATH"] ?? "";
  return {
    options: [...options, "--image", IMAGE],
    env: { ...remote.env, DOCKER_HOST: remote.address },
    sockets: [remote.socket],
    admit: (uid, { shared }) => {
      // What a person cannot read is not sent: a run with it is refused. What they can is no secret of root's.
      const ofRoot = path.join(shared, "private");
      if (uid !== 0) writeFileSync(ofRoot, "the person's own\n");
      spawnSync("chown", [String(uid), ofRoot]);
      // They lie in a directory of root's own.
      chmodSync(remote.dir, 0o711);
      spawnSync("chown", ["-R", String(uid), certificates]);
    },
    [Symbol.asyncDispose]: () => remote[Symbol.asyncDispose](),
  };
}

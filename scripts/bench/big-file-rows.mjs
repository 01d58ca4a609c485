// A 2 GiB file of which one byte changed: it is copied up, read, shown and committed, never held in memory.
import { memoryRow } from "./measure.mjs";

export async function bigFileRows(ground) {
  const workspace = ground.makeDir("yes 0123456789abcdef | head -c 2147483648 > big");
  const patch = "printf x | dd of=big bs=1 seek=1000000000 conv=notrunc status=none";
  const { session } = ground.session(workspace, ["sh", "-c", patch]);
  return [
    memoryRow(
      "big-diff",
      "peak of sandbox diff, a 2 GiB file",
      ground.sandboxPeak("diff", session),
      150,
    ),
    memoryRow(
      "big-read",
      "peak of reading its layers again",
      await readPeak(ground, workspace, patch),
      150,
    ),
    memoryRow(
      "big-commit",
      "peak of sandbox commit of it",
      ground.sandboxPeak("commit", session, "--yes"),
      150,
    ),
  ];
}

/** The whole of `run`, in whose end the layers are read and hashed. */
async function readPeak(ground, workspace, patch) {
  return ground.sandboxPeak(
    "run",
    "--commit",
    "never",
    "--dir",
    workspace,
    "--",
    "sh",
    "-c",
    patch,
  );
}

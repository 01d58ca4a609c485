import { openFileOps } from "../../src/host/confined-calls.js";
import type { FileOps } from "../../src/host/confined-ops.js";
import { openNative } from "../../src/host/native.js";

const native = openNative();

/** How a test stops a commit. */
export interface Fault {
  /** Calls made so far that change something (`mutating`) or all of them. */
  readonly calls: readonly (keyof FileOps)[];
  readonly ops: FileOps;
}

const READING: ReadonlySet<string> = new Set([
  ...["openRoot", "openDirectory", "openFile", "close", "stat", "list", "readLink"],
  ...["listXattrs", "getXattr", "read", "seek", "hasWriter"],
]);

/** The real system calls, with `onCall` before each; the count is of those that change something unless `all`. */
export function watchOps(
  onCall: (call: { readonly name: keyof FileOps; readonly count: number }) => void,
  options: { readonly all?: boolean } = {},
): Fault {
  const real = openFileOps(native);
  const calls: (keyof FileOps)[] = [];
  const ops = new Proxy(real, {
    get: (target, property) => {
      const name = property as keyof FileOps;
      const original = target[name] as (...args: readonly unknown[]) => unknown;
      if (name === "close" || (options.all !== true && READING.has(name))) return original;
      return (...args: readonly unknown[]) => {
        calls.push(name);
        onCall({ name, count: calls.length });
        return original(...args);
      };
    },
  });
  return { calls, ops };
}

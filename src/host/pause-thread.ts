const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Waits `ms` milliseconds without yielding: for waits between processes that are short, in code that does not await. */
export function pauseThread(ms: number): void {
  Atomics.wait(nobody, 0, 0, ms);
}

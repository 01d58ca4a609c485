/** What can be given up, with the reason. */
interface Waited {
  destroy(reason: Error): unknown;
}

/** Until it is disposed of: destroys what is waited for where that takes too long, or nobody wants it any more. */
export function limitWait(
  waited: Waited,
  { timeoutMs, abort }: { readonly timeoutMs: number; readonly abort: AbortSignal },
): Disposable {
  const late = setTimeout(() => waited.destroy(new Error("no answer in time")), timeoutMs);
  const leave = (): void => void waited.destroy(new Error("the client has gone away"));
  abort.addEventListener("abort", leave, { once: true });
  return {
    [Symbol.dispose]: () => {
      clearTimeout(late);
      abort.removeEventListener("abort", leave);
    },
  };
}

/** A second interruption so much later is meant. */
const INSISTING_MS = 1_000;

/** Lets a long command end in order: the first Ctrl-C aborts the signal, a second one ends the process. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  let since = Number.POSITIVE_INFINITY;
  const interrupted = (): void => {
    // Who insists ends the process, which harms nothing either. What starts a command may pass the same signal on.
    if (performance.now() - since > INSISTING_MS) {
      process.off('SIGINT', interrupted);
      process.kill(process.pid, 'SIGINT');
    }
    if (!stop.signal.aborted) since = performance.now();
    stop.abort();
  };
  // Not once: the library of the lock would then think itself alone with the signal, and end the process.
  process.on('SIGINT', interrupted);
  try {
    return await work(stop.signal);
  } finally {
    process.off('SIGINT', interrupted);
  }
}

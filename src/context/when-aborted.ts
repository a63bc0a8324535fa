/** Who waits for a signal to abort, and what listens for them. */
interface Waiting {
  readonly acts: Set<() => void>;
  readonly listener: () => void;
}

const waitingFor = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls `act` when the signal aborts, which it has not yet. However many wait, the signal has one listener: many look like
 * a leak, and Node says so.
 *
 * @param act - one of its own each time.
 * @returns takes it back.
 */
export function whenAborted(signal: AbortSignal, act: () => void): () => void {
  const waiting = waitingFor.get(signal) ?? listen(signal);
  const { acts, listener } = waiting;
  acts.add(act);
  return () => {
    acts.delete(act);
    if (acts.size > 0 || waitingFor.get(signal) !== waiting) return;
    waitingFor.delete(signal);
    signal.removeEventListener('abort', listener);
  };
}

function listen(signal: AbortSignal): Waiting {
  const acts = new Set<() => void>();
  const listener = (): void => {
    waitingFor.delete(signal);
    for (const act of [...acts]) act();
  };
  const waiting = { acts, listener };
  waitingFor.set(signal, waiting);
  signal.addEventListener('abort', listener, { once: true });
  return waiting;
}

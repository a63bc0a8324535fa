import type { ShutdownSignal } from './types.js';

/** What is to be written when the process is asked to end. Never rejects. */
export type CutOff = (signal: ShutdownSignal) => Promise<void>;

/** How the listeners of other copies of this package are known. */
const OURS = Symbol.for('mycelium.state.signal');

const watches = new Map<ShutdownSignal, { readonly runs: Set<CutOff>; readonly listener: () => void }>();

/** Calls `cutOff` at the signals, until the returned function is called. */
export function watchSignals(signals: readonly ShutdownSignal[], cutOff: CutOff): () => void {
  for (const signal of signals) watch(signal).add(cutOff);
  return () => {
    for (const signal of signals) {
      const watched = watches.get(signal);
      watched?.runs.delete(cutOff);
      if (watched?.runs.size === 0) unwatch(signal);
    }
  };
}

function watch(signal: ShutdownSignal): Set<CutOff> {
  const watched = watches.get(signal);
  if (watched !== undefined) return watched.runs;
  const runs = new Set<CutOff>();
  let ending = false;
  const end = (): void => {
    unwatch(signal, listener);
    // Another copy that is still writing ends the process when it is done.
    if (!process.listeners(signal).some(isOurs)) process.kill(process.pid, signal);
  };
  const listener = Object.assign(
    () => {
      // Asked twice: whoever asks does not want to wait.
      if (ending) return end();
      // Where somebody else listens, the process does not end by the signal, and it is for them to end it.
      ending = process.listeners(signal).filter((one) => !isOurs(one)).length <= bystanders();
      const written = Promise.all([...runs].map((cutOff) => cutOff(signal)));
      if (ending) void written.then(() => ending && end());
    },
    { [OURS]: true },
  );
  watches.set(signal, { runs, listener });
  // First, while those who listen `once` are still among the listeners.
  process.prependListener(signal, listener);
  return runs;
}

function unwatch(signal: ShutdownSignal, listener = watches.get(signal)?.listener): void {
  if (listener === undefined) return;
  process.off(signal, listener);
  if (watches.get(signal)?.listener === listener) watches.delete(signal);
}

function isOurs(listener: object): boolean {
  return OURS in listener;
}

/**
 * How many of the listeners are of signal-exit, which many packages load: it ends the process when nobody else listens,
 * and does nothing otherwise.
 */
function bystanders(): number {
  const counts = [
    (process as { __signal_exit_emitter__?: { count?: number } }).__signal_exit_emitter__?.count,
    (globalThis as { [key: symbol]: { count?: number } | undefined })[Symbol.for('signal-exit emitter')]?.count,
  ];
  return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

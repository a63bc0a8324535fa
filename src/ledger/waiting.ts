import { elapsed, type Instant } from '../store/process-clock.js';
import type { Dispatch } from './dispatch.js';
import type { Engine } from './engine.js';
import { inProgress } from './in-progress.js';
import type { Seen, View } from './record.js';

/** However a store tells of changes, it is asked again after this long. */
const SAFETY_READ_MS = 30_000;

/**
 * Waits until the record has moved, its lease or its resolver's time is over, or it is time to look again.
 *
 * @throws CallInProgressError when `waitFor` is over, or the caller's own abort reason.
 */
export async function waitForMove(
  engine: Engine,
  dispatch: Dispatch,
  view: View & { readonly seen: Seen },
  started: Instant,
): Promise<void> {
  const { stored, record } = view.seen;
  const left = dispatch.policy.waitForMs - elapsed(engine.clock, started);
  if (left <= 0)
    throw inProgress(
      dispatch,
      record.resolver === undefined ? 'another worker holds its lease' : 'its outcome is being asked for',
    );
  const ends = [stored.lease?.until, record.resolver?.until].filter(
    (until) => until !== undefined && until > view.now,
  ) as number[];
  const untilEnd = ends.length === 0 ? SAFETY_READ_MS : Math.min(...ends) - view.now;
  await waitAtMost(
    engine,
    dispatch,
    { key: stored.key, revision: stored.revision },
    Math.min(left, untilEnd, SAFETY_READ_MS),
  );
}

/** Waits until the record has moved, the time is over or the caller aborts. */
export async function waitAtMost(
  engine: Engine,
  dispatch: Dispatch,
  watched: Pick<Seen['stored'], 'key' | 'revision'>,
  ms: number,
): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  const timer = engine.clock.after(ms, end);
  dispatch.signal?.addEventListener('abort', end, { once: true });
  try {
    await Promise.race([
      // A store that cannot watch any more is no reason to fail: the timer looks again.
      engine.client.store.watch(watched.key, watched.revision, stop.signal).catch(() => aborted(stop.signal)),
      aborted(stop.signal),
    ]);
  } finally {
    timer.cancel();
    end();
    dispatch.signal?.removeEventListener('abort', end);
  }
  dispatch.signal?.throwIfAborted();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

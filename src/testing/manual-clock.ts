import type { ClockTimer, ProcessClock } from '../store/process-clock.js';

/** Ends what `schedule` began; harmless when it already ran. */
export type Cancel = () => void;

/** The time and the timers of a process, standing still until told otherwise. */
export interface ManualClock extends ProcessClock {
  /** The same as `wall()`: milliseconds since the epoch. */
  now(): number;
  /** Milliseconds passed since the clock was made. `jump` does not move it. */
  monotonic(): number;
  /** Runs the callback once, `milliseconds` from now (0 or less: at the next `advance`). */
  schedule(callback: () => void, milliseconds: number): Cancel;
  /**
   * Lets time pass. Due timers run in order of their time, then of their making, those made on the way
   * included; after each one, and before the first, promises settle.
   */
  advance(milliseconds: number): Promise<void>;
  /** Advances from timer to timer until the promise settles, and answers as it does. */
  runUntil<Value>(promise: Promise<Value>, limit?: number): Promise<Value>;
  /** Sets the wall clock forward, or back, without time passing: timers keep their distance. */
  jump(milliseconds: number): void;
  /** Lets every promise settle that waits for no timer. */
  settle(): Promise<void>;
  /** How many timers wait. */
  readonly pending: number;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Kept at load, so that a test which replaces the global timers does not stop this clock. */
const nextTurn = globalThis.setImmediate;

/**
 * Makes a clock that only moves when told.
 *
 * @param start - what `now()` says at first, in milliseconds since the epoch. @default 1_700_000_000_000
 */
export function manualClock(start: number = 1_700_000_000_000): ManualClock {
  let elapsed = 0;
  let offset = start;
  let made = 0;
  const timers = new Set<Timer>();

  const settle = (): Promise<void> => new Promise((resolve) => nextTurn(resolve));

  const earliest = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    }
    return first;
  };

  const run = (timer: Timer): void => {
    timers.delete(timer);
    elapsed = Math.max(elapsed, timer.at);
    timer.callback();
  };

  const schedule = (callback: () => void, milliseconds: number): Cancel => {
    const timer: Timer = { at: elapsed + Math.max(0, milliseconds), order: made++, callback };
    timers.add(timer);
    return () => {
      timers.delete(timer);
    };
  };

  return {
    now: () => offset + elapsed,
    wall: () => offset + elapsed,
    monotonic: () => elapsed,
    schedule,
    after: (milliseconds, callback): ClockTimer => ({
      cancel: schedule(callback, milliseconds),
      // These timers keep no process alive: nothing but `advance` runs them.
      keepAlive: () => {},
    }),
    async advance(milliseconds) {
      if (!(milliseconds >= 0))
        throw new RangeError(
          `advance(${milliseconds}): time does not pass backwards; use jump() to set the clock back`,
        );
      const end = elapsed + milliseconds;
      await settle();
      for (let timer = earliest(); timer !== undefined && timer.at <= end; timer = earliest()) {
        run(timer);
        await settle();
      }
      elapsed = end;
    },
    async runUntil(promise, limit = 3_600_000) {
      let settled = false;
      const watched = promise.finally(() => {
        settled = true;
      });
      // It is awaited below; until then a rejection is not an unhandled one.
      watched.catch(() => {});
      const end = elapsed + limit;
      await settle();
      while (!settled) {
        const timer = earliest();
        if (timer === undefined)
          throw new Error('runUntil: the promise is not settled and no timer is left that could settle it');
        if (timer.at > end) throw new Error(`runUntil: the promise is not settled after ${limit} ms`);
        run(timer);
        await settle();
      }
      return watched;
    },
    jump(milliseconds) {
      offset += milliseconds;
    },
    settle,
    get pending() {
      return timers.size;
    },
  };
}

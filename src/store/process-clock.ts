/** The time and the timers of this process. Injected, so that tests can drive them. */
export interface ProcessClock {
  /** Milliseconds since the epoch; may jump. */
  wall(): number;
  /** Milliseconds that never go back, but stand still while a machine is suspended. */
  monotonic(): number;
  /** Calls `fn` once, after `ms`. */
  after(ms: number, fn: () => void): ClockTimer;
}

/** A timer that is running. It keeps the process alive until told otherwise. */
export interface ClockTimer {
  cancel(): void;
  keepAlive(on: boolean): void;
}

/** The real one. */
export const machineClock: ProcessClock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, Math.min(ms, 2_147_483_647));
    return {
      cancel: () => clearTimeout(timer),
      keepAlive: (on) => void (on ? timer.ref() : timer.unref()),
    };
  },
};

/** An instant on both clocks. */
export interface Instant {
  readonly wall: number;
  readonly monotonic: number;
}

/** Now, on both clocks. */
export function instant(clock: ProcessClock): Instant {
  return { wall: clock.wall(), monotonic: clock.monotonic() };
}

/** Milliseconds since `start`: the larger of both differences, because a suspended machine stops the monotonic one. */
export function elapsed(clock: ProcessClock, start: Instant): number {
  return Math.max(clock.monotonic() - start.monotonic, clock.wall() - start.wall, 0);
}

/** Waits. Resolves early when the signal aborts. */
export function pause(clock: ProcessClock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const timer = clock.after(ms, done);
    function done(): void {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
  });
}

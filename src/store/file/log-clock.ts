/**
 * The store's clock: the machine's, but never behind what the log has seen plus the monotonic time since.
 * So a wall clock that is set back, or that of a slower machine before a reboot, revives no lease.
 */
export class LogClock {
  readonly #wall: () => number;
  #time = 0;
  #at: number = performance.now();

  /** @param wall - the machine's clock, in milliseconds since the epoch. */
  constructor(wall: () => number) {
    this.#wall = wall;
  }

  /** Whole milliseconds since the epoch. */
  now(): number {
    this.learn(this.#wall());
    return Math.floor(this.#time);
  }

  /** Takes note of an instant that has been reached for certain. */
  learn(time: number): void {
    const at = performance.now();
    const passed = this.#time + at - this.#at;
    this.#time = Math.max(time, passed);
    this.#at = at;
  }
}

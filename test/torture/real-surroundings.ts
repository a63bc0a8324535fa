import { performance } from 'node:perf_hooks';
import type { EngineOptions } from 'mycelium-runtime/testing';
import type { Point } from './order.js';
import { providerOver } from './provider.js';
import type { Surroundings } from './tools.js';
import type { Witness } from './witness.js';

/** A worker in a process of its own: its time is the machine's, and who is killed there is really gone. */
export function realSurroundings(
  worker: string,
  witness: Witness,
  passing: (point: Point) => void | PromiseLike<void> = () => undefined,
): Surroundings {
  return {
    worker,
    witness,
    provider: providerOver(witness, Date.now),
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    passing,
    alive: () => undefined,
  };
}

/** The machine's time as a process sees it whose wall clock is off by what `shiftMs` answers. */
export function shiftedClock(shiftMs: () => number): NonNullable<EngineOptions['clock']> {
  return {
    wall: () => Date.now() + shiftMs(),
    monotonic: () => performance.now(),
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return {
        cancel: () => clearTimeout(timer),
        keepAlive: (on) => void (on ? timer.ref() : timer.unref()),
      };
    },
  };
}

import { describe, expect, test } from 'vitest';
import { elapsed, instant, pause } from '../../src/store/process-clock.js';
import { manualClock } from '../../src/testing/manual-clock.js';

describe('manualClock', () => {
  test('stands still until told, and starts where it is told', async () => {
    const clock = manualClock(5_000);
    expect(clock.now()).toBe(5_000);
    await clock.advance(10);
    expect([clock.now(), clock.monotonic()]).toEqual([5_010, 10]);
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
  });

  test('runs due timers in the order of their time, then of their making, at their time', async () => {
    const clock = manualClock(0);
    const ran: string[] = [];
    for (const [name, at] of [
      ['late', 30],
      ['early', 10],
      ['same', 10],
      ['never', 31],
    ] as const)
      clock.schedule(() => ran.push(`${name} ${clock.now()}`), at);
    await clock.advance(30);
    expect(ran).toEqual(['early 10', 'same 10', 'late 30']);
    expect(clock.pending).toBe(1);
  });

  test('runs timers that are made on the way, and lets promises settle between', async () => {
    const clock = manualClock(0);
    const ran: string[] = [];
    const tick = async (): Promise<void> => {
      for (let number = 0; number < 3; number++) {
        await new Promise<void>((resolve) => clock.schedule(resolve, 5));
        await Promise.resolve();
        ran.push(`tick ${clock.now()}`);
      }
    };
    const ticking = tick();
    clock.schedule(() => ran.push('between'), 7);
    await clock.advance(100);
    await ticking;
    expect(ran).toEqual(['tick 5', 'between', 'tick 10', 'tick 15']);
  });

  test('forgets a cancelled timer, also one that was just about to run', async () => {
    const clock = manualClock(0);
    const ran: string[] = [];
    clock.schedule(() => cancel(), 5);
    const cancel = clock.schedule(() => ran.push('cancelled'), 5);
    await clock.advance(10);
    cancel();
    expect(ran).toEqual([]);
  });

  test('is the clock of a process: pause() waits on it', async () => {
    const clock = manualClock(0);
    const start = instant(clock);
    let waited = false;
    const pausing = pause(clock, 30).then(() => {
      waited = true;
    });
    const timer = clock.after(20, () => expect.unreachable('it was cancelled'));
    timer.keepAlive(false);
    timer.cancel();
    await clock.advance(29);
    expect(waited).toBe(false);
    await clock.advance(1);
    await pausing;
    clock.jump(500);
    expect(elapsed(clock, start)).toBe(530);
    clock.jump(-1_000);
    expect(elapsed(clock, start)).toBe(30);
  });

  test('jumps the wall clock without moving timers or elapsed time', async () => {
    const clock = manualClock(1_000);
    let ran = false;
    clock.schedule(() => {
      ran = true;
    }, 50);
    clock.jump(10_000);
    await clock.settle();
    expect([clock.now(), clock.monotonic(), ran]).toEqual([11_000, 0, false]);
    clock.jump(-20_000);
    await clock.advance(50);
    expect([clock.now(), clock.monotonic(), ran]).toEqual([-8_950, 50, true]);
  });

  test('runs until a promise settles, and says when it never can', async () => {
    const clock = manualClock(0);
    const later = new Promise<string>((resolve) => clock.schedule(() => resolve('done'), 500));
    clock.schedule(() => {}, 600);
    expect(await clock.runUntil(later)).toBe('done');
    expect([clock.monotonic(), clock.pending]).toEqual([500, 1]);
    const failing = new Promise((_, reject) => clock.schedule(() => reject(new Error('as it does')), 10));
    await expect(clock.runUntil(failing)).rejects.toThrow('as it does');
    await expect(clock.runUntil(new Promise(() => {}), 20)).rejects.toThrow('after 20 ms');
    await expect(clock.runUntil(new Promise(() => {}))).rejects.toThrow('no timer is left');
  });
});

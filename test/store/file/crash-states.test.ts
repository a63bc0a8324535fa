import { expect, test } from 'vitest';
import { openFileStore } from '../../../src/store/file/file-store.js';
import { recordRun } from './crash-run.js';
import { searchCrashes } from './crash-search.js';

test.each([
  { seed: 2, failedFlush: 0, states: 750 },
  { seed: 4, failedFlush: 0, states: 650 },
  { seed: 3, failedFlush: 9, states: 550 },
  { seed: 4, failedFlush: 15, states: 300 },
])(
  'a crash anywhere in a run leaves a folder that opens, with all that was answered (seed $seed, failed flush: $failedFlush)',
  { timeout: 120_000 },
  async ({ seed, failedFlush, states: expected }) => {
    const run = await recordRun(openFileStore, seed, failedFlush);
    const { states, problems } = await searchCrashes(openFileStore, run, seed);
    expect(problems).toEqual([]);
    // Otherwise the run, or the search, has become too small to show anything: together 2250 states and more; how many writes share a flush is a matter of time.
    expect(states).toBeGreaterThanOrEqual(expected);
    expect(run.won).toBeGreaterThanOrEqual(12);
    expect(run.events.filter(({ type }) => type === 'flush-failed').length > 0).toBe(failedFlush > 0);
    expect(run.events.filter(({ type }) => type === 'write').length).toBeGreaterThan(20);
    expect(
      run.events.filter((event) => event.type === 'name' && event.name.endsWith('.log')).length,
    ).toBeGreaterThanOrEqual(3);
  },
);

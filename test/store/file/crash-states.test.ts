import { describe, expect, test } from 'vitest';
import { openFileStore } from '../../../src/store/file/file-store.js';
import { recordRun } from './crash-run.js';
import { searchCrashes } from './crash-search.js';

describe('every crash of a recorded run', () => {
  test.each([1, 2])('leaves a folder that opens, with all that was answered (seed %i)', { timeout: 120_000 }, async (seed) => {
    const run = await recordRun(openFileStore, seed);
    const { states, problems } = await searchCrashes(openFileStore, run, seed);
    expect(problems).toEqual([]);
    // Otherwise the run, or the search, has become too small to show anything.
    expect(run.won).toBeGreaterThanOrEqual(12);
    expect(run.events.filter(({ type }) => type === 'write').length).toBeGreaterThan(20);
    expect(run.events.filter((event) => event.type === 'name' && event.name.endsWith('.log')).length).toBeGreaterThanOrEqual(3);
    expect(states).toBeGreaterThanOrEqual(1000);
  });
});

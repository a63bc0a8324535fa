import { test } from 'vitest';
import fs from 'node:fs';
import { openFileStore } from '../../../../src/store/file/file-store.js';
import { recordRun } from '../crash-run.js';
import { searchCrashes } from '../crash-search.js';
test('x', { timeout: 600000 }, async () => {
  const end = Date.now() + 400_000;
  let total = 0;
  for (let seed = 100; Date.now() < end; seed++) for (const fail of [0, 13, 15, 16, 6]) {
    try {
      const run = await recordRun(openFileStore, seed, fail);
      const r = await searchCrashes(openFileStore, run, seed, 2);
      total += r.states;
      if (r.problems.length > 0) fs.appendFileSync('/tmp/fsa/out.txt', JSON.stringify({ seed, fail, ...r }) + '\n');
    } catch (e) { fs.appendFileSync('/tmp/fsa/out.txt', seed + ' ' + fail + ' ' + String(e) + '\n'); }
    fs.writeFileSync('/tmp/fsa/total.txt', `${seed} ${total}`);
  }
});

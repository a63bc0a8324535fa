import { spawnSync } from 'node:child_process';
import { median } from './measure.js';
import type { Row } from './row.js';
import type { Scale } from './workload.js';

const LIMIT_MS = 15;

/** Target T17: what a program pays for importing the package, in processes of their own. */
export function measureImport(scale: Scale, note: (what: string) => void): Row[] {
  note('import: cost of the root');
  const program = `import ${JSON.stringify(import.meta.resolve('mycelium-runtime'))}`;
  const runs = scale.quick ? 5 : 21;
  const bare: number[] = [];
  const loaded: number[] = [];
  startMs(program);
  for (let run = 0; run < runs; run++) {
    bare.push(startMs(''));
    loaded.push(startMs(program));
  }
  const floor = median(bare);
  const cost = median(loaded) - floor;
  return [
    {
      id: 'import',
      target: 'T17',
      what: `import of the root over bare Node (${floor.toFixed(1)} ms), medians of ${runs}`,
      measured: cost,
      unit: 'ms',
      floor: 'bare Node',
      floor_us: floor * 1000,
      limit: LIMIT_MS,
      limit_on: 'measured',
      best: cost,
      met: cost <= LIMIT_MS,
      met_by_best: cost <= LIMIT_MS,
    },
  ];
}

function startMs(program: string): number {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'ignore' });
  if (status !== 0) throw new Error(`a process that imports the package ended with ${status}`);
  return performance.now() - start;
}

/**
 * `npm run bench [-- --json] [--quick] [--only memory|file|encoding|import] [--rounds n] [--seed n]`
 *
 * Measures what guarding costs. Everything is compared with a floor that takes turns with it in the same process, so
 * that a slow minute of the machine falls on both; absolute times say little about another machine.
 */
import { parseArgs } from 'node:util';
import { runProgram } from './child.js';
import { measureEncoding } from './encoding.js';
import { measureFile } from './file.js';
import { measureImport } from './import-cost.js';
import { measureMemory } from './memory.js';
import { machine, table } from './report.js';
import type { Row } from './row.js';
import type { Scale } from './workload.js';

type Measure = (scale: Scale, note: (what: string) => void) => Row[] | Promise<Row[]>;

const GROUPS: Readonly<Record<string, Measure>> = {
  import: measureImport,
  encoding: measureEncoding,
  memory: measureMemory,
  file: measureFile,
};

async function main(words: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  const { quick, only } = values;
  if (only !== undefined && !Object.hasOwn(GROUPS, only)) {
    throw new Error(`--only ${only}: there are ${Object.keys(GROUPS).join(', ')}`);
  }
  const scale: Scale = {
    quick,
    rounds: whole('--rounds', values.rounds ?? (quick ? '1' : '5')),
    seed: whole('--seed', values.seed),
    many: quick ? 2_000 : 100_000,
    some: quick ? 500 : 10_000,
  };
  const start = performance.now();
  const note = (what: string): void =>
    void process.stderr.write(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  ${what}\n`);
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries(GROUPS)) {
    if (only === undefined || only === name) rows.push(...(await measure(scale, note)));
  }
  note('done');
  const about = { machine: machine(), node: process.version, seed: scale.seed, rounds: scale.rounds, quick };
  process.stdout.write(
    values.json ? `${JSON.stringify({ ...about, rows }, null, 2)}\n` : `${heading(about)}\n\n${table(rows)}\n`,
  );
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} ${text}: give a whole number from 1`);
  return value;
}

function heading(about: {
  machine: ReturnType<typeof machine>;
  node: string;
  seed: number;
  rounds: number;
  quick: boolean;
}): string {
  const { cpu, cpus, memory_gib, kernel, file_system } = about.machine;
  return [
    `Node ${about.node}, ${cpu}, ${cpus} processors, ${memory_gib} GiB, ${kernel}, temporary folder on ${file_system}`,
    `seed ${about.seed}, ${about.rounds} rounds, cases and their floors in turns; medians${about.quick ? '; --quick: too short to judge by' : ''}`,
  ].join('\n');
}

const [first, program, ...rest] = process.argv.slice(2);
if (first === '--child' && program !== undefined) await runProgram(program, rest);
else await main(process.argv.slice(2));

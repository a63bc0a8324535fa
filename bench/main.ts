/**
 * `npm run bench [-- --json] [--quick] [--store memory|file|redis|postgres|none …] [--rounds n] [--seed n]`
 *
 * Without `--store` it measures everything; `--store none` is what concerns no store. Redis and Postgres are servers
 * of its own on the loopback interface, which end with it.
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
import { machine, type ServerFacts, table } from './report.js';
import type { Row } from './row.js';
import type { Scale } from './workload.js';

type Measure = (
  scale: Scale,
  note: (what: string) => void,
  tell: (server: ServerFacts) => void,
) => Row[] | Promise<Row[]>;

const GROUPS: Readonly<Record<string, readonly Measure[]>> = {
  none: [measureImport, measureEncoding],
  memory: [measureMemory],
  file: [measureFile],
  // Loaded when it is their turn: what their drivers cost is not for the others to pay.
  redis: [async (...words) => (await import('./servers/redis.js')).measureRedis(...words)],
  postgres: [async (...words) => (await import('./servers/postgres.js')).measurePostgres(...words)],
};

async function main(words: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      store: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  const { quick, store: wanted = Object.keys(GROUPS) } = values;
  for (const store of wanted) {
    if (!Object.hasOwn(GROUPS, store)) throw new Error(`--store ${store}: there are ${Object.keys(GROUPS).join(', ')}`);
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
  const servers: ServerFacts[] = [];
  for (const [store, measures] of Object.entries(GROUPS)) {
    if (!wanted.includes(store)) continue;
    for (const measure of measures) rows.push(...(await measure(scale, note, (server) => servers.push(server))));
  }
  note('done');
  const about = { machine: machine(), servers, node: process.version, seed: scale.seed, rounds: scale.rounds, quick };
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
  servers: readonly ServerFacts[];
  node: string;
  seed: number;
  rounds: number;
  quick: boolean;
}): string {
  const { cpu, cpus, memory_gib, kernel, file_system } = about.machine;
  return [
    `Node ${about.node}, ${cpu}, ${cpus} processors, ${memory_gib} GiB, ${kernel}, temporary folder on ${file_system}`,
    ...about.servers.map(
      ({ server, settings, packages, placement }) => `${server}: ${settings}; ${packages.join(', ')}; ${placement}`,
    ),
    `seed ${about.seed}, ${about.rounds} rounds, cases and their floors in turns; medians${about.quick ? '; --quick: too short to judge by' : ''}`,
  ].join('\n');
}

const [first, program, ...rest] = process.argv.slice(2);
if (first === '--child' && program !== undefined) await runProgram(program, rest);
else await main(process.argv.slice(2));

/**
 * `npm run bench [-- --json] [--quick] [--store memory|file|redis|postgres|none …] [--only GROUP …] [--rounds n] [--seed n]`
 *
 * Without `--store` and `--only` it measures everything; `--store none` is what concerns no store, `--only` also takes
 * groups that are about something else, as `receipts`. Redis and Postgres are servers of its own on the loopback
 * interface, which end with it.
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

const STORES: Readonly<Record<string, readonly Measure[]>> = {
  none: [measureImport, measureEncoding],
  memory: [measureMemory],
  file: [measureFile],
  // Loaded when it is their turn: what their drivers cost is not for the others to pay.
  redis: [async (...words) => (await import('./servers/redis.js')).measureRedis(...words)],
  postgres: [async (...words) => (await import('./servers/postgres.js')).measurePostgres(...words)],
};

/** What is measured, by what is asked for. */
const GROUPS: Readonly<Record<string, readonly Measure[]>> = {
  ...STORES,
  receipts: [async (scale, note) => (await import('./receipts.js')).measureReceipts(scale, note)],
  boundary: [async (scale, note) => (await import('./boundary.js')).measureBoundary(scale, note)],
  context: [async (scale, note) => (await import('./context.js')).measureContext(scale, note)],
  transcripts: [async (scale, note) => (await import('./transcripts.js')).measureTranscripts(scale, note)],
};

const USAGE = `npm run bench -- [options]

  --only GROUP   measure this group only, as often as wanted: ${Object.keys(GROUPS).join(', ')}
  --store STORE  measure what concerns this store only: ${Object.keys(STORES).join(', ')}
  --json         print rows as JSON
  --quick        so few operations that the numbers say nothing
  --rounds N     how often each case takes its turn; 5, with --quick 1
  --seed N       of the payments; 1
  --help         print this
`;

/** What was asked is not to be had: told in a line, and the program ends with 2. */
class WrongUse extends Error {}

async function main(words: readonly string[]): Promise<void> {
  const values = optionsOf(words);
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const { quick } = values;
  const wanted = groupsOf(values.store, values.only);
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
  for (const [group, measures] of Object.entries(GROUPS)) {
    if (!wanted.includes(group)) continue;
    for (const measure of measures) rows.push(...(await measure(scale, note, (server) => servers.push(server))));
  }
  note('done');
  const about = { machine: machine(), servers, node: process.version, seed: scale.seed, rounds: scale.rounds, quick };
  process.stdout.write(
    values.json ? `${JSON.stringify({ ...about, rows }, null, 2)}\n` : `${heading(about)}\n\n${table(rows, quick)}\n`,
  );
}

/** @throws WrongUse for what is no option. */
function optionsOf(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false, short: 'h' },
        store: { type: 'string', multiple: true },
        only: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        seed: { type: 'string', default: '1' },
      },
    }).values;
  } catch (error) {
    throw new WrongUse(`${error instanceof Error ? error.message.split('\n')[0] : error} (--help tells the options)`);
  }
}

/** @throws WrongUse for what there is not. */
function groupsOf(stores: readonly string[] | undefined, only: readonly string[] | undefined): readonly string[] {
  if (stores !== undefined && only !== undefined) throw new WrongUse('give one of --store and --only');
  for (const store of stores ?? []) {
    if (!Object.hasOwn(STORES, store))
      throw new WrongUse(`--store ${store}: there are ${Object.keys(STORES).join(', ')}`);
  }
  for (const group of only ?? []) {
    if (!Object.hasOwn(GROUPS, group))
      throw new WrongUse(`--only ${group}: there are ${Object.keys(GROUPS).join(', ')}`);
  }
  return stores ?? only ?? Object.keys(GROUPS);
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new WrongUse(`${name} ${text}: give a whole number from 1`);
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
else
  await main(process.argv.slice(2)).catch((error: unknown) => {
    if (!(error instanceof WrongUse)) throw error;
    process.stderr.write(`bench: ${error.message}\n`);
    process.exitCode = 2;
  });

/** The command line of the harness. */
import { parseArgs } from 'node:util';
import { BREAKS, type Break } from './order.js';
import type { StoreKind } from './run-plan.js';

const STORES: readonly StoreKind[] = ['memory', 'file', 'redis', 'postgres'];

/** Protections that only one kind of store has. */
const ONLY_OF: Partial<Readonly<Record<Break, { readonly store: StoreKind; readonly why: string }>>> = {
  flush: { store: 'file', why: 'has no log to flush' },
  readback: { store: 'file', why: 'has no log to read back' },
  durability: { store: 'redis', why: 'has no replicas to wait for' },
};

/** What was asked for. */
export interface Options {
  readonly store: StoreKind;
  readonly runs: number;
  readonly seed: number;
  readonly json: boolean;
  readonly broken: Break | undefined;
}

/** The text behind `--help`. */
export const USAGE: string = `Usage: npm run torture -- --store memory|file|redis|postgres [--runs 300] [--seed N] [--json] [--break <protection>]

Runs tools in workers that are killed, stopped and cut off, and counts broken promises.

  --store    memory: workers in this process, in virtual time; file: real processes on one folder; redis, postgres:
             real processes on real servers, which are started, killed and replaced here
  --runs     how many runs (default 300; 40 with --break)
  --seed     which runs; the same seed gives the same plan (default: by chance). The timing of real processes is
             not part of the plan, so their runs may end differently each time
  --json     one JSON object on standard output, nothing else
  --break    switch one protection off: the harness must find duplicates or losses then
             (${BREAKS.join(', ')}; flush and readback only with --store file,
             durability only with --store redis)

Exit code: 0 no promise was broken (with --break: the missing protection was found), 1 otherwise, 2 usage.`;

/** A command line that makes no sense. */
export class CommandLineError extends Error {}

/** How many runs find a missing protection. */
const RUNS_WITH_BREAK = 40;

/**
 * @returns what was asked for, or `help`.
 * @throws CommandLineError
 */
export function parseOptions(words: readonly string[]): Options | 'help' {
  const values = parsed(words);
  if (values.help === true) return 'help';
  const store = STORES.find((one) => one === values.store);
  if (store === undefined) {
    throw new CommandLineError(
      values.store === undefined ? '--store is missing' : `--store ${values.store}: there are ${STORES.join(', ')}`,
    );
  }
  const broken = protection(values.break);
  const only = broken === undefined ? undefined : ONLY_OF[broken];
  if (only !== undefined && only.store !== store)
    throw new CommandLineError(`--break ${broken}: a ${store} store ${only.why}; use --store ${only.store}`);
  return {
    store,
    broken,
    json: values.json === true,
    runs: wholeNumber('--runs', values.runs, 1) ?? (broken === undefined ? 300 : RUNS_WITH_BREAK),
    seed: wholeNumber('--seed', values.seed, 0) ?? Math.floor(Math.random() * 1_000_000),
  };
}

interface Values {
  readonly store?: string;
  readonly runs?: string;
  readonly seed?: string;
  readonly json?: boolean;
  readonly break?: string;
  readonly help?: boolean;
}

function parsed(words: readonly string[]): Values {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        store: { type: 'string' },
        runs: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'boolean' },
        break: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    throw new CommandLineError(error instanceof Error ? error.message : String(error));
  }
}

function protection(name: string | undefined): Break | undefined {
  if (name === undefined) return undefined;
  const found = BREAKS.find((one) => one === name);
  if (found === undefined) throw new CommandLineError(`--break ${name}: there are ${BREAKS.join(', ')}`);
  return found;
}

function wholeNumber(option: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d{1,15}$/.test(text) || number < least)
    throw new CommandLineError(`${option} ${text}: give a whole number from ${least}`);
  return number;
}

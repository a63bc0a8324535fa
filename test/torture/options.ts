/** The command line of the harness. */
import { parseArgs } from 'node:util';
import { BREAKS, type Break } from './order.js';
import type { StoreKind } from './run-plan.js';

/** What was asked for. */
export interface Options {
  readonly store: StoreKind;
  readonly runs: number;
  readonly seed: number;
  readonly json: boolean;
  readonly broken: Break | undefined;
}

/** The text behind `--help`. */
export const USAGE: string = `Usage: npm run torture -- --store file|memory [--runs 300] [--seed N] [--json] [--break <protection>]

Runs tools in workers that are killed, stopped and cut off, and counts broken promises.

  --store    file: real processes on one folder; memory: workers in this process, in virtual time
  --runs     how many runs (default 300; 40 with --break)
  --seed     which runs; the same seed gives the same plan (default: by chance). The timing of real processes is
             not part of the plan, so a file run may end differently each time
  --json     one JSON object on standard output, nothing else
  --break    switch one protection off: the harness must find duplicates or losses then
             (${BREAKS.join(', ')}; flush and readback only with --store file)

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
  const { store } = values;
  if (store !== 'file' && store !== 'memory')
    throw new CommandLineError(
      store === undefined ? '--store is missing' : `--store ${store}: there are file and memory`,
    );
  const broken = protection(values.break);
  if (store === 'memory' && (broken === 'flush' || broken === 'readback')) {
    throw new CommandLineError(
      `--break ${broken}: a memory store has no log to flush or to read back; use --store file`,
    );
  }
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

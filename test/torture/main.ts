/** `npm run torture`: see options.ts for its command line. */
import type { Arena } from './arena.js';
import { runInMemory } from './memory-run.js';
import { CommandLineError, type Options, parseOptions, USAGE } from './options.js';
import { planRuns } from './plan.js';
import { exitCodeOf, type Report, Totals } from './totals.js';

async function arenaFor({ store, runs }: Options): Promise<Arena> {
  if (store === 'memory') return { atOnce: 1, notRun: new Map(), run: runInMemory, close: async () => undefined };
  const { openProcessArena } = await import('./process-arena.js');
  return openProcessArena(store, runs);
}

async function torture(options: Options): Promise<Report> {
  const { store, runs, seed, broken, json } = options;
  const started = performance.now();
  const totals = new Totals(store, seed, broken);
  const plans = planRuns(store, runs, seed, broken);
  const say = (line: string): void => {
    if (!json) console.log(line);
  };
  say(`${runs} runs over a ${store} store, seed ${seed}${broken === undefined ? '' : `, without ${broken}`}`);
  const opening = arenaFor(options);
  const stop = (code: number): void => void opening.then((arena) => arena.close()).finally(() => process.exit(code));
  process.once('SIGINT', () => stop(130)).once('SIGTERM', () => stop(143));
  // Nobody reads any more, e.g. behind `head`.
  process.stdout.once('error', () => stop(1));
  const arena = await opening;
  try {
    let done = 0;
    const lane = async (): Promise<void> => {
      for (let plan = plans.shift(); plan !== undefined; plan = plans.shift()) {
        const found = totals.add(plan, await arena.run(plan));
        done += 1;
        for (const { counter, key, what } of found)
          say(`  ${plan.name} (${plan.scenario}) ${counter}: ${key}: ${what}`);
        if (done % 50 === 0) say(`  ${done} of ${runs} runs, ${Math.round((performance.now() - started) / 1_000)} s`);
      }
    };
    await Promise.all(Array.from({ length: arena.atOnce }, lane));
  } finally {
    await arena.close();
  }
  return totals.report((performance.now() - started) / 1_000, arena.notRun);
}

function print(report: Report): void {
  const { findings: _shownAbove, fired, not_run, not_shown, ...counters } = report;
  for (const [name, value] of Object.entries(counters)) console.log(`${name.padEnd(22)} ${String(value)}`);
  if (report.blocked_calls > 0)
    console.log(
      `${'false block rate'.padEnd(22)} ${((100 * report.false_blocks) / report.blocked_calls).toFixed(1)} % of blocked calls`,
    );
  console.log(
    `${'faults'.padEnd(22)} ${Object.entries(fired)
      .map(([fault, count]) => `${fault} ${count}`)
      .join(', ')}`,
  );
  for (const line of not_run) console.log(`not run                ${line}`);
  for (const line of not_shown) console.log(`NOT SHOWN              ${line}`);
}

async function main(words: readonly string[]): Promise<number> {
  let options: Options | 'help';
  try {
    options = parseOptions(words);
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (options === 'help') {
    console.log(USAGE);
    return 0;
  }
  const report = await torture(options);
  if (options.json) console.log(JSON.stringify(report));
  else print(report);
  return exitCodeOf(report);
}

process.exitCode = await main(process.argv.slice(2));

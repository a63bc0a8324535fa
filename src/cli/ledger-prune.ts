import type { Config } from '../config/loader/config.js';
import { table } from '../config/table.js';
import { exactly } from '../encoding/duration.js';
import type { ActionLedger, PruneOptions } from '../ledger/action-ledger.js';
import type { PruneReport } from '../ledger/prune.js';
import { KEPT_REASONS, type KeptReason } from '../ledger/retention.js';
import { type CommonOptions, usableConfig } from './configuration.js';
import { CommandError, EXIT, type ExitCode } from './exit.js';
import { interruptible } from './interruption.js';
import { type Ledgers, locationsOf, withLedgers } from './open-ledgers.js';
import { unlessAnother } from './prune-lock.js';
import { nextCommand, type Terminal } from './terminal.js';

/** What `ledger prune` is told. */
export interface PruneCommandOptions extends CommonOptions {
  /** Milliseconds. @default the retention of the file */
  readonly olderThan?: number;
  readonly dryRun?: boolean;
}

/** What became of one store. */
interface Pruned {
  readonly ledger: ActionLedger;
  /** Undefined when another process is pruning it. */
  readonly report: PruneReport | undefined;
}

/** `mycelium ledger prune`: forgets calls that were finished long enough ago. */
export async function pruneCalls(options: PruneCommandOptions, terminal: Terminal): Promise<ExitCode> {
  const { config } = usableConfig(options);
  const olderThan = options.olderThan ?? config.retention;
  if (typeof olderThan === 'object' && olderThan.tool === undefined && olderThan.task === undefined) {
    throw new CommandError(
      EXIT.usage,
      'nothing says how long calls are kept',
      'Give --older-than 30d, or write retention: 30d under action_ledger and task_ledger. What is pruned is forgotten, and the same call would run again.',
    );
  }
  return interruptible((signal) =>
    withLedgers(config, async (ledgers) => {
      const start = performance.now();
      const pruned: Pruned[] = [];
      try {
        for (const ledger of ledgers.all) {
          if (signal.aborted) break;
          const how: PruneOptions = {
            olderThan,
            dryRun: options.dryRun === true,
            by: 'mycelium ledger prune',
            signal,
            outerLedgers: ledgers.all,
            onProgress: ({ examined, pruned: count }) => {
              if (performance.now() - start > 500) terminal.progress(`${examined} calls looked at, ${count} to go`);
            },
          };
          pruned.push({ ledger, report: await pruneOne(ledger, how, config) });
        }
      } finally {
        terminal.progress('');
      }
      tell(pruned, ledgers, options, terminal);
      return signal.aborted ? EXIT.findings : EXIT.done;
    }),
  );
}

async function pruneOne(ledger: ActionLedger, how: PruneOptions, config: Config): Promise<PruneReport | undefined> {
  const { description } = ledger.store;
  const place = locationsOf(config).find((one) => one.storage === 'file' && `file ${one.directory}` === description);
  if (place?.storage !== 'file' || how.dryRun === true) return ledger.prune(how);
  return unlessAnother(place.directory, () => ledger.prune(how));
}

function tell(pruned: readonly Pruned[], ledgers: Ledgers, options: PruneCommandOptions, terminal: Terminal): void {
  const stopped = pruned.length < ledgers.all.length || pruned.some(({ report }) => report?.complete === false);
  if (options.json === true) {
    const stores = pruned.map(({ ledger, report }) => ({
      store: ledger.store.description,
      ...(report === undefined ? { skipped: 'another process is pruning it' } : asJson(report)),
    }));
    const whole = {
      dryRun: options.dryRun === true,
      complete: !stopped && pruned.every(({ report }) => report !== undefined),
      stores,
      notLookedAt: ledgers.missing,
    };
    terminal.out(JSON.stringify(whole, null, 2));
    return;
  }
  if (pruned.length > 0) terminal.out(pruned.map((one) => textOf(one, options, terminal)).join('\n\n'));
  for (const store of ledgers.missing) terminal.note(`Not looked at: ${store}.`);
  if (stopped) terminal.note('Stopped before the end. What is pruned is pruned; the next pruning does the rest.');
  if (options.dryRun === true) terminal.note('Nothing was changed. Without --dry-run they are forgotten.');
}

function asJson({ complete, examined, pruned, kept, olderThanMs, oldest, newest }: PruneReport): object {
  return { complete, olderThanMs, examined, pruned, oldest, newest, kept };
}

function textOf({ ledger, report }: Pruned, options: PruneCommandOptions, terminal: Terminal): string {
  const { description } = ledger.store;
  if (report === undefined) return `${description}: left alone, another process is pruning it.`;
  const { examined, pruned, kept, oldest = 0, newest = 0 } = report;
  if (examined === 0) return `${description}: no calls.`;
  const what = report.dryRun ? 'to prune' : 'pruned';
  const rows = [
    [what, String(pruned), pruned === 0 ? '' : `finished ${day(oldest)} to ${day(newest)}`],
    ...KEPT_REASONS.flatMap((reason) => {
      const count = kept[reason];
      return count === undefined ? [] : [['kept', String(count), whyKept(reason, report, options, terminal)]];
    }),
  ];
  return `${description}\n${table(['', 'CALLS', ''], rows)
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')}`;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function whyKept(
  reason: KeptReason,
  { olderThanMs }: PruneReport,
  { config }: PruneCommandOptions,
  terminal: Terminal,
): string {
  switch (reason) {
    case 'recent': {
      const times = [...new Set(Object.values(olderThanMs).map(exactly))];
      return `finished less than ${times.join(' or ')} ago`;
    }
    case 'held':
      return 'a worker is at it';
    case 'unsettled':
      return `not finished, or not settled: ${nextCommand(terminal, 'ledger list', config)}`;
    case 'being-settled':
      return 'a reconciler is being asked';
    case 'evidence':
      return 'a superseded worker finished late; the next call adopts its result';
    case 'attempts-used-up':
      return 'blocked, their attempts are used up';
    case 'key-window':
      return 'the provider may still know the idempotency key';
    case 'outer-call':
      return 'the task or call around them is not finished, or not found';
    case 'run':
      return 'their run has a call that is unfinished or recent';
    case 'changed':
      return 'changed meanwhile';
  }
}

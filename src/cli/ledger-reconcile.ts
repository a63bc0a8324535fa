import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { onOneLine } from '../encoding/printable.js';
import type { SweepOptions } from '../ledger/action-ledger.js';
import type { SweepReport } from '../ledger/sweep.js';
import { guardsAround } from '../tool/guard.js';
import { type CommonOptions, signingConfig } from './configuration.js';
import { CommandError, EXIT, type ExitCode } from './exit.js';
import { interruptible } from './interruption.js';
import { type Ledgers, withLedgers } from './open-ledgers.js';
import { nextCommand, type Terminal } from './terminal.js';

/** What `ledger reconcile` is told. */
export interface ReconcileOptions extends CommonOptions {
  /** The module with the guarded tools. */
  readonly import: string;
  /** Goes on, and asks again after so many milliseconds. */
  readonly watch?: number;
}

type Tools = SweepOptions['tools'];
type Whole = Omit<SweepReport, 'complete'>;

/** `mycelium ledger reconcile`: asks the reconcilers about every call that was lost. */
export async function reconcileCalls(options: ReconcileOptions, terminal: Terminal): Promise<ExitCode> {
  const { read, audit } = await signingConfig(options);
  const tools = await toolsOf(options.import);
  const reconcile = (ledgers: Ledgers): Promise<ExitCode> =>
    interruptible(async (signal) => {
      let latest: Whole;
      for (;;) {
        latest = await sweepAll(ledgers, tools, signal, terminal);
        tell(latest, options, terminal);
        if (options.watch === undefined || signal.aborted) break;
        await sleep(options.watch, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) break;
      }
      return latest.unsettled.length === 0 ? EXIT.done : EXIT.findings;
    });
  return withLedgers(read.config, reconcile, audit?.issuer);
}

/** Every guarded tool with a reconciler that the module exports, by itself or in an object. */
async function toolsOf(file: string): Promise<Tools> {
  let module: object;
  try {
    module = (await import(pathToFileURL(resolve(file)).href)) as object;
  } catch (error) {
    throw new CommandError(
      EXIT.usage,
      `--import ${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      'Name the built JavaScript module that exports your guarded tools.',
    );
  }
  const exported = Object.values(module).flatMap((one: unknown) =>
    typeof one === 'object' && one !== null ? [one, ...Object.values(one)] : [one],
  );
  const found = [...new Set(exported)].filter(hasReconciler) as unknown as Tools;
  if (found.length > 0) return found;
  throw new CommandError(
    EXIT.usage,
    `--import ${file} exports no guarded tool that has a reconciler`,
    'Export the tools that ledger({ reconcile })(…) or mycelium.instrument(…) gave.',
  );
}

function hasReconciler(exported: unknown): boolean {
  return (
    guardsAround(exported)?.some(
      ({ options }) => (options as { reconcile?: unknown } | undefined)?.reconcile !== undefined,
    ) === true
  );
}

async function sweepAll(ledgers: Ledgers, tools: Tools, signal: AbortSignal, terminal: Terminal): Promise<Whole> {
  const whole = { examined: 0, committed: 0, notExecuted: 0, movedOn: 0, unsettled: [] as Whole['unsettled'] };
  for (const ledger of ledgers.all) {
    const onProgress: SweepOptions['onProgress'] = ({ examined, settled }) =>
      terminal.progress(`${whole.examined + examined} calls asked about, ${settled} settled`);
    const one = await ledger.sweep({ tools, signal, onProgress }).finally(() => terminal.progress(''));
    whole.examined += one.examined;
    whole.committed += one.committed;
    whole.notExecuted += one.notExecuted;
    whole.movedOn += one.movedOn;
    whole.unsettled = [...whole.unsettled, ...one.unsettled];
  }
  return whole;
}

function tell(report: Whole, options: ReconcileOptions, terminal: Terminal): void {
  if (options.json === true) {
    terminal.out(JSON.stringify(report, null, options.watch === undefined ? 2 : 0));
    return;
  }
  const { examined, committed, notExecuted, movedOn, unsettled } = report;
  if (examined === 0) {
    // Whoever watches wants to read what happens, not that nothing does.
    if (options.watch === undefined) terminal.out('No call of these tools was lost.');
    return;
  }
  const moved = movedOn === 0 ? '' : `, ${movedOn} settled by others`;
  terminal.out(
    `${examined} lost: ${committed} committed, ${notExecuted} not executed${moved}, ${unsettled.length} left.`,
  );
  for (const { id, why } of unsettled)
    terminal.out(`  ${onOneLine(why)}\n    ${nextCommand(terminal, `ledger show ${id.slice(0, 8)}`, options.config)}`);
}

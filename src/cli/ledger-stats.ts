import { table } from '../config/table.js';
import { onOneLine } from '../encoding/printable.js';
import type { ToolStats } from '../ledger/stats.js';
import { type CommonOptions, usableConfig } from './configuration.js';
import { EXIT, type ExitCode } from './exit.js';
import { interruptible } from './interruption.js';
import { withLedgers } from './open-ledgers.js';
import type { Terminal } from './terminal.js';

interface StatsOfStore {
  readonly store: string;
  readonly tools: readonly Omit<ToolStats, 'replays' | 'waits'>[];
}

/** `mycelium ledger stats`: how many calls, how often they ran again and why, and what ran that should not have. */
export async function ledgerStats(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const { config } = usableConfig(options);
  return withLedgers(config, (ledgers) =>
    interruptible(async (signal) => {
      const stores: StatsOfStore[] = [];
      for (const ledger of ledgers.all) {
        terminal.progress(`reading ${ledger.store.description}`);
        const tools = await ledger.stats({ signal }).finally(() => terminal.progress(''));
        // Replays and waits leave no record: what this process counted of them is nothing.
        stores.push({ store: ledger.store.description, tools: tools.map(({ replays, waits, ...rest }) => rest) });
      }
      const duplicates = stores.flatMap(({ tools }) => tools).reduce((sum, tool) => sum + tool.duplicates, 0);
      if (options.json === true)
        terminal.out(JSON.stringify({ duplicates, stores, notLookedAt: ledgers.missing }, null, 2));
      else terminal.out(stores.map(textOf).join('\n\n'));
      for (const store of options.json === true ? [] : ledgers.missing) terminal.note(`Not looked at: ${store}.`);
      return duplicates === 0 ? EXIT.done : EXIT.findings;
    }),
  );
}

function textOf({ store, tools }: StatsOfStore): string {
  if (tools.length === 0) return `${store}: no calls.`;
  const rows = tools.map((tool) => [
    onOneLine(tool.tool),
    String(tool.calls),
    String(tool.committed),
    count(tool.aborted),
    count(tool.running),
    count(tool.blocked),
    count(tool.takeovers),
    Object.entries(tool.reruns)
      .map(([reason, times]) => `${reason} ${times}`)
      .join(', '),
    `${tool.duplicates} (${(tool.duplicateRate * 100).toFixed(tool.duplicates === 0 ? 0 : 2)} %)`,
  ]);
  const headings = [
    'TOOL',
    'CALLS',
    'COMMITTED',
    'ABORTED',
    'RUNNING',
    'BLOCKED',
    'TAKEOVERS',
    'RUN AGAIN',
    'DUPLICATES',
  ];
  return `${store}\n${table(headings, rows)}`;
}

/** Nothing is shown where nothing is: a column that is empty in every row is left out. */
function count(value: number): string {
  return value === 0 ? '' : String(value);
}

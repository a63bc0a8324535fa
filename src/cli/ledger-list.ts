import { table } from '../config/table.js';
import { roughly } from '../encoding/duration.js';
import { onOneLine } from '../encoding/printable.js';
import type { CallQuery, CallView } from '../ledger/call-view.js';
import { stateOf } from './call-text.js';
import { type CommonOptions, usableConfig } from './configuration.js';
import { EXIT, type ExitCode } from './exit.js';
import { type Ledgers, withLedgers } from './open-ledgers.js';
import { nextCommand, type Terminal } from './terminal.js';

/** What `ledger list` is told. */
export interface ListOptions extends CommonOptions {
  readonly stuck?: boolean;
  readonly tool?: string;
  readonly run?: string;
  /** @default 50 for people, all as JSON */
  readonly limit?: number;
}

/** `mycelium ledger list`: calls, the latest first. */
export async function listCalls(options: ListOptions, terminal: Terminal): Promise<ExitCode> {
  const { config } = usableConfig(options);
  return withLedgers(config, async (ledgers) => {
    const found = await allCalls(ledgers, options, terminal);
    const limit = options.limit ?? (options.json === true ? found.length : 50);
    const shown = found.slice(0, limit);
    if (options.json === true) {
      terminal.out(JSON.stringify({ total: found.length, calls: shown, notLookedAt: ledgers.missing }, null, 2));
      return EXIT.done;
    }
    terminal.out(found.length === 0 ? nothing(options) : await rows(ledgers, shown, options.config, terminal));
    for (const store of ledgers.missing) terminal.note(`Not looked at: ${store}.`);
    if (shown.length < found.length)
      terminal.note(`The latest ${shown.length} of ${found.length}; --limit ${found.length} shows all.`);
    return EXIT.done;
  });
}

async function allCalls(ledgers: Ledgers, options: ListOptions, terminal: Terminal): Promise<CallView[]> {
  const query: CallQuery = {
    limit: 1_000,
    ...(options.stuck === true ? { stuck: true } : {}),
    ...(options.tool === undefined ? {} : { tool: options.tool }),
    ...(options.run === undefined ? {} : { run: options.run }),
  };
  const start = performance.now();
  const found: CallView[] = [];
  try {
    for (const ledger of ledgers.all) {
      let after: string | undefined;
      do {
        const page = await ledger.list({ ...query, ...(after === undefined ? {} : { after }) });
        found.push(...page.calls);
        if (performance.now() - start > 500) terminal.progress(`${found.length} calls read`);
        after = page.next;
      } while (after !== undefined);
    }
  } finally {
    terminal.progress('');
  }
  return found.sort((one, other) => other.writtenAt - one.writtenAt);
}

function nothing({ stuck, tool, run }: ListOptions): string {
  const which = `${tool === undefined ? '' : ` of ${tool}`}${run === undefined ? '' : ` in run ${run}`}`;
  return stuck === true ? `No call${which} waits for a person.` : `No calls${which}.`;
}

async function rows(
  ledgers: Ledgers,
  shown: readonly CallView[],
  config: string | undefined,
  terminal: Terminal,
): Promise<string> {
  const short = await ledgers.shortIds(shown.map(({ id }) => id));
  return table(
    ['ID', 'TOOL', 'REQUEST', 'STATE', 'AGE', 'NEXT'],
    shown.map((call) => {
      const id = short.get(call.id) ?? call.id;
      const next = call.stuck ? nextCommand(terminal, `ledger show ${id}`, config) : '';
      return [`${id}…`, cut(call.tool), cut(call.requestId), stateOf(call), roughly(call.ageMs), next];
    }),
  );
}

/** Names and request ids are somebody's text: on one line, and not all of a long one. */
function cut(text: string): string {
  const line = onOneLine(text);
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

import { table } from '../config/table.js';
import { roughly } from '../encoding/duration.js';
import { nearest } from '../encoding/nearest.js';
import { onOneLine } from '../encoding/printable.js';
import type { CallQuery, CallView } from '../ledger/call-view.js';
import { stateOf } from './call-text.js';
import { type CommonOptions, isCalled, usableConfig } from './configuration.js';
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
  const { tool: said } = options;
  const tool = config.guards.find((guard) => said !== undefined && isCalled(guard, said))?.name ?? said;
  return withLedgers(config, async (ledgers) => {
    const all = await allCalls(ledgers, { ...options, ...(tool === undefined ? {} : { tool }) }, terminal);
    const found = options.stuck === true ? all.filter(({ stuck }) => stuck) : all;
    const limit = options.limit ?? (options.json === true ? found.length : 50);
    const shown = found.slice(0, limit);
    if (options.json === true) {
      terminal.out(JSON.stringify({ total: found.length, calls: shown, notLookedAt: ledgers.missing }, null, 2));
      return EXIT.done;
    }
    const declared = config.guards.map(({ name }) => name);
    if (all.length === 0 && tool !== undefined && !declared.includes(tool)) {
      const near = nearest(tool, declared);
      terminal.note(`The file has no tool ${onOneLine(tool)}.${near === undefined ? '' : ` Did you mean ${near}?`}`);
    }
    terminal.out(found.length === 0 ? nothing(options) : await rows(ledgers, shown, options.config, terminal));
    if (options.stuck === true) tellHeld(all, terminal);
    for (const store of ledgers.missing) terminal.note(`Not looked at: ${store}.`);
    if (shown.length < found.length)
      terminal.note(`The latest ${shown.length} of ${found.length}; --limit ${found.length} shows all.`);
    return EXIT.done;
  });
}

async function allCalls(ledgers: Ledgers, options: ListOptions, terminal: Terminal): Promise<CallView[]> {
  const query: CallQuery = {
    limit: 1_000,
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
        found.push(...page.calls.map((call) => ledgers.asDeclared(call)));
        if (performance.now() - start > 500) terminal.progress(`${found.length} calls read`);
        after = page.next;
      } while (after !== undefined);
    }
  } finally {
    terminal.progress('');
  }
  return found.sort((one, other) => other.writtenAt - one.writtenAt);
}

/** A dead worker holds its calls until their leases end, and only then they are stuck. */
function tellHeld(calls: readonly CallView[], terminal: Terminal): void {
  const ends = calls.flatMap(({ held, leaseUntil }) => (held && leaseUntil !== undefined ? [leaseUntil] : []));
  if (ends.length === 0) return;
  const until = new Date(Math.max(...ends)).toISOString();
  const what = ends.length === 1 ? '1 call is held by a worker' : `${ends.length} calls are held by workers`;
  terminal.note(`${what}, until ${until} unless the worker renews its lease.`);
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

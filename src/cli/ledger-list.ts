import { table } from '../config/table.js';
import type { ActionLedger } from '../ledger/action-ledger.js';
import type { CallQuery, CallView } from '../ledger/call-view.js';
import { stateOf } from './call-text.js';
import { type CommonOptions, usableConfig } from './configuration.js';
import { roughly } from './durations.js';
import { EXIT, type ExitCode } from './exit.js';
import { withLedgers } from './open-ledgers.js';
import { nextCommand, progress, type Terminal } from './terminal.js';

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
      const calls = shown.map(({ call }) => call);
      terminal.out(JSON.stringify({ total: found.length, calls }, null, 2));
      return EXIT.done;
    }
    terminal.out(found.length === 0 ? nothing(options) : await rows(shown, options.config, terminal));
    if (shown.length < found.length)
      terminal.note(`The latest ${shown.length} of ${found.length}; --limit ${found.length} shows all.`);
    return EXIT.done;
  });
}

interface Found {
  readonly ledger: ActionLedger;
  readonly call: CallView;
}

async function allCalls(ledgers: readonly ActionLedger[], options: ListOptions, terminal: Terminal): Promise<Found[]> {
  const query: CallQuery = {
    limit: 1_000,
    ...(options.stuck === true ? { stuck: true } : {}),
    ...(options.tool === undefined ? {} : { tool: options.tool }),
    ...(options.run === undefined ? {} : { run: options.run }),
  };
  const reading = progress(terminal);
  const found: Found[] = [];
  try {
    for (const ledger of ledgers) {
      let after: string | undefined;
      do {
        const page = await ledger.list({ ...query, ...(after === undefined ? {} : { after }) });
        for (const call of page.calls) found.push({ ledger, call });
        reading.tell(`${found.length} calls read`);
        after = page.next;
      } while (after !== undefined);
    }
  } finally {
    reading.end();
  }
  return found.sort((one, other) => other.call.writtenAt - one.call.writtenAt);
}

function nothing({ stuck, tool, run }: ListOptions): string {
  const which = `${tool === undefined ? '' : ` of ${tool}`}${run === undefined ? '' : ` in run ${run}`}`;
  return stuck === true ? `No call${which} waits for a person.` : `No calls${which}.`;
}

async function rows(shown: readonly Found[], config: string | undefined, terminal: Terminal): Promise<string> {
  const short = new Map<string, string>();
  for (const ledger of new Set(shown.map((one) => one.ledger))) {
    const ids = shown.filter((one) => one.ledger === ledger).map(({ call }) => call.id);
    for (const [id, beginning] of await ledger.shortIds(ids)) short.set(id, beginning);
  }
  return table(
    ['ID', 'TOOL', 'REQUEST', 'STATE', 'AGE', 'NEXT'],
    shown.map(({ call }) => {
      const id = short.get(call.id) ?? call.id;
      const next = call.stuck ? nextCommand(terminal, `ledger show ${id}`, config) : '';
      return [`${id}…`, call.tool, cut(call.requestId), stateOf(call), roughly(call.ageMs), next];
    }),
  );
}

/** A request id is somebody's text: on one line, and not all of a long one. */
function cut(text: string): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '\ufffd');
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

import { StoreFormatError } from '../errors/store.js';
import type { RecordKey, StoredRecord, Write } from '../store/contract.js';
import type { LedgerHome } from '../tool/home.js';
import type { Engine } from './engine.js';
import { RECORD_FORMAT } from './record.js';

/** One pruning, as it is kept for ever: what was taken away, when, and by whom. */
export interface PruningView {
  /** When it began, in milliseconds of the store's clock. */
  readonly at: number;
  readonly kind: 'tool' | 'task';
  /** Who it was said to be for. */
  readonly by?: string;
  /** How long ago calls must have been finished, in milliseconds. */
  readonly olderThanMs: number;
  /** How many calls were pruned. */
  readonly count: number;
  /** When the first and the last of them were finished. */
  readonly oldest: number;
  readonly newest: number;
}

/** What a partition keeps of a pruning: partitions share no transaction, so each has a line of its own. */
export interface PrunedLine extends PruningView {
  readonly format: typeof RECORD_FORMAT;
  /** The same in all lines of a pruning. */
  readonly pruning: string;
}

const KIND = 'pruned';

/** Where the line of a pruning stands. */
export function lineKey(partition: number, { pruning, kind }: Pick<PrunedLine, 'pruning' | 'kind'>): RecordKey {
  return { partition, kind: KIND, id: `${pruning} ${kind}` };
}

/** The write that puts a line in place. */
export function writeOfLine(key: RecordKey, line: PrunedLine, ledger: string): Write {
  return { key, value: JSON.stringify(line), index: { ledger } };
}

/** @throws StoreFormatError for a format this version does not know. */
function decodeLine({ key, value }: StoredRecord, store: string): PrunedLine {
  const line = JSON.parse(value) as PrunedLine;
  if (line.format === RECORD_FORMAT) return line;
  throw new StoreFormatError({
    store,
    field: `a ${KIND} record (${key.id}) of format`,
    found: line.format,
    expected: RECORD_FORMAT,
    remedy: 'Run the version of mycelium-runtime that wrote it, or a newer one.',
  });
}

/** Every pruning of a ledger, the latest first. */
export async function listPrunings(engine: Engine, home: LedgerHome): Promise<readonly PruningView[]> {
  const found = new Map<string, PruningView>();
  let after: string | undefined;
  do {
    const page = await engine.client.list({
      kind: KIND,
      where: { ledger: home.name },
      limit: 500,
      ...(after === undefined ? {} : { after }),
    });
    for (const stored of page.records) {
      const { format: _, pruning, ...line } = decodeLine(stored, engine.description);
      const name = `${pruning} ${line.kind}`;
      const before = found.get(name);
      found.set(name, before === undefined ? line : together(before, line));
    }
    after = page.next;
  } while (after !== undefined);
  return [...found.values()].sort((one, other) => other.at - one.at);
}

function together(one: PruningView, other: PruningView): PruningView {
  return {
    ...one,
    count: one.count + other.count,
    oldest: Math.min(one.oldest, other.oldest),
    newest: Math.max(one.newest, other.newest),
  };
}

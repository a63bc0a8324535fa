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

/** The kind of these records. */
export const PRUNED_LINE = 'pruned';

/** Where the line of a pruning stands. */
export function lineKey(partition: number, { pruning, kind }: Pick<PrunedLine, 'pruning' | 'kind'>): RecordKey {
  return { partition, kind: PRUNED_LINE, id: `${pruning} ${kind}` };
}

/** The write that puts a line in place. */
export function writeOfLine(key: RecordKey, line: PrunedLine, ledger: string): Write {
  return { key, value: JSON.stringify(line), index: { ledger } };
}

/**
 * What a record says of a pruning; undefined for what is no line of one.
 *
 * @throws StoreFormatError for a format this version does not know.
 */
export function decodeLine({ key, value }: StoredRecord, store: string): PrunedLine | undefined {
  const line = partsOf(value);
  if (line === undefined) return undefined;
  if (line.format === RECORD_FORMAT)
    return typeof line.newest === 'number' && typeof line.count === 'number' && line.kind !== undefined
      ? (line as PrunedLine)
      : undefined;
  throw new StoreFormatError({
    store,
    field: `a ${PRUNED_LINE} record (${key.id}) of format`,
    found: line.format,
    expected: RECORD_FORMAT,
    remedy: 'Run the version of mycelium-runtime that wrote it, or a newer one.',
  });
}

function partsOf(value: string): Partial<PrunedLine> | undefined {
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Every pruning of a ledger, the latest first. */
export async function listPrunings(engine: Engine, home: LedgerHome): Promise<readonly PruningView[]> {
  const found = new Map<string, PruningView>();
  let after: string | undefined;
  do {
    const page = await engine.client.list({
      kind: PRUNED_LINE,
      where: { ledger: home.name },
      limit: 500,
      ...(after === undefined ? {} : { after }),
    });
    for (const stored of page.records) {
      const decoded = decodeLine(stored, engine.description);
      // Nobody who keeps to the format wrote it; it is no reason to hide the prunings that there were.
      if (decoded === undefined) continue;
      const { format: _, pruning, ...line } = decoded;
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

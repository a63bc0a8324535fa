/// <reference lib="esnext.disposable" preserve="true" />
import { randomBytes } from 'node:crypto';
import diagnostics_channel from 'node:diagnostics_channel';
import { StoreNotFoundError, StoreUnavailableError } from '../../errors/store.js';
import { UsageError } from '../../errors/usage.js';
import {
  type Durability,
  keyText,
  type ListPage,
  type ListQuery,
  type RecordKey,
  type Renewal,
  type RenewalResult,
  type Store,
  type StoredRecord,
  type Transaction,
  type TransactionResult,
} from '../contract.js';
import { checkKey, checkList, checkPartitions, indexMatches, unknownCursor } from '../transaction-rules.js';
import { CommitLoop } from './commit-loop.js';
import { openingError } from './file-error.js';
import { Folder } from './folder.js';
import type { Gap } from './frame-order.js';
import type { Generation } from './generation.js';
import { openLatest } from './latest.js';
import { LogClock } from './log-clock.js';
import type { Flush } from './log-file.js';
import { RefreshOperation, RenewOperation, SealOperation, TransactOperation, unloggedResult } from './operation.js';
import { prepare, prepareRenewals } from './prepare.js';
import { positionAfter } from './record-index.js';
import { Watchers } from './watchers.js';

/** What a file store can be told. */
export interface FileStoreOptions {
  /** How many partitions a new store gets. A store that exists with another number is refused. @default 16 */
  readonly partitions?: number;
  /** `false`: open what is there, and create nothing. @default true */
  readonly create?: boolean;
  /** Also open on a network file system, where the promises of this store do not hold. @default false */
  readonly force?: boolean;
  /**
   * `synchronous` blocks the event loop for each flush, which is faster for a program that does one thing
   * at a time. @default 'asynchronous'
   */
  readonly flush?: Flush;
  /** Compact a log by itself once it is larger than this many bytes and more than half of it is out of date. @default 64 MiB */
  readonly compactAtBytes?: number;
  /** The machine's clock, in milliseconds since the epoch, for tests. @default Date.now */
  readonly clock?: () => number;
  /**
   * Switches a protection off, so that a test can show that it would find the loss. Never for anything that
   * matters: without `flush` a power loss takes acknowledged writes, without `readback` two processes can
   * both win one claim.
   */
  readonly protections?: { readonly flush?: false; readonly readback?: false };
}

/** What the crash of a process or a machine left in a log, and what was skipped because it stands for nothing. */
export interface SkippedRegion {
  readonly file: string;
  /** In bytes from the beginning of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** A store in a folder of this machine, shared by any number of its processes. */
export interface FileStore extends Store {
  /** What was skipped since this store was opened. None of it was ever acknowledged. */
  readonly skipped: readonly SkippedRegion[];
  /**
   * Replaces the log by one that holds only what is up to date. Other processes may go on meanwhile.
   *
   * @throws StoreUnavailableError when the disk has no room for it, or fails.
   */
  compact(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Typed with the other events of the library, which this folder does not know. */
const channel: diagnostics_channel.Channel = diagnostics_channel.channel('mycelium:debris-skipped');
const COMPACT_AT_BYTES = 64 * 1024 * 1024;
const CURSOR = 'after ';

/**
 * Opens the store in a folder, or creates it there, the folder included. What it has acknowledged survives
 * the processes and the machine; any number of processes of one machine can have it open. What a crash
 * left behind is skipped, listed in `skipped` and published as `mycelium:debris-skipped`.
 *
 * @param directory - the folder, relative to the working directory. It should hold nothing else.
 * @throws UsageError when an option cannot be.
 * @throws StoreNotFoundError when there is none, and `create` is false.
 * @throws StoreFormatError when the store was created by another version or with other `partitions`.
 * @throws StoreDamagedError when a log is not what was written.
 * @throws StoreUnavailableError when the folder cannot be used, or is on a network file system.
 */
export async function openFileStore(directory: string, options: FileStoreOptions = {}): Promise<FileStore> {
  const {
    partitions,
    compactAtBytes = COMPACT_AT_BYTES,
    flush = 'asynchronous',
    clock = Date.now,
    protections,
  } = options;
  checkOptions(directory, options);
  const description = `file ${directory}`;
  const folder = new Folder(directory);
  const skipped: SkippedRegion[] = [];
  let watchers: Watchers | undefined;
  const settings = {
    folder,
    description,
    writer: randomBytes(9).toString('base64url'),
    flush,
    flushes: protections?.flush ?? true,
    readsBack: protections?.readback ?? true,
    partitions,
    compactAtBytes,
    clock: new LogClock(clock),
    moved: (text: string) => watchers?.moved(text),
    onGap: (file: string, { offset, bytes }: Gap) => {
      const region: SkippedRegion = Object.freeze({ file, offset, bytes });
      if (skipped.some((other) => other.file === file && other.offset === offset)) return;
      skipped.push(region);
      if (channel.hasSubscribers) channel.publish({ store: description, ...region });
    },
  };
  let generation: Generation;
  try {
    if (options.create !== false) folder.create();
    else if (!folder.holdsStore()) throw new StoreNotFoundError({ store: description });
    if (options.force !== true) folder.checkLocal(description);
    generation = await openLatest(settings);
  } catch (error) {
    throw openingError(error, description);
  }
  const loop = new CommitLoop(settings, generation);
  const store = new LogStore(description, loop, settings.clock, folder, skipped);
  watchers = store.watchers;
  return store;
}

class LogStore implements FileStore {
  readonly description: string;
  readonly durability: Durability = 'machine';
  readonly partitions: number;
  readonly skipped: readonly SkippedRegion[];
  readonly watchers: Watchers;
  readonly #loop: CommitLoop;
  readonly #clock: LogClock;
  readonly #folder: Folder;
  #closing: Promise<void> | undefined;

  constructor(
    description: string,
    loop: CommitLoop,
    clock: LogClock,
    folder: Folder,
    skipped: readonly SkippedRegion[],
  ) {
    this.description = description;
    this.partitions = loop.generation.opening![3];
    this.skipped = skipped;
    this.#loop = loop;
    this.#clock = clock;
    this.#folder = folder;
    this.watchers = new Watchers(() => this.#lookForOthers());
  }

  async transact(transaction: Transaction, nonce: string): Promise<TransactionResult> {
    this.#checkOpen('transact');
    const prepared = prepare(transaction, nonce, this.partitions);
    const result = unloggedResult(prepared, this.#loop.generation.state, this.#clock.now());
    if (result !== undefined && this.#loop.fresh) return result;
    const operation = new TransactOperation(prepared);
    this.#loop.enqueue(operation);
    return operation.promise;
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewalResult[]> {
    this.#checkOpen('renew');
    const prepared = prepareRenewals(renewals, this.partitions);
    if (prepared.length === 0) return [];
    const operation = new RenewOperation(prepared);
    this.#loop.enqueue(operation);
    return operation.promise;
  }

  async list(query: ListQuery): Promise<ListPage> {
    this.#checkOpen('list');
    checkList(query);
    const after = textAfter(query);
    await this.#refresh('list');
    const { state } = this.#loop.generation;
    const now = this.#clock.now();
    const texts = state.index.textsOf(query.kind);
    const records: StoredRecord[] = [];
    for (let position = after === undefined ? 0 : positionAfter(texts, after); position < texts.length; position++) {
      const record = state.records.get(texts[position]!)!;
      if (!indexMatches(record.index, query.where)) continue;
      if (records.length === query.limit) return { records, next: `${CURSOR}${keyText(records.at(-1)!.key)}`, now };
      records.push(record);
    }
    return { records, now };
  }

  async watch(key: RecordKey, revision: string | undefined, signal: AbortSignal): Promise<void> {
    this.#checkOpen('watch');
    checkKey(key, this.partitions, 'watch(key)');
    const text = keyText(key);
    if (signal.aborted || this.#loop.generation.state.records.get(text)?.revision !== revision) return;
    await this.watchers.wait(text, revision, signal);
  }

  async compact(): Promise<void> {
    this.#checkOpen('compact');
    const { number, successorBytes } = this.#loop.generation;
    if (!this.#folder.hasRoom(successorBytes)) {
      throw new StoreUnavailableError({
        store: this.description,
        during: 'compact',
        applied: 'no',
        cause: new Error(`the disk has no room for up to ${successorBytes} bytes`),
        remedy: 'Make room on the disk; until then the store goes on with the log it has.',
      });
    }
    const operation = new SealOperation(number);
    this.#loop.enqueue(operation);
    await operation.promise;
  }

  close(_options?: { readonly drain?: boolean }): Promise<void> {
    this.#closing ??= this.#loop.close().finally(() => this.watchers.wakeAll());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #refresh(during: string): Promise<void> {
    if (this.#loop.fresh) return;
    const operation = new RefreshOperation(during);
    this.#loop.enqueue(operation);
    await operation.promise;
  }

  async #lookForOthers(): Promise<boolean> {
    if (this.#closing !== undefined || this.#loop.fresh) return false;
    await this.#refresh('watch');
    this.watchers.compare(this.#loop.generation.state);
    return true;
  }

  #checkOpen(during: string): void {
    if (this.#closing === undefined) return;
    throw new StoreUnavailableError({
      store: this.description,
      during,
      applied: 'no',
      remedy: 'The store was closed. Open it again; everything it has acknowledged is there.',
    });
  }
}

/** The text of the key behind which the page asked for begins. */
function textAfter({ kind, after }: ListQuery): string | undefined {
  if (after === undefined) return undefined;
  const [partition, itsKind] = after.slice(CURSOR.length).split(' ', 2);
  if (!after.startsWith(CURSOR) || itsKind !== kind || !/^\d+$/.test(partition ?? '')) throw unknownCursor(after);
  return after.slice(CURSOR.length);
}

function checkOptions(directory: string, { partitions, flush, compactAtBytes }: FileStoreOptions): void {
  const problem = (place: string, found: string, remedy: string): UsageError =>
    new UsageError({ place: `openFileStore(${place})`, problem: found, remedy });
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    throw problem('directory', 'it is not the path of a folder', 'Pass one, e.g. "./.mycelium".');
  }
  if (partitions !== undefined) checkPartitions(partitions);
  if (flush !== undefined && flush !== 'asynchronous' && flush !== 'synchronous') {
    throw problem(
      '{ flush }',
      `${JSON.stringify(flush)} is not a way to flush`,
      'Pass "asynchronous" or "synchronous".',
    );
  }
  if (compactAtBytes !== undefined && !(compactAtBytes >= 0)) {
    throw problem(
      '{ compactAtBytes }',
      `${compactAtBytes} is not a number of bytes`,
      'Pass 0 or more; Infinity for never.',
    );
  }
}

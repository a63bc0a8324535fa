import { type Channel, channel } from 'node:diagnostics_channel';
import { ActionLedger, type ActionLedgerOptions, type EventMap, StoreUnavailableError } from '../../src/index.js';
import type { Engine } from '../../src/ledger/engine.js';
import { loadEngine } from '../../src/ledger/load-engine.js';
import { type CallRecord, type CallSubject, decodeCall, subjectOf } from '../../src/ledger/record.js';
import type { Renewal, Store, StoredRecord, Transaction, TransactionResult } from '../../src/store/contract.js';
import { memoryStore } from '../../src/store/memory.js';
import { type ManualClock, manualClock, setUpEngine } from '../../src/testing/index.js';

// The engine is loaded with the first call, which takes turns of the event loop that a standing clock does not wait for.
await loadEngine();

/** A way to the store that a test can bend: what is set here happens to every sending. */
export interface Way {
  transact?: (
    transaction: Transaction,
    nonce: string,
    pass: (transaction: Transaction, nonce: string) => Promise<TransactionResult>,
  ) => Promise<TransactionResult>;
  renew?: (renewals: readonly Renewal[], pass: Store['renew']) => ReturnType<Store['renew']>;
  watch?: Store['watch'];
}

/** One worker: a life of a process with its own engine, owner and way to the store that all share. */
export interface Worker {
  readonly home: ActionLedger;
  readonly engine: Engine;
  readonly store: Store;
  readonly way: Way;
  /** Sendings so far. */
  readonly sent: { transact: number; renew: number; list: number; watch: number };
  /** From now on nothing comes through, or everything does again. */
  reach(on: boolean): void;
}

export interface WorkerOptions extends Omit<Partial<ActionLedgerOptions>, 'store'> {
  /** How far this worker's wall clock is from everybody else's, in milliseconds. */
  readonly wallAhead?: number;
  readonly storeDeadlineMs?: number;
}

/** A record with what it is about. */
export type WholeRecord = CallRecord & CallSubject;

/** Several workers over one store and one clock that stands still until told otherwise. */
export interface World {
  readonly clock: ManualClock;
  readonly truth: Store;
  worker(options?: WorkerOptions): Worker;
  /** Every call and task record, as it stands. */
  records(): Promise<WholeRecord[]>;
  /** The only call record. */
  record(): Promise<WholeRecord>;
  stored(): Promise<readonly StoredRecord[]>;
  /** A wait inside a body. */
  sleep(milliseconds: number): Promise<void>;
}

/** What a driver says when its server is gone. */
export function unreachable(during: string): StoreUnavailableError {
  return new StoreUnavailableError({ store: 'the test store', during, applied: 'unknown' });
}

export function world(clock: ManualClock = manualClock()): World {
  const truth = memoryStore({ clock: () => clock.wall() });
  const stored = async (): Promise<readonly StoredRecord[]> => {
    const [tools, tasks] = await Promise.all([
      truth.list({ kind: 'tool', limit: 1000 }),
      truth.list({ kind: 'task', limit: 1000 }),
    ]);
    return [...tools.records, ...tasks.records];
  };
  const records = async (): Promise<WholeRecord[]> => (await stored()).map(wholeRecord);
  return {
    clock,
    truth,
    worker: (options = {}) => workerOver(truth, clock, options),
    records,
    stored,
    async record() {
      const [only, ...more] = await records();
      if (only === undefined || more.length > 0)
        throw new Error(`expected one record, found ${more.length + (only === undefined ? 0 : 1)}`);
      return only;
    },
    sleep: (milliseconds) => new Promise((resolve) => clock.schedule(resolve, milliseconds)),
  };
}

function workerOver(truth: Store, clock: ManualClock, options: WorkerOptions = {}): Worker {
  const way: Way = {};
  const sent = { transact: 0, renew: 0, list: 0, watch: 0 };
  let reachable = true;
  const gate = <T>(during: string, call: () => Promise<T>): Promise<T> =>
    reachable ? call() : Promise.reject(unreachable(during));
  const pass = (transaction: Transaction, nonce: string): Promise<TransactionResult> =>
    gate('transact', () => truth.transact(transaction, nonce));
  const passRenewals: Store['renew'] = (renewals) => gate('renew', () => truth.renew(renewals));
  const store: Store = {
    description: 'the test store',
    durability: truth.durability,
    partitions: truth.partitions,
    transact(transaction, nonce) {
      sent.transact += 1;
      return way.transact === undefined ? pass(transaction, nonce) : way.transact(transaction, nonce, pass);
    },
    renew(renewals) {
      sent.renew += 1;
      return way.renew === undefined ? passRenewals(renewals) : way.renew(renewals, passRenewals);
    },
    list(query) {
      sent.list += 1;
      return gate('list', () => truth.list(query));
    },
    watch(key, revision, signal) {
      sent.watch += 1;
      return (way.watch ?? ((...given) => truth.watch(...given)))(key, revision, signal);
    },
    close: () => Promise.resolve(),
  };
  const { wallAhead = 0, storeDeadlineMs, ...ledgerOptions } = options;
  const engine = setUpEngine(store, {
    clock: {
      wall: () => clock.wall() + wallAhead,
      monotonic: () => clock.monotonic(),
      after: (milliseconds, callback) => clock.after(milliseconds, callback),
    },
    ...(storeDeadlineMs === undefined ? {} : { storeDeadlineMs }),
  });
  return {
    home: new ActionLedger({ store, ...ledgerOptions }),
    engine,
    store,
    way,
    sent,
    reach(on) {
      reachable = on;
    },
  };
}

/** What a promise came to, without throwing: the value, or the error. */
export async function outcome(
  promise: Promise<unknown>,
): Promise<{ readonly value: unknown } | { readonly error: unknown }> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}

/** The error a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const came = await outcome(promise);
  if ('error' in came) return came.error as Error & Record<string, unknown>;
  throw new Error(`expected an error, got ${JSON.stringify(came.value)}`);
}

/** Collects the events of a channel until it is disposed of. */
export function listen<Name extends keyof EventMap>(name: Name): { readonly events: EventMap[Name][] } & Disposable {
  const events: EventMap[Name][] = [];
  const subscribe: Channel = channel(name);
  const take = (message: unknown): void => void events.push(message as EventMap[Name]);
  subscribe.subscribe(take);
  return { events, [Symbol.dispose]: () => void subscribe.unsubscribe(take) };
}

/** A promise that a test settles. */
export function latch<T = void>(): {
  readonly promise: Promise<T>;
  readonly open: (value: T) => void;
  readonly fail: (error: unknown) => void;
} {
  let open: (value: T) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

/** The record a transaction writes, when it writes a call. */
export function writtenRecord(transaction: Transaction): CallRecord | undefined {
  const write = transaction.write.find(({ key }) => key.kind === 'tool' || key.kind === 'task');
  return write === undefined
    ? undefined
    : decodeCall({ ...write, revision: '', writtenAt: 0 } as unknown as StoredRecord, '').record;
}

function wholeRecord(stored: StoredRecord): WholeRecord {
  const seen = decodeCall(stored, 'the test store');
  return { ...seen.record, ...subjectOf(seen) };
}

/**
 * What this version writes into its golden store: every kind of record that can be reached, and what is to become of
 * the call when it is made again. A version that was released is never changed here for its sake: what it wrote lies in
 * its folder.
 */
import { ActionLedger, committed, NotExecutedError, notExecuted, unknown } from '../../src/index.js';
import type { Store } from '../../src/store/contract.js';
import { type GoldenCall, make, shown, type Then } from './play.js';
import { type Chapter, LEASE_MS, type Scribe } from './scribe.js';

const BLOCKED: Then = { refused: 'LEDGER_BLOCKED', remedy: 'release' };
const LEASE = { lease: LEASE_MS };
const FOREVER = '36500d';
const RUN = { runId: 'golden run', threadId: 'golden thread' };

const classes = [
  'read',
  'idempotent_mutate',
  'keyed_mutate',
  'non_idempotent_mutate',
  'irreversible',
  'unclassified',
] as const;
type Class = (typeof classes)[number];

const chapters: Chapter[] = [];

function add(
  ending: string,
  call: Partial<GoldenCall>,
  write: Chapter['write'],
  then: Then,
  effect: Class = 'irreversible',
): void {
  const { options, ...rest } = call;
  // Reads belong to their run.
  const scope = effect === 'read' && call.run === undefined ? { run: RUN } : {};
  chapters.push({
    call: {
      name: 'act',
      input: { id: `${effect} ${ending}` },
      options: { ...LEASE, ...(effect === 'unclassified' ? {} : { effect }), ...options },
      ...scope,
      ...rest,
    },
    write,
    then,
  });
}

const returning = (value: unknown) => (scribe: Scribe) => scribe.play(() => value);
const replays = (value: unknown): Then => ({ replays: shown(value) });
const failing = (error: Error) => (scribe: Scribe) =>
  scribe.play(() => {
    throw error;
  });
const losing =
  (point: 'after-claim' | 'after-effect', body?: Parameters<Scribe['play']>[0]) =>
  (scribe: Scribe): Promise<void> =>
    scribe.lose(point, undefined, body);

const rerun = (effect: Class): boolean => effect === 'read' || effect === 'idempotent_mutate';

// Every class, in every phase that it can be left in.
for (const effect of classes) {
  const value = { of: effect, chargeId: 'ch-1' };
  add('committed', {}, returning(value), replays(value), effect);
  add('attempting', {}, losing('after-effect'), rerun(effect) ? 'runs' : BLOCKED, effect);
  add('intended', { options: { boundary: 'explicit' } }, losing('after-claim'), 'runs', effect);
  const thrown = rerun(effect) || effect === 'unclassified' ? 'runs' : BLOCKED;
  add('threw', {}, failing(new TypeError('the provider\u0000 said ☠')), thrown, effect);
  add('did not execute', {}, failing(new NotExecutedError('out of stock')), 'runs', effect);
  add(
    'timed out',
    { options: { timeout: 10, lease: '2s' } },
    async (scribe) => {
      // It never ends, and its lease goes with the process that wrote this.
      await scribe.play(() => new Promise(() => {}));
    },
    rerun(effect) ? 'runs' : BLOCKED,
    effect,
  );
}

// What is kept of values.
const values = {
  nothing: undefined,
  text: 'a\u0000b \ud83d \u2028 日本語 🧾',
  numbers: [Number.NaN, -0, Number.POSITIVE_INFINITY, 12n, 1e21],
  dates: { at: new Date(0), never: new Date(Number.NaN) },
  collections: { map: new Map([[{ a: 1 }, new Set(['x'])]]), bytes: Uint8Array.of(0, 255), holes: [undefined, null] },
  others: { url: new URL('https://example.com/a?b#c'), pattern: /a+/giu },
  'an error': new RangeError('too far'),
  names: JSON.parse('{"__proto__":1,"constructor":2,"":3,"a.b":4}') as unknown,
};
for (const [name, value] of Object.entries(values)) add(`value: ${name}`, {}, returning(value), replays(value));

const notReplayable: Then = { refused: 'RESULT_NOT_REPLAYABLE', remedy: '' };
const secret = { card: '4111 1111 1111 1111', password: 'hunter2', kept: true };
add('result digest', { options: { store: { result: 'digest' } } }, returning(secret), notReplayable);
add('result redacted', { options: { store: { result: 'redacted' } } }, returning(secret), notReplayable);
add('result too long', { options: { store: { maxResultLength: 20 } } }, returning('x'.repeat(100)), notReplayable);
add('result a function', {}, returning({ fn: () => 1 }), notReplayable);
for (const input of ['digest', 'redacted'] as const) {
  const id = `input ${input}`;
  add(id, { input: { id, ...secret }, options: { store: { input } } }, returning('ok'), replays('ok'));
}
add('encrypted', { encrypted: true }, returning({ secret: 'of the result' }), replays({ secret: 'of the result' }));
add(
  'encrypted digest',
  { encrypted: true, options: { store: { input: 'digest', result: 'digest' } } },
  returning(1),
  notReplayable,
);
add(
  'input of every type',
  { input: { id: 'typed input', at: new Date(0), big: 12n, map: new Map([['a', new Set([1])]]), left: undefined } },
  returning('ok'),
  replays('ok'),
);

// Whose calls they are.
for (const id of ['a\u0000b', ' blank ', '__proto__', 'a/../b', 'é', 'e\u0301', 'x'.repeat(300), '{"a":1}', '0'])
  add('odd id', { input: { id } }, returning({ id }), replays({ id }));
add('number', { input: { id: 7 } }, returning('seven'), replays('seven'));
add('text', { input: { id: '7' } }, returning('text 7'), replays('text 7'));
add(
  'request id',
  { input: { amount: 1 }, identity: { requestId: 'manual-7' } },
  returning('manual'),
  replays('manual'),
);
add('occurrence', { input: { id: 'twice' } }, returning('once'), replays('once'));
add('occurrence', { input: { id: 'twice' }, identity: { occurrence: 2 } }, returning('again'), replays('again'));
add('of a tenant', { input: { id: 'shared' }, home: { tenant: 'acme' } }, returning('acme'), replays('acme'));
add(
  'of another ledger',
  { input: { id: 'shared' }, home: { name: 'billing' } },
  returning('billing'),
  replays('billing'),
);
add(
  'of a tool with an odd name',
  { name: 'send payment/\u0000 v2 ☠', input: { id: 'odd tool' } },
  returning(1),
  replays(1),
);
add('of a run', { input: { amount: 2 }, run: { runId: 'r-1' } }, returning('by run'), replays('by run'));
add(
  'of a thread',
  { input: { amount: 3 }, run: { threadId: 't-1' }, identity: { toolCallId: 'call_1' } },
  returning('by call'),
  replays('by call'),
);
add(
  'of a run of a tenant',
  { input: { amount: 4 }, run: { runId: 'r-1', tenant: 'acme' } },
  returning('tenant'),
  replays('tenant'),
);

// What people settled.
const who = { by: 'ops@example.com', reason: 'looked at the bank\u0000' };
const released = (how: object) => async (scribe: Scribe) => {
  await scribe.lose('after-effect');
  await scribe.pause();
  await new ActionLedger({ store: scribe.store }).release(await scribe.id(), { ...who, ...how } as never);
};
add('released with a result', {}, released({ as: 'completed', result: { by: 'hand' } }), replays({ by: 'hand' }));
add('released without a result', {}, released({ as: 'completed', withoutResult: true }), notReplayable);
add('released as not executed', {}, released({ as: 'not-executed' }), 'runs');
add(
  'released and carried out',
  {},
  async (scribe) => {
    await released({ as: 'not-executed' })(scribe);
    await scribe.play(() => 'the second time');
  },
  replays('the second time'),
);
const retired = async (scribe: Scribe): Promise<void> => {
  await scribe.play(() => 'the first life');
  await new ActionLedger({ store: scribe.store }).retire(await scribe.id(), who);
};
add('retired', {}, retired, 'runs');
add(
  'retired and carried out',
  {},
  async (scribe) => {
    await retired(scribe);
    await scribe.play(() => 'the second life');
  },
  replays('the second life'),
);
add(
  'retired twice',
  {},
  async (scribe) => {
    await retired(scribe);
    await retired(scribe);
  },
  'runs',
);

// What reconcilers found.
const asking = (verdict: ReturnType<typeof unknown>) => async (scribe: Scribe) => {
  await scribe.lose('after-effect', undefined, async (_input, call: never) => {
    await (call as { recordExternalRef(reference: string): Promise<void> }).recordExternalRef('tr_17\u0000');
  });
  await scribe.pause();
  await scribe.play(() => 'run again', { reconcile: () => verdict, settleAfter: 1 });
};
const mutating = 'non_idempotent_mutate';
add('reconciled as committed', {}, asking(committed('found') as never), replays('found'), mutating);
add('reconciled as not executed', {}, asking(notExecuted('the book is closed')), replays('run again'), mutating);
add('asked in vain', {}, asking(unknown('the bank is slow')), BLOCKED, mutating);
add(
  'with a reference',
  {},
  losing('after-effect', async (_input: never, call: never) => {
    await (call as { recordExternalRef(reference: string): Promise<void> }).recordExternalRef('tr_18');
  }),
  BLOCKED,
);

// Keys, attempts, leases.
const usingKey = (_input: never, call: never): unknown => (call as { idempotencyKey: string }).idempotencyKey;
const keyed = { options: { keyValidFor: FOREVER } } as const;
// A worker that was lost could not say whether it used its key; one that threw could.
add('lost with a key', keyed, losing('after-effect'), 'runs', 'keyed_mutate');
add('threw without its key', keyed, failing(new Error('connection reset')), BLOCKED, 'keyed_mutate');
add('lost with its key', keyed, losing('after-effect', usingKey), 'runs', 'keyed_mutate');
add(
  'threw with its key',
  keyed,
  (scribe) =>
    scribe.play((input, call) => {
      usingKey(input, call);
      throw new Error('connection reset');
    }),
  'runs',
  'keyed_mutate',
);
add('out of attempts', { options: { maxAttempts: 1 } }, failing(new Error('flaky')), BLOCKED, 'idempotent_mutate');
add('held', { options: { lease: FOREVER, waitFor: 1 } }, losing('after-effect'), {
  refused: 'CALL_IN_PROGRESS',
  remedy: '',
});

// Tasks, and the calls inside them.
const step = (name: string, more: Partial<GoldenCall> = {}): GoldenCall => ({
  name,
  options: { ...LEASE, effect: 'irreversible' },
  input: { of: name },
  ...more,
});
const task = (id: string, children: readonly GoldenCall[]): Partial<GoldenCall> => ({
  kind: 'task',
  name: 'both',
  input: { id },
  options: LEASE,
  children,
});
const steps = [step('first'), step('second')];
add(
  'task committed',
  task('done', steps),
  (scribe) => scribe.play(() => 'both done'),
  replays('both done'),
  'unclassified',
);
add(
  'task lost between its calls',
  task('between', steps),
  (scribe) => scribe.lose('after-claim', 'second'),
  BLOCKED,
  'unclassified',
);
add(
  'task lost after its calls',
  task('after', steps),
  (scribe) => scribe.lose('after-effect', 'both'),
  'runs',
  'unclassified',
);

// A worker that was superseded, and came back with its success.
add(
  'with evidence',
  {},
  async (scribe) => {
    let back = (): void => {};
    const first = make(
      frozen(scribe.store),
      call('with evidence'),
      () => () =>
        new Promise((resolve) => {
          back = () => resolve('of the first');
        }),
    );
    await scribe.pause();
    await scribe.lose('after-effect');
    back();
    await first.catch(() => undefined);
  },
  replays('of the first'),
  'idempotent_mutate',
);

function call(ending: string): GoldenCall {
  const chapter = chapters.find(({ call: { input } }) => String(input['id']).endsWith(ending));
  if (chapter === undefined) throw new Error(`there is no chapter ${ending}`);
  return chapter.call;
}

/** Another client of the store, whose leases are never renewed: as a frozen process has it. */
function frozen(store: Store): Store {
  return {
    description: store.description,
    durability: store.durability,
    partitions: store.partitions,
    transact: (transaction, nonce) => store.transact(transaction, nonce),
    renew: () => new Promise(() => {}),
    list: (query) => store.list(query),
    watch: (key, revision, signal) => store.watch(key, revision, signal),
    close: async () => {},
  };
}

/** Everything, in the order in which it is written and made again. */
export const history: readonly Chapter[] = chapters;

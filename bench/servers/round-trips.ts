import { setTimeout as sleep } from 'node:timers/promises';
import type { Renewal, Store } from 'mycelium-runtime/store';
import { type FaultProxy, startProxy } from '../../test/services/proxy.js';
import type { RequestChunk } from '../../test/services/proxy-faults.js';
import { counted, type Named, type Row } from '../row.js';
import { callTransactions } from '../transactions.js';
import { freshPayments, guardedPay, payAll, type Scale } from '../workload.js';
import { about, freshIds, keyFor } from './work.js';

const CALLS = 20;
const DUPLICATES = 7;
export const LEASES = 100;

/** A server whose requests can be counted from outside. */
export interface Counted {
  /** As in the ids of the rows. */
  readonly name: string;
  readonly url: string;
  open(url: string): Promise<Store>;
  /** What a request is called, in the singular, e.g. `script`. */
  readonly unit: string;
  /** Whether a request is the store's, and not of its driver. */
  counts(request: RequestChunk['executed'][number]): boolean;
}

/** Counts what passes between a client and a server. */
class Counter {
  readonly #proxy: FaultProxy;
  #requests = 0;
  #trips = 0;

  constructor(proxy: FaultProxy, { counts }: Counted) {
    this.#proxy = proxy;
    proxy.decide = ({ executed }) => {
      const ours = executed.filter(counts).length;
      this.#requests += ours;
      if (ours > 0) this.#trips += 1;
      return undefined;
    };
  }

  get url(): string {
    return this.#proxy.url;
  }

  /** Requests that are sent during the work, and how many times something was sent. */
  async during(work: () => Promise<unknown>): Promise<{ readonly requests: number; readonly trips: number }> {
    const [requests, trips] = [this.#requests, this.#trips];
    await work();
    return { requests: this.#requests - requests, trips: this.#trips - trips };
  }

  /** From here on statements are remembered: opening a store for the first time takes others. */
  listen(): void {
    this.#proxy.counter.reset();
  }

  /** How many of the statements that passed since are such ones. */
  heard(statement: RegExp): number {
    return this.#proxy.counter.snapshot().statements.filter((text) => statement.test(text)).length;
  }

  close(): Promise<void> {
    return this.#proxy.close();
  }
}

/** Target T1: counted at a proxy, not timed. */
export async function countRoundTrips(server: Counted, scale: Scale): Promise<Row[]> {
  const counter = new Counter(await startProxy(server.url), server);
  const stores = [await server.open(counter.url), await server.open(counter.url)] as const;
  try {
    const [tool, elsewhere] = [guardedPay(stores[0]), guardedPay(stores[1])];
    for (const one of [tool, elsewhere]) await remembering(counter, one, scale);
    counter.listen();
    const payments = freshPayments(CALLS, scale.seed);
    const fresh = await counter.during(() => payAll(tool, payments));
    const replay = await counter.during(() => payAll(elsewhere, payments));
    const again = await counter.during(() => payAll(elsewhere, payments));
    const coalesced = await counter.during(async () => {
      for (const payment of freshPayments(CALLS, scale.seed))
        await Promise.all(Array.from({ length: 1 + DUPLICATES }, () => tool(payment)));
    });
    const renewals = await heldLeases(stores[0], scale);
    const renewed = await counter.during(() => stores[0].renew(renewals));
    const named = (id: string, what: string): Named => ({
      id: `${server.name}-${id}`,
      target: 'T1',
      what: `${server.name}, ${server.unit}s, ${what}`,
    });
    const row = (id: string, what: string, count: number, limit: number): Row =>
      counted(named(id, what), `${server.unit}s`, [count], limit);
    return [
      row('requests-fresh', 'fresh call', fresh.requests / CALLS, 2),
      row('requests-replay', 'replay of a call that another process finished', replay.requests / CALLS, 1),
      row('requests-replay-again', 'replay of a call that this process has seen finished', again.requests / CALLS, 0),
      row(
        'requests-duplicate',
        `${DUPLICATES} duplicates under way in the process`,
        (coalesced.requests - fresh.requests) / CALLS,
        0,
      ),
      row('requests-renew', `${LEASES} leases renewed`, renewed.requests, 1),
      counted(
        {
          ...named('transactions', 'BEGIN, MULTI or COMMIT in all of that'),
          what: `${server.name}, BEGIN, MULTI or COMMIT in all of that`,
        },
        'statements',
        [counter.heard(/^\s*(begin|start transaction|commit|multi|exec)\b/i)],
        0,
      ),
    ];
  } finally {
    for (const store of stores) await store.close();
    await counter.close();
  }
}

/** How many times something is sent for a fresh call, whatever it consists of. */
export async function countTrips(server: Counted, named: Named, limit: number, scale: Scale): Promise<Row> {
  const counter = new Counter(await startProxy(server.url), server);
  const store = await server.open(counter.url);
  try {
    const tool = guardedPay(store);
    await remembering(counter, tool, scale);
    // The first call on each connection may have to send the script itself.
    await payAll(tool, freshPayments(CALLS, scale.seed));
    const { trips } = await counter.during(() => payAll(tool, freshPayments(CALLS, scale.seed)));
    return counted(named, 'round trips', [trips / CALLS], limit);
  } finally {
    await store.close();
    await counter.close();
  }
}

/** Waits until the process remembers what it has seen finished: it does so from its first calls on. */
async function remembering(counter: Counter, tool: ReturnType<typeof guardedPay>, scale: Scale): Promise<void> {
  const payments = freshPayments(1, scale.seed);
  for (let tries = 0; tries < 200; tries++) {
    const { requests } = await counter.during(() => payAll(tool, payments));
    if (requests === 0) return;
    await sleep(25);
  }
  throw new Error('a replay asks the server every time');
}

/** Claims that are not completed, with what renews them. */
export async function heldLeases(store: Store, scale: Scale): Promise<Renewal[]> {
  const { claim } = await callTransactions(scale);
  const lease = claim.write[0]?.lease;
  if (lease === undefined) throw new Error('a claim has a lease');
  const ids = freshIds(LEASES);
  await Promise.all(ids.map((id) => store.transact(about(claim, store, id, undefined), `held${id}`)));
  return ids.map((id) => ({ ...lease, key: keyFor(store, id) }));
}

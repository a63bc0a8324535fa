import type { Store } from 'mycelium-runtime/store';
import { type CallTransactions, callTransactions } from '../transactions.js';
import { eachTogether, type Scale } from '../workload.js';
import { about, claimAndComplete, freshIds, keyFor, type Way } from './work.js';

/** What a store sends to its server: words and numbers, in the order that its driver is given them. */
export type Request = readonly (string | number | null)[];

/** What a store sends of one call. */
interface Sent {
  readonly id: string;
  readonly claim: Request;
  readonly completion: Request;
  readonly meeting: Request;
}

/** How the requests of a store are heard, and sent without it. */
export interface Wire {
  /** The store, over a client that notes what it is sent in `heard`. */
  readonly store: Store;
  readonly heard: Request[];
  send(request: Request): Promise<unknown>;
  /** For the report, e.g. `scripts`. */
  readonly unit: string;
}

/** What a store sends of a call, sent without the store and without the library: what the server takes for it. */
export async function wireWay(wire: Wire, scale: Scale): Promise<Way> {
  const sentIn = await hearEachPartition(wire, await callTransactions(scale));
  const requestsOf = (id: string) => {
    const sent = sentIn[keyFor(wire.store, id).partition] as Sent;
    return {
      claim: renamed(sent.claim, sent.id, id),
      completion: renamed(sent.completion, sent.id, id),
      meeting: renamed(sent.meeting, sent.id, id),
    };
  };
  const both = async ({ claim, completion }: { claim: Request; completion: Request }): Promise<void> => {
    await wire.send(claim);
    await wire.send(completion);
  };
  return {
    fresh: {
      name: `the store's own two ${wire.unit}s`,
      prepare: (count) =>
        freshIds(count).map((id) => {
          const requests = requestsOf(id);
          return () => both(requests);
        }),
    },
    replay: {
      name: `the store's own ${wire.unit}`,
      async prepare(count) {
        const calls = freshIds(count).map(requestsOf);
        await eachTogether(calls, both);
        return calls.map(
          ({ meeting }) =>
            () =>
              wire.send(meeting),
        );
      },
    },
  };
}

/** Of a call in each partition, because the names of its keys have the partition in them. */
async function hearEachPartition({ store, heard }: Wire, call: CallTransactions): Promise<Sent[]> {
  const sent: Sent[] = [];
  for (let id = one(); sent.filter(Boolean).length < store.partitions; id = one()) {
    const { partition } = keyFor(store, id);
    if (sent[partition] !== undefined) continue;
    heard.length = 0;
    await claimAndComplete(store, call, id);
    await store.transact(about(call.meeting, store, id, undefined), `again${id}`);
    const [claim, completion, meeting, more] = heard;
    if (claim === undefined || completion === undefined || meeting === undefined || more !== undefined)
      throw new Error(`three transactions were ${heard.length} requests`);
    sent[partition] = { id, claim, completion, meeting };
  }
  return sent;
}

function one(): string {
  return freshIds(1)[0] as string;
}

/** The id stands in keys, values and nonces, and so in revisions. */
function renamed(request: Request, from: string, to: string): Request {
  return request.map((word) => (typeof word === 'string' ? word.replaceAll(from, to) : word));
}

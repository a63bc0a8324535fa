import type { LedgerOptions } from '../../src/index.js';
import type { Store } from '../../src/store/contract.js';
import { failAt } from '../../src/testing/index.js';
import { type GoldenCall, homeOf, make, shown, type Then } from './play.js';

/** A busy machine must be able to answer a claim within it. */
export const LEASE_MS: number = 500;

/** A call, how its record came to be, and what is to become of it. */
export interface Chapter {
  readonly call: GoldenCall;
  readonly write: (scribe: Scribe) => Promise<void>;
  readonly then: Then;
}

/** What a chapter can do to its call. */
export interface Scribe {
  readonly store: Store;
  /** Makes the call; whatever it throws is part of the story. */
  play(body: (input: never, call: never) => unknown, more?: Partial<LedgerOptions>): Promise<void>;
  /** Makes the call, and loses the worker there. */
  lose(
    point: 'after-claim' | 'after-effect',
    tool?: string,
    body?: (input: never, call: never) => unknown,
  ): Promise<void>;
  /** Until the leases of lost workers are over. */
  pause(): Promise<void>;
  id(): Promise<string>;
}

/** Writes a chapter. */
export async function writeChapter(store: Store, chapter: Chapter): Promise<void> {
  const { call: made } = chapter;
  const play: Scribe['play'] = async (body, more) => {
    const own = (one: GoldenCall) => (one === made ? body : () => `${one.name} of ${String(made.input['id'])}`);
    await make(store, made, own as never, more).catch(() => undefined);
  };
  await chapter.write({
    store,
    play,
    async lose(point, tool = made.name, body = () => 'lost') {
      const restore = failAt(point, { tool });
      await play(body);
      restore();
    },
    pause: () => new Promise((resolve) => setTimeout(resolve, LEASE_MS + 200)),
    async id() {
      const home = homeOf(store, made);
      for (let after: string | undefined; ; ) {
        const page = await home.list({ limit: 1000, ...(after === undefined ? {} : { after }) });
        const found = page.calls.find(({ requestId }) => requestId === String(made.input['id']));
        if (found !== undefined) return found.id;
        after = page.next;
        if (after === undefined) throw new Error(`${shown(made)} was not recorded`);
      }
    },
  });
}

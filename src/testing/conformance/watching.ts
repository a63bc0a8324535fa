import {
  type ConformanceCase,
  type ConformanceContext,
  LONG_LEASE,
  present,
  put,
  refusedWith,
  renewalOf,
  rule,
  settles,
  within,
} from './context.js';

/** Gives a watch the time to be in place; a store may need a turn or a message for that. */
async function inPlace(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

async function wakes(context: ConformanceContext, watch: Promise<void>, when: string): Promise<void> {
  await within(watch, context.patience, `a watch must resolve ${when}`);
}

/** Waiting for a record to move. */
export const watchingCases: readonly ConformanceCase[] = [
  {
    name: 'a watch wakes when its record moves',
    why: "A caller that waits for another worker's result would wait until its patience ends.",
    async run(context) {
      const record = await put(context, context.key(), undefined);
      const watch = context.store.watch(record.key, record.revision, new AbortController().signal);
      await inPlace();
      await put(context, record.key, record.revision, { value: 'moved' });
      await wakes(context, watch, 'when its record moves');
    },
  },
  {
    name: 'a watch for a record that is not there wakes when it appears',
    why: 'Who waits for a decision that has not been made would miss it.',
    async run(context) {
      const key = context.key();
      const watch = context.store.watch(key, undefined, new AbortController().signal);
      await inPlace();
      await put(context, key, undefined);
      await wakes(context, watch, 'when its record appears');
    },
  },
  {
    name: 'a watch whose record has already moved resolves at once',
    why: 'Between a read and a watch there is always time for a move; missed, it would be waited for in vain.',
    async run(context) {
      const record = await put(context, context.key(), undefined);
      const { signal } = new AbortController();
      await wakes(
        context,
        context.store.watch(record.key, undefined, signal),
        'at once when the record is there and was expected not to be',
      );
      await put(context, record.key, record.revision);
      await wakes(
        context,
        context.store.watch(record.key, record.revision, signal),
        'at once when the record has moved before',
      );
      await wakes(
        context,
        context.store.watch(context.key(), record.revision, signal),
        'at once when the record is not there and was expected to be',
      );
    },
  },
  {
    name: 'a watch begun together with a move does not miss it',
    why: 'The moment between looking and waiting is where completions get lost.',
    async run(context) {
      for (let round = 0; round < 10; round++) {
        const record = await put(context, context.key(), undefined);
        const { signal } = new AbortController();
        const early = context.store.watch(record.key, record.revision, signal);
        const move = put(context, record.key, record.revision);
        const late = context.store.watch(record.key, record.revision, signal);
        await move;
        await wakes(context, early, 'when its record moves at the same time');
        await wakes(context, late, 'when its record moves at the same time');
      }
    },
  },
  {
    name: 'a watch ends when its signal aborts',
    why: 'A caller that gave up would be kept, and its memory with it.',
    async run(context) {
      const record = await put(context, context.key(), undefined);
      const aborted = context.store.watch(record.key, record.revision, AbortSignal.abort());
      await wakes(context, aborted, 'at once when its signal has aborted before');
      const controller = new AbortController();
      const watch = context.store.watch(record.key, record.revision, controller.signal);
      await inPlace();
      controller.abort();
      await wakes(context, watch, 'when its signal aborts');
    },
  },
  {
    name: 'two watches of one record are independent',
    why: 'One caller that gives up would leave the others waiting.',
    async run(context) {
      const record = await put(context, context.key(), undefined);
      const controller = new AbortController();
      const watches = [controller.signal, new AbortController().signal, new AbortController().signal].map((signal) =>
        context.store.watch(record.key, record.revision, signal),
      );
      await inPlace();
      controller.abort();
      await wakes(context, present(watches[0]), 'when its signal aborts');
      await put(context, record.key, record.revision);
      await wakes(context, present(watches[1]), 'when its record moves, although another watch of it was aborted');
      await wakes(context, present(watches[2]), 'when its record moves, although another watch of it resolved');
    },
  },
  {
    name: 'a watch still wakes after renewals and moves of other records',
    why: 'Renewals happen all the time; a watch that they use up would sleep through the completion.',
    async run(context) {
      const record = await put(context, context.key(), undefined, {
        lease: { owner: 'worker', fence: 1, ms: LONG_LEASE },
      });
      const other = await put(context, context.key(), undefined);
      const signal = new AbortController().signal;
      let completed = false;
      // As every caller does: a watch may resolve early, so it is begun again until the record has moved.
      const waiting = (async () => {
        for (;;) {
          await context.store.watch(record.key, record.revision, signal);
          if (completed) return;
          await inPlace();
        }
      })();
      await inPlace();
      await context.store.renew([renewalOf(record, LONG_LEASE * 2)]);
      await put(context, other.key, other.revision);
      await inPlace();
      completed = true;
      await put(context, record.key, record.revision, { value: 'completed' });
      await wakes(context, waiting, 'when its record moves, after renewals and moves of other records');
    },
  },
  {
    name: 'a watch that waits ends with the store',
    why: 'A process could not end while somebody waits.',
    async run(context) {
      const record = await put(context, context.key(), undefined);
      const watch = context.store.watch(record.key, record.revision, new AbortController().signal);
      await inPlace();
      await context.store.close();
      rule(await settles(watch, context.patience), 'a watch must settle when its store is closed');
      await refusedWith(
        'STORE_UNAVAILABLE',
        () => context.store.watch(record.key, record.revision, new AbortController().signal),
        'a watch on a closed store must be refused',
      );
    },
  },
];

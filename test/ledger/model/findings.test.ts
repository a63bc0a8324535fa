/** What the explorer found in the rules, with the real engine: the shortest traces as tests. */
import { afterEach, describe, expect, it } from 'vitest';
import { type LedgerOptions, ledger, notExecuted } from '../../../src/index.js';
import { onFaultPoint } from '../../../src/ledger/fault-points.js';
import { failAt } from '../../../src/testing/index.js';
import { failure, world } from '../workers.js';

afterEach(() => onFaultPoint(undefined));

type World = ReturnType<typeof world>;

/** A tool over a worker of its own; `bodies` counts what really ran. */
function tool(w: World, bodies: string[], options: Partial<LedgerOptions>, worker = w.worker()) {
  const guarded = ledger({ name: 'pay', ledger: worker.home, idFrom: ['id'], ...options })(
    async (_: Record<string, unknown>) => {
      bodies.push(options.effect ?? 'unclassified');
      return bodies.length;
    },
  );
  return () => guarded({ id: 'a' });
}

/** Stops the next worker to pass this point with this fence until time has gone by; nothing else is stopped. */
function stopAt(point: Parameters<typeof failAt>[0], fence: number, meanwhile: () => Promise<unknown>): void {
  let stopped = false;
  onFaultPoint(async (at, context) => {
    if (at !== point || context.fence !== fence || stopped) return;
    stopped = true;
    await meanwhile();
  });
}

describe('what the explorer found', () => {
  it('a keyed body does not start when its claim was judged in the window and lands after it', async () => {
    const w = world();
    const bodies: string[] = [];
    const keyed = { effect: 'keyed_mutate', keyValidFor: '2m' } as const;
    failAt('after-effect');
    await failure(tool(w, bodies, keyed)());
    await w.clock.advance(31_000);
    stopAt('before-claim', 2, () => w.clock.advance(80_000));
    expect(await failure(tool(w, bodies, keyed)())).toMatchObject({ code: 'LEDGER_BLOCKED' });
    expect(bodies).toHaveLength(1);
    expect(await w.record()).toMatchObject({ phase: 'unknown', fence: 2, earlierUnsettled: true });
  });

  it('a keyed body does start when the claim lands late, but with a whole body deadline to spare', async () => {
    const w = world();
    const bodies: string[] = [];
    const keyed = { effect: 'keyed_mutate', keyValidFor: '10m' } as const;
    failAt('after-effect');
    await failure(tool(w, bodies, keyed)());
    await w.clock.advance(31_000);
    stopAt('before-claim', 2, () => w.clock.advance(80_000));
    expect(await tool(w, bodies, keyed)()).toBe(2);
  });

  it('an attempt from before a deploy made the tool keyed gave the provider no key', async () => {
    const w = world();
    const bodies: string[] = [];
    const throwing = ledger({ name: 'pay', ledger: w.worker().home, idFrom: ['id'] })(
      async (_: Record<string, unknown>) => {
        bodies.push('unclassified');
        throw new Error('socket hang up');
      },
    );
    await failure(throwing({ id: 'a' }));
    expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'may-rerun' });
    expect(await failure(tool(w, bodies, { effect: 'keyed_mutate', keyValidFor: '1h' })())).toMatchObject({
      code: 'LEDGER_BLOCKED',
    });
    expect(bodies).toHaveLength(1);
  });

  it('settleAfter counts from the end of a lease that was revived after it had been looked at', async () => {
    const w = world();
    const bodies: string[] = [];
    const first = w.worker();
    const options = {
      effect: 'non_idempotent_mutate',
      settleAfter: '60s',
      waitFor: '1s',
      reconcile: () => notExecuted('the provider shows nothing yet'),
    } as const;
    failAt('after-effect');
    await failure(tool(w, bodies, options, first)());
    const { key } = (await w.stored())[0] as { key: Parameters<typeof first.store.watch>[0] };
    const { fence, owner } = await w.record();
    await w.clock.advance(31_000);
    // While the asking worker is stopped, the first one comes back for one more lease.
    stopAt('before-resolve', 1, async () => {
      expect(await w.truth.renew([{ key, owner, fence, ms: 30_000 }])).toEqual(['held']);
      await w.clock.advance(60_000);
    });
    // 61 s after the end that it saw, and at most 30 s after the real one.
    expect(await failure(tool(w, bodies, options)())).toMatchObject({ code: 'CALL_IN_PROGRESS' });
    expect(bodies).toHaveLength(1);
    expect((await w.record()).phase).toBe('attempting');
    await w.clock.advance(61_000);
    expect(await tool(w, bodies, options)()).toBe(2);
  });

  it('a call whose attempts are used up can be released for more', async () => {
    const w = world();
    const bodies: string[] = [];
    const worker = w.worker();
    const options = { effect: 'non_idempotent_mutate', maxAttempts: 1 } as const;
    failAt('after-effect');
    await failure(tool(w, bodies, options, worker)());
    await w.clock.advance(31_000);
    const next = w.worker();
    expect(await failure(tool(w, bodies, options, next)())).toMatchObject({ code: 'LEDGER_BLOCKED' });
    const [call] = (await next.home.list({ stuck: true })).calls;
    await next.home.release(call?.id as string, { as: 'not-executed', by: 'ada', reason: 'no charge at the gateway' });
    expect(await tool(w, bodies, options, next)()).toBe(2);
  });
});

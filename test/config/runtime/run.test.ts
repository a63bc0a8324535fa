import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LedgerClosedError, ledger, loadConfig, run, taskLedger } from '../../../src/index.js';
import { failure, latch } from '../../ledger/workers.js';
import { folder, runtime, sleep } from './surroundings.js';

interface Input {
  readonly id: string;
}
const FILE = 'action_ledger: { storage: file }\ntools: { pay: { side_effect_class: irreversible, id_from: [id] } }';
const LOOSE = 'tools: { pay: { side_effect_class: irreversible, ledger: true } }';

/** The files of a folder that this process has open, where the system tells. */
function openFilesBelow(path: string): string[] {
  if (!existsSync('/proc/self/fd')) return [];
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${descriptor}`);
      return target.startsWith(path) ? [target] : [];
    } catch {
      return [];
    }
  });
}

describe('mycelium.run', () => {
  it('tells its function what the run is, and gives what it gives', async () => {
    const mycelium = await runtime('');
    expect(await mycelium.run({ threadId: 't', runId: 'r', tenant: 'acme' }, (current) => ({ ...current }))).toEqual({
      id: 'r',
      threadId: 't',
      tenant: 'acme',
    });
    const [one, other] = [await mycelium.run({}, ({ id }) => id), await mycelium.run({}, ({ id }) => id)];
    expect(one).not.toBe(other);
    expect((await failure(mycelium.run({}, () => Promise.reject(new Error('of the agent'))))).message).toBe(
      'of the agent',
    );
    expect(await failure(mycelium.run({ threadId: ' ' }, () => 1))).toMatchObject({ code: 'USAGE' });
  });

  it('is where guards record that are built in code', async () => {
    const [mycelium, other] = [await runtime(''), await runtime('')];
    const refund = ledger({ name: 'refund', effect: 'irreversible', idFrom: ['id'] })(async ({ id }: Input) => id);
    const task = taskLedger({ name: 'task', idFrom: ['id'] })(async ({ id }: Input) => refund({ id: `${id}-inner` }));
    await mycelium.run({ threadId: 't', runId: 'r' }, async () => {
      await refund({ id: 'a' });
      await task({ id: 'b' });
      // A run without a home of its own is within this one; that of another configuration is not.
      await run({ runId: 'inner' }, () => refund({ id: 'c' }));
      await other.run({ runId: 'elsewhere' }, () => refund({ id: 'd' }));
      await refund({ id: 'e' });
    });
    const ids = async (of: typeof mycelium): Promise<string[]> =>
      (await (await of.ledger()).list()).calls.map(({ requestId }) => requestId).sort();
    expect(await ids(mycelium)).toEqual(['a', 'b', 'b-inner', 'c', 'e']);
    expect(await ids(other)).toEqual(['d']);
    const [call] = (await (await mycelium.ledger()).list({ run: 'r' })).calls;
    expect(call).toMatchObject({ runId: 'r', threadId: 't' });
  });

  it('identifies by run and thread: the same run resumes, another one does not', async () => {
    const mycelium = await runtime(LOOSE);
    let runs = 0;
    const pay = mycelium.guard('pay')(async (_: { amount: number }) => {
      runs += 1;
      return runs;
    });
    const inRun = (runId: string): Promise<number> => mycelium.run({ threadId: 't', runId }, () => pay({ amount: 5 }));
    expect([await inRun('r1'), await inRun('r1'), await inRun('r2')]).toEqual([1, 1, 2]);
    const call = (threadId: string): Promise<number> =>
      mycelium.run({ threadId }, () => pay({ amount: 5 }, { toolCallId: 'call-1' }));
    expect([await call('t1'), await call('t1'), await call('t2')]).toEqual([3, 3, 4]);
  });

  it('keeps tenants apart', async () => {
    const mycelium = await runtime('tools: { pay: { side_effect_class: irreversible, id_from: [id] } }');
    let runs = 0;
    const pay = mycelium.guard('pay')(async (_: Input) => {
      runs += 1;
      return runs;
    });
    const of = (tenant?: string): Promise<number> =>
      mycelium.run(tenant === undefined ? {} : { tenant }, () => pay({ id: 'a' }));
    expect([await of('acme'), await of('other'), await of(), await of('acme')]).toEqual([1, 2, 3, 1]);
  });
});

describe('opening', () => {
  it('is left to the first call: loading, instrumenting and running create nothing', async () => {
    const at = await folder();
    await writeFile(join(at, 'mycelium.yaml'), FILE);
    const mycelium = await loadConfig(join(at, 'mycelium.yaml'));
    const tools = mycelium.instrument({ pay: async ({ id }: Input) => id });
    await mycelium.run({ threadId: 't' }, () => mycelium.report());
    expect(await readdir(at)).toEqual(['mycelium.yaml']);
    await tools.pay({ id: 'a' });
    expect((await readdir(at)).sort()).toEqual(['.mycelium', 'mycelium.yaml']);
    await mycelium.close();
  });

  it('happens once, however many call at first', async () => {
    const at = await folder();
    const mycelium = await runtime(FILE, at);
    let runs = 0;
    const pay = mycelium.guard('pay')(async ({ id }: Input) => {
      runs += 1;
      return id;
    });
    const [first, second, ...results] = await Promise.all([
      mycelium.ledger('pay'),
      mycelium.ledger(),
      ...Array.from({ length: 40 }, (_, call) => pay({ id: `${call % 4}` })),
    ]);
    expect(first.store).toBe(second.store);
    expect(new Set(results).size).toBe(4);
    expect(runs).toBe(4);
    expect((await (await mycelium.ledger()).list()).calls).toHaveLength(4);
  });

  it('is typed when it fails, runs nothing, and is tried again', async () => {
    const at = await folder();
    await writeFile(join(at, 'taken'), 'a file where a folder is to be');
    const mycelium = await runtime(
      'action_ledger: { path: ./taken/ledger }\ntools: { pay: { side_effect_class: irreversible, id_from: [id] } }',
      at,
    );
    let runs = 0;
    const pay = mycelium.guard('pay')(async (_: Input) => {
      runs += 1;
      return runs;
    });
    for (let attempt = 0; attempt < 2; attempt += 1)
      for (const error of await Promise.all([failure(pay({ id: 'a' })), failure(mycelium.ledger())])) {
        expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: 'safe' });
        expect(error.message).toContain(join(at, 'taken', 'ledger'));
      }
    expect(runs).toBe(0);
    await rm(join(at, 'taken'));
    expect(await pay({ id: 'a' })).toBe(1);
    await mycelium.close();
  });
});

describe('close', () => {
  it('waits for what is under way, and starts nothing more', async () => {
    const at = await folder();
    const mycelium = await runtime(FILE, at);
    const [entered, done] = [latch(), latch<string>()];
    const pay = mycelium.guard('pay')(async (_: Input) => {
      entered.open();
      return done.promise;
    });
    const paying = pay({ id: 'a' });
    await entered.promise;
    let closed = false;
    const closing = mycelium.close({ drain: '10s' }).then(() => {
      closed = true;
    });
    expect(await failure(pay({ id: 'b' }))).toBeInstanceOf(LedgerClosedError);
    await sleep(30);
    expect(closed).toBe(false);
    done.open('paid');
    expect(await paying).toBe('paid');
    await closing;
    expect(await failure(pay({ id: 'a' }))).toMatchObject({ code: 'LEDGER_CLOSED' });
    const again = await runtime(FILE, at);
    expect(await again.guard('pay')(async (_: Input) => 'not again')({ id: 'a' })).toBe('paid');
  });

  it('waits no longer than it is told', async () => {
    const mycelium = await runtime('tools: { pay: { side_effect_class: irreversible, id_from: [id] } }');
    const [entered, done] = [latch(), latch<string>()];
    const pay = mycelium.guard('pay')(async (_: Input) => {
      entered.open();
      return done.promise;
    });
    const paying = failure(pay({ id: 'a' }));
    await entered.promise;
    const before = performance.now();
    await mycelium.close({ drain: '40ms' });
    expect(performance.now() - before).toBeLessThan(5_000);
    done.open('too late to be recorded');
    expect(await paying).toMatchObject({ code: 'COMPLETION_NOT_RECORDED', result: 'too late to be recorded' });
  });

  it('can be called again, and at once', async () => {
    const mycelium = await runtime(FILE, await folder());
    await mycelium.guard('pay')(async ({ id }: Input) => id)({ id: 'a' });
    await Promise.all([mycelium.close(), mycelium.close({ drain: 0 })]);
    await mycelium.close();
  });

  it('refuses a drain that is no duration, and closes nothing', async () => {
    const mycelium = await runtime('tools: { pay: { side_effect_class: irreversible, id_from: [id] } }');
    const pay = mycelium.guard('pay')(async ({ id }: Input) => id);
    await pay({ id: 'a' });
    for (const drain of ['soon', -1, '10 s'])
      expect(await failure(mycelium.close({ drain }))).toMatchObject({ code: 'USAGE' });
    expect(await pay({ id: 'b' })).toBe('b');
  });

  it('lets nothing be opened afterwards, where nothing was open', async () => {
    const at = await folder();
    const mycelium = await runtime(FILE, at);
    const pay = mycelium.guard('pay')(async ({ id }: Input) => id);
    await mycelium.close();
    expect(await failure(pay({ id: 'a' }))).toMatchObject({ code: 'LEDGER_CLOSED' });
    expect(await failure(mycelium.ledger())).toMatchObject({ code: 'LEDGER_CLOSED' });
    expect(existsSync(join(at, '.mycelium'))).toBe(false);
  });

  it('gives nobody a ledger that is closed', async () => {
    const mycelium = await runtime(FILE, await folder());
    await mycelium.ledger();
    await mycelium.close();
    expect(await failure(mycelium.ledger())).toMatchObject({ code: 'LEDGER_CLOSED' });
    expect(await failure(mycelium.ledger('pay'))).toMatchObject({ code: 'LEDGER_CLOSED' });
  });

  it('refuses who waits for the opening', async () => {
    const mycelium = await runtime(FILE, await folder());
    let runs = 0;
    const pay = mycelium.guard('pay')(async (_: Input) => {
      runs += 1;
    });
    const waiting = [failure(pay({ id: 'a' })), failure(mycelium.ledger())];
    await mycelium.close();
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ code: 'LEDGER_CLOSED' });
    expect(runs).toBe(0);
  });

  it.each([[0], [1], [3], [10], [30]])('closes what is just being opened (%i turns later)', async (turns) => {
    const at = await folder();
    const mycelium = await runtime(FILE, at);
    let runs = 0;
    const pay = mycelium.guard('pay')(async (_: Input) => {
      runs += 1;
      return runs;
    });
    const paying = pay({ id: 'a' }).catch((error: { code: string }) => error.code);
    for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await mycelium.close();
    // Either it was under way, or it was refused; afterwards nothing holds the folder.
    expect([1, 'LEDGER_CLOSED']).toContain(await paying);
    expect(openFilesBelow(at)).toEqual([]);
    const again = await runtime(FILE, at);
    expect(await again.guard('pay')(async (_: Input) => 'of the next life')({ id: 'a' })).toBe(
      runs === 1 ? 1 : 'of the next life',
    );
  });

  it('comes at the end of `await using`', async () => {
    const at = await folder();
    let pay: (input: Input) => Promise<string>;
    {
      await using mycelium = await runtime(FILE, at);
      pay = mycelium.guard('pay')(async ({ id }: Input) => id);
      expect(await pay({ id: 'a' })).toBe('a');
    }
    expect(await failure(pay({ id: 'b' }))).toMatchObject({ code: 'LEDGER_CLOSED' });
    expect(openFilesBelow(at)).toEqual([]);
  });

  it('leaves alone what it did not open', async () => {
    const [mine, other] = [await runtime(LOOSE), await runtime(LOOSE)];
    const pay = other.guard('pay')(async (_: Input) => 'paid');
    await mine.ledger();
    await mine.close();
    expect(await pay({ id: 'a' })).toBe('paid');
  });
});

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { committed, ledger, type Mycelium, notExecuted, type ToolCall, withCall } from '../../../src/index.js';
import { failAt } from '../../../src/testing/index.js';
import { failure, latch } from '../../ledger/workers.js';
import { folder, onDisk, runtime, sleep } from './surroundings.js';

interface Input {
  readonly id: string;
}

/** A tool of one option, that counts its runs and does what it is told in them. */
async function tool(options: string, body: (run: number, call: ToolCall) => unknown = (run) => run, code = {}) {
  const mycelium = await runtime(`tools: { work: { id_from: [id], ${options} } }`);
  let runs = 0;
  const work = mycelium.guard(
    'work',
    code,
  )(async (_: Input, call) => {
    runs += 1;
    return body(runs, call);
  });
  return { mycelium, work, runs: () => runs };
}

/** Loses the worker of the first call, with its effect done. */
async function lose(work: (input: Input) => Promise<unknown>): Promise<void> {
  failAt('after-effect', { tool: 'work' });
  expect(await failure(work({ id: 'a' }))).toMatchObject({ name: 'WorkerLostError' });
}

async function stuck(mycelium: Mycelium): Promise<readonly object[]> {
  return (await (await mycelium.ledger()).list({ stuck: true })).calls;
}

describe('side_effect_class', () => {
  it.each([
    ['read', 2],
    ['idempotent_mutate', 2],
    ['non_idempotent_mutate', 'LEDGER_BLOCKED'],
    ['irreversible', 'LEDGER_BLOCKED'],
  ])('%s: after a lost worker', async (effect, then) => {
    const { work } = await tool(`side_effect_class: ${effect}, lease: 150ms`);
    await lose(work);
    const again = await work({ id: 'a' }).catch((error: { code: string }) => error.code);
    // A read that nothing but its id identifies belongs to no run, and so to nobody else.
    expect(again).toBe(then);
  });

  it('without it: blocked after a lost worker, run again after a throw', async () => {
    const lost = await tool('lease: 150ms');
    await lose(lost.work);
    expect(await failure(lost.work({ id: 'a' }))).toMatchObject({ code: 'LEDGER_BLOCKED' });
    const thrown = await tool('lease: 150ms', (run) => {
      if (run === 1) throw new Error('away');
      return run;
    });
    await failure(thrown.work({ id: 'a' }));
    expect(await thrown.work({ id: 'a' })).toBe(2);
  });
});

describe('boundary', () => {
  const crash = (run: number, call: ToolCall): unknown => {
    if (run === 1) throw new Error('before anything was sent');
    return call.effect(() => `sent in run ${run}`);
  };

  it('explicit: what happens before the effect has not happened', async () => {
    const { work } = await tool('side_effect_class: irreversible, boundary: explicit', crash);
    await failure(work({ id: 'a' }));
    expect(await work({ id: 'a' })).toBe('sent in run 2');
  });

  it('implicit: the body is the effect', async () => {
    const { work } = await tool('side_effect_class: irreversible, boundary: implicit', crash);
    await failure(work({ id: 'a' }));
    expect(await failure(work({ id: 'a' }))).toMatchObject({ code: 'LEDGER_BLOCKED' });
  });
});

describe('key_valid_for', () => {
  const keyed = 'side_effect_class: keyed_mutate, lease: 150ms';
  const sends = (run: number, call: ToolCall): string => `${run} ${call.idempotencyKey.slice(0, 4)}`;

  it('runs again under the same key while the provider honours it', async () => {
    const { work } = await tool(`${keyed}, key_valid_for: 24h`, sends);
    await lose(work);
    expect(await work({ id: 'a' })).toBe('2 myc_');
  });

  it.each([['key_valid_for: 60ms'], ['max_attempts: 9']])('blocks where it does not: %s', async (option) => {
    const { work } = await tool(`${keyed}, ${option}`, sends);
    await lose(work);
    expect(await failure(work({ id: 'a' }))).toMatchObject({ code: 'LEDGER_BLOCKED' });
  });
});

describe('lease, wait_for, timeout', () => {
  it('lease: how long a lost worker holds a call', async () => {
    for (const [lease, least] of [
      ['80ms', 60],
      ['0.4', 350],
    ] as const) {
      const { work } = await tool(`side_effect_class: idempotent_mutate, lease: ${lease}`);
      await lose(work);
      const before = performance.now();
      expect(await work({ id: 'a' })).toBe(2);
      expect(performance.now() - before).toBeGreaterThan(least);
    }
  });

  it('wait_for: how long a caller waits for another', async () => {
    const { work } = await tool('side_effect_class: idempotent_mutate, lease: 30s, wait_for: 40ms');
    await lose(work);
    const error = await failure(work({ id: 'a' }));
    expect(error).toMatchObject({ code: 'CALL_IN_PROGRESS', retryable: 'safe' });
    expect((error['details'] as { waitedMs: number }).waitedMs).toBe(40);
  });

  it('timeout: how long a body may take, and its late result is kept', async () => {
    const done = latch<string>();
    const { work, runs } = await tool('side_effect_class: irreversible, timeout: 30ms', () => done.promise);
    expect(await failure(work({ id: 'a' }))).toMatchObject({ code: 'CALL_TIMEOUT' });
    done.open('late');
    expect(await work({ id: 'a' })).toBe('late');
    expect(runs()).toBe(1);
  });
});

describe('settle_after, max_attempts', () => {
  it('settle_after: how long "not executed" is not believed', async () => {
    const closed = { reconcile: async () => notExecuted('the order book is closed') };
    const soon = await tool(
      'side_effect_class: non_idempotent_mutate, lease: 100ms, settle_after: 1ms',
      undefined,
      closed,
    );
    await lose(soon.work);
    await sleep(120);
    expect(await soon.work({ id: 'a' })).toBe(2);
    const later = await tool(
      'side_effect_class: non_idempotent_mutate, lease: 100ms, settle_after: 1h, wait_for: 300ms',
      undefined,
      closed,
    );
    await lose(later.work);
    await sleep(120);
    expect(await failure(later.work({ id: 'a' }))).toMatchObject({ code: 'CALL_IN_PROGRESS' });
  });

  it('max_attempts: how often it is tried', async () => {
    const { work, runs } = await tool('side_effect_class: idempotent_mutate, max_attempts: 2', () => {
      throw new Error('away');
    });
    for (let attempt = 0; attempt < 2; attempt += 1) expect((await failure(work({ id: 'a' }))).message).toBe('away');
    const blocked = await failure(work({ id: 'a' }));
    expect(blocked).toMatchObject({ code: 'LEDGER_BLOCKED' });
    expect(blocked.message).toContain('2 attempts were made');
    expect(runs()).toBe(2);
  });
});

describe('replay_for', () => {
  it('shares what was read across runs, for a while', async () => {
    const { work, mycelium } = await tool('side_effect_class: read, replay_for: 1d');
    const [first, second] = [
      await mycelium.run({ runId: 'r1' }, () => work({ id: 'a' })),
      await mycelium.run({ runId: 'r2' }, () => work({ id: 'a' })),
    ];
    expect([first, second]).toEqual([1, 1]);
  });

  it('without it a read belongs to its run', async () => {
    const { work, mycelium } = await tool('side_effect_class: read');
    const inRun = (runId: string): Promise<unknown> => mycelium.run({ runId }, () => work({ id: 'a' }));
    expect([await inRun('r1'), await inRun('r1'), await inRun('r2')]).toEqual([1, 1, 2]);
  });

  it('ends', async () => {
    const { work } = await tool('side_effect_class: read, replay_for: 20ms');
    const seen = new Set<unknown>();
    for (let read = 0; read < 5; read += 1) {
      seen.add(await work({ id: 'a' }));
      await sleep(25);
    }
    expect(seen.size).toBe(5);
  });
});

describe('store', () => {
  interface Secretive extends Input {
    readonly password: string;
    readonly iban: string;
  }
  const given: Secretive = { id: 'a', password: 'hunter2-secret', iban: 'DE-12345' };

  async function stored(form: string) {
    const at = await folder();
    const mycelium = await runtime(
      `action_ledger: { storage: file }\ntools: { work: { side_effect_class: irreversible, id_from: [id], store: ${form} } }`,
      at,
    );
    const work = mycelium.guard('work')(async (input: Secretive) => ({ token: 'tok-98765', for: input.id }));
    await work(given);
    const again = await work(given).catch((error: { code: string }) => error.code);
    const [call] = (await (await mycelium.ledger('work')).list()).calls;
    const view = await (await mycelium.ledger('work')).get(call?.id ?? '');
    await mycelium.close();
    return { again, view, disk: await onDisk(at) };
  }

  it('full: everything is there', async () => {
    const { again, view, disk } = await stored('{ input: full, result: full }');
    expect(again).toEqual({ token: 'tok-98765', for: 'a' });
    expect(view).toMatchObject({ input: given, result: again });
    for (const text of ['hunter2-secret', 'DE-12345', 'tok-98765']) expect(disk).toContain(text);
  });

  it('redacted: without what looks secret, and what is named', async () => {
    const { again, view, disk } = await stored('{ input: redacted, redact: [iban] }');
    expect(again).toEqual({ token: 'tok-98765', for: 'a' });
    expect(view?.input).toMatchObject({ id: 'a' });
    for (const text of ['hunter2-secret', 'DE-12345']) expect(disk).not.toContain(text);
    expect(disk).toContain('tok-98765');
  });

  it('digest: nothing of it is there, and a result cannot be given again', async () => {
    const { again, view, disk } = await stored('{ input: digest, result: digest }');
    expect(again).toBe('RESULT_NOT_REPLAYABLE');
    expect(view).not.toHaveProperty('input');
    for (const text of ['hunter2-secret', 'DE-12345', 'tok-98765']) expect(disk).not.toContain(text);
  });

  it('max_result_length: longer results cannot be given again', async () => {
    expect((await stored('{ max_result_length: 10 }')).again).toBe('RESULT_NOT_REPLAYABLE');
    expect((await stored('{ max_result_length: 1000 }')).again).toEqual({ token: 'tok-98765', for: 'a' });
  });
});

describe('strict', () => {
  it('refuses calls that nothing identifies, in tools of the file and in code', async () => {
    const mycelium = await runtime(
      'action_ledger: { storage: memory, strict: true }\ntools: { pay: { side_effect_class: irreversible, ledger: true } }',
    );
    const { pay } = mycelium.instrument({ pay: async ({ id }: Input) => id });
    expect(await failure(pay({ id: 'a' }))).toMatchObject({ code: 'IDENTITY_MISSING' });
    expect(await withCall(pay, { requestId: 'manual-7' })({ id: 'a' })).toBe('a');
    expect(await mycelium.run({ runId: 'r' }, () => pay({ id: 'a' }))).toBe('a');
    const undeclared = ledger({ name: 'undeclared', idFrom: ['id'] })(async ({ id }: Input) => id);
    const refused = await failure(mycelium.run({ runId: 'r' }, () => undeclared({ id: 'a' })));
    expect(refused.message).toContain('strict: its effect is not declared');
  });

  it('is off without a word', async () => {
    const mycelium = await runtime('tools: { pay: { ledger: true } }');
    expect(await mycelium.guard('pay')(async ({ id }: Input) => id)({ id: 'a' })).toBe('a');
  });
});

describe('where it is recorded', () => {
  it('each tool and task in its own place, and the ledger of each', async () => {
    const at = await folder();
    const mycelium = await runtime(
      `
action_ledger: { storage: file, path: ./tools }
task_ledger: { storage: file, path: ./tasks }
tools:
  shared: { side_effect_class: irreversible, id_from: [id] }
  own: { side_effect_class: irreversible, id_from: [id], ledger: { storage: file, path: ./own } }
  passing: { side_effect_class: read, ledger: { storage: memory } }
tasks:
  process: { id_from: [id] }
  side: { id_from: [id], ledger: { path: ./own } }
`,
      at,
    );
    const body = async ({ id }: Input): Promise<string> => id;
    const tools = mycelium.instrument({ shared: body, own: body, passing: body, process: body, side: body });
    for (const name of ['shared', 'own', 'passing', 'process', 'side'] as const) await tools[name]({ id: name });
    const recorded = async (name?: string): Promise<string[]> =>
      (await (await mycelium.ledger(name)).list()).calls.map(({ tool }) => tool).sort();
    expect(await recorded()).toEqual(['shared']);
    expect(await recorded('shared')).toEqual(['shared']);
    expect(await recorded('own')).toEqual(['own', 'side']);
    expect(await recorded('passing')).toEqual(['passing']);
    expect(await recorded('process')).toEqual(['process']);
    expect(await recorded('side')).toEqual(['own', 'side']);
    expect(mycelium.report().guarded.map(({ name, store }) => [name, store])).toEqual([
      ['shared', `file ${join(at, 'tools')}`],
      ['own', `file ${join(at, 'own')}`],
      ['passing', 'memory'],
      ['process', `file ${join(at, 'tasks')}`],
      ['side', `file ${join(at, 'own')}`],
    ]);
    await mycelium.close();
    for (const [name, inside, outside] of [
      ['tools', 'shared', 'process'],
      ['tasks', 'process', 'shared'],
      ['own', 'own', 'passing'],
    ] as const) {
      const disk = await onDisk(join(at, name));
      expect(disk).toContain(inside);
      expect(disk).not.toContain(`"${outside}"`);
    }
  });

  it('tasks with the tools, where nothing is said of them', async () => {
    const mycelium = await runtime('tasks: { process: { id_from: [id] } }');
    await mycelium.guard('process')(async ({ id }: Input) => id)({ id: 'a' });
    expect((await (await mycelium.ledger()).list()).calls).toMatchObject([{ kind: 'task', tool: 'process' }]);
  });

  it('covers by selector what says nothing itself', async () => {
    const mycelium = await runtime(
      'action_ledger: { storage: memory, tools: [search] }\ntools: { search: { side_effect_class: read }, other: { side_effect_class: read } }',
    );
    const tools = { search: async () => 1, other: async () => 1 };
    const given = mycelium.instrument(tools);
    expect([given.search === tools.search, given.other === tools.other]).toEqual([false, true]);
    expect(mycelium.report()).toMatchObject({ guarded: [{ name: 'search' }], unguarded: ['other'] });
  });
});

describe('a lost call', () => {
  it('is listed as stuck, and settled by its reconciler in another life of the program', async () => {
    const at = await folder();
    const text = `action_ledger: { storage: file }
tools: { work: { side_effect_class: irreversible, id_from: [id], lease: 150ms } }`;
    const first = await runtime(text, at);
    await lose(first.guard('work')(async (_: Input) => 1));
    await first.close({ drain: 0 });
    const second = await runtime(text, at);
    const work = second.guard('work', { reconcile: async () => committed(7) })(async (_: Input) => 2);
    expect(await work({ id: 'a' })).toBe(7);
    expect(await stuck(second)).toEqual([]);
  });
});

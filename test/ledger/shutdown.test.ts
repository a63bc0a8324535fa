import { describe, expect, test } from 'vitest';
import { kinds, shared } from './process-lives.js';

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Long enough for every process to start, and for two leases to run out, on a busy machine. */
const TIMEOUT = 90_000;

describe.each(kinds)('a process that ends (%s)', (kind) => {
  test('close starts nothing more, waits for live bodies and records them', { timeout: TIMEOUT }, async () => {
    const store = await shared(kind);
    const [one, other] = await Promise.all([store.life(), store.life()]);
    one.call({ id: 'a' });
    await one.told('began', 'a');
    one.order({ do: 'close', drain: '60s' });
    await one.told('closing');
    one.call({ id: 'b' });
    expect(await one.told('failed', 'b')).toMatchObject({ code: 'LEDGER_CLOSED' });
    await pause(100);
    expect(one.hasTold('closed')).toBe(false);
    one.finish('a');
    await one.told('closed');
    // When close is over the record is written, whether the caller has looked at its answer or not.
    expect((await store.record('a')).phase).toBe('committed');
    const { value } = await one.told('answered', 'a');
    other.call({ id: 'a' });
    expect(await other.told('answered', 'a')).toMatchObject({ value });
    one.order({ do: 'leave' });
    expect(await one.ended).toEqual({ code: 0, signal: null });
    expect([store.effects('a'), store.effects('b')]).toEqual([1, 0]);
  });

  test('a body that outlives the drain is left as it is, and its late result is recorded', {
    timeout: TIMEOUT,
  }, async () => {
    const store = await shared(kind);
    const [one, other] = await Promise.all([store.life(), store.life()]);
    one.call({ id: 'a' });
    await one.told('began', 'a');
    one.order({ do: 'close', drain: '200ms' });
    await one.told('closed');
    expect(await store.record('a')).toMatchObject({ phase: 'attempting' });
    // Nobody may take it for released: the lease runs on, and then nobody knows.
    other.call({ id: 'a' });
    expect(await other.told('failed', 'a')).toMatchObject({ code: 'LEDGER_BLOCKED' });
    one.finish('a');
    const { value } = await one.told('answered', 'a');
    other.call({ id: 'a' });
    expect(await other.told('answered', 'a')).toMatchObject({ value });
    expect(store.effects('a')).toBe(1);
  });

  test('what is idempotent is carried out by another process when its lease is over', {
    timeout: TIMEOUT,
  }, async () => {
    const store = await shared(kind);
    const [one, other] = await Promise.all([store.life(), store.life()]);
    one.call({ id: 'a', effect: 'idempotent_mutate' });
    await one.told('began', 'a');
    one.order({ do: 'close', drain: 0 });
    await one.told('closed');
    one.process.kill('SIGKILL');
    await one.ended;
    other.call({ id: 'a', effect: 'idempotent_mutate' });
    expect(await other.told('began', 'a')).toMatchObject({ fence: 2 });
    other.finish('a');
    await other.told('answered', 'a');
    expect(store.effects('a')).toBe(2);
  });

  test('a task stops at its next tool, and goes on from there in another process', { timeout: TIMEOUT }, async () => {
    const store = await shared(kind);
    const [one, other] = await Promise.all([store.life(), store.life()]);
    one.order({ do: 'task', id: 't' });
    await one.told('between', 't');
    one.order({ do: 'close', drain: '60s' });
    await one.told('closing');
    one.finish('t');
    expect(await one.told('failed', 't')).toMatchObject({ code: 'LEDGER_CLOSED' });
    await one.told('closed');
    other.order({ do: 'task', id: 't' });
    await other.told('between', 't');
    other.finish('t');
    const value = [`first by ${one.process.pid}`, `second by ${other.process.pid}`];
    expect((await other.told('answered', 't')).value).toEqual(value);
    expect([store.effects('t-first'), store.effects('t-second')]).toEqual([1, 1]);
  });

  test('SIGTERM with a handler: the body ends, its result is recorded, the process leaves by itself', {
    timeout: TIMEOUT,
  }, async () => {
    const store = await shared(kind);
    const [one, other] = await Promise.all([store.life({ sigterm: '60s' }), store.life()]);
    one.call({ id: 'a' });
    await one.told('began', 'a');
    one.process.kill('SIGTERM');
    await one.told('closing');
    one.call({ id: 'b' });
    await one.told('failed', 'b');
    one.finish('a');
    expect(await one.ended).toEqual({ code: 0, signal: null });
    other.call({ id: 'a' });
    await other.told('answered', 'a');
    expect([store.effects('a'), store.effects('b')]).toEqual([1, 0]);
  });

  test('a second SIGTERM ends it at once, and the call is blocked', { timeout: TIMEOUT }, async () => {
    const store = await shared(kind);
    const [one, other] = await Promise.all([store.life({ sigterm: '60s' }), store.life()]);
    one.call({ id: 'a' });
    await one.told('began', 'a');
    one.process.kill('SIGTERM');
    await one.told('closing');
    one.call({ id: 'b' });
    await one.told('failed', 'b');
    one.process.kill('SIGTERM');
    expect(await one.ended).toEqual({ code: null, signal: 'SIGTERM' });
    other.call({ id: 'a' });
    expect(await other.told('failed', 'a')).toMatchObject({ code: 'LEDGER_BLOCKED' });
    expect(store.effects('a')).toBe(1);
  });

  test.each([
    { how: 'exit', code: 3 },
    { how: 'unhandled', code: 1 },
    { how: 'uncaught', code: 1 },
  ] as const)(
    'a body that ends the process ($how): blocked, never run again',
    { timeout: TIMEOUT },
    async ({ how, code }) => {
      const store = await shared(kind);
      const [one, other] = await Promise.all([store.life(), store.life()]);
      one.call({ id: 'a', how });
      expect((await one.ended).code).toBe(code);
      expect((await store.record('a')).phase).toBe('attempting');
      other.call({ id: 'a' });
      expect(await other.told('failed', 'a')).toMatchObject({ code: 'LEDGER_BLOCKED' });
      expect(store.effects('a')).toBe(1);
    },
  );

  test('a worker thread that is terminated in a body leaves its process and the store at work', {
    timeout: TIMEOUT,
  }, async () => {
    const store = await shared(kind);
    const one = await store.life();
    one.order({ do: 'thread' });
    await one.told('thread ready');
    one.order({ do: 'inThread', order: { do: 'call', id: 'a' } });
    await one.told('thread began', 'a');
    one.order({ do: 'terminate' });
    await one.told('terminated');
    one.call({ id: 'a' });
    expect(await one.told('failed', 'a')).toMatchObject({ code: 'LEDGER_BLOCKED' });
    one.call({ id: 'b' });
    await one.told('began', 'b');
    one.finish('b');
    await one.told('answered', 'b');
    expect([store.effects('a'), store.effects('b')]).toEqual([1, 1]);
  });
});

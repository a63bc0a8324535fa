import { describe, expect, test } from 'vitest';
import { kinds, LEASE_MS, type Life, shared } from './process-lives.js';

/** Long enough for every process to start, and for several leases to run out, on a busy machine. */
const TIMEOUT = 90_000;

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** As a serverless platform does it between two requests: the process is not asked, and time goes on without it. */
async function freeze(life: Life): Promise<void> {
  life.process.kill('SIGSTOP');
  await life.inState('T');
}

const thaw = (life: Life): void => void life.process.kill('SIGCONT');

describe.each(kinds)('a process that is frozen (%s)', (kind) => {
  test('in a body, beyond its lease: others are blocked, and its own late completion is accepted', {
    timeout: TIMEOUT,
  }, async () => {
    const store = await shared(kind);
    const [one, other] = await Promise.all([store.life(), store.life()]);
    one.call({ id: 'a' });
    await one.told('began', 'a');
    await freeze(one);
    other.call({ id: 'a' });
    expect(await other.told('failed', 'a')).toMatchObject({ code: 'LEDGER_BLOCKED' });
    expect(store.effects('a')).toBe(1);
    thaw(one);
    one.finish('a');
    const { value } = await one.told('answered', 'a');
    // Nobody had claimed it since: what the process says is the first and only news of that attempt.
    other.call({ id: 'a' });
    expect(await other.told('answered', 'a')).toMatchObject({ value });
    expect(one.hasTold('stopped', 'a')).toBe(false);
    expect(store.effects('a')).toBe(1);
  });

  test('in a body that another process has carried out since: it is stopped, and told what is recorded', {
    timeout: TIMEOUT,
  }, async () => {
    const store = await shared(kind);
    const [one, other] = await Promise.all([store.life(), store.life()]);
    one.call({ id: 'a', effect: 'idempotent_mutate' });
    await one.told('began', 'a');
    await freeze(one);
    other.call({ id: 'a', effect: 'idempotent_mutate' });
    expect(await other.told('began', 'a')).toMatchObject({ fence: 2 });
    other.finish('a');
    const { value } = await other.told('answered', 'a');
    thaw(one);
    expect(await one.told('stopped', 'a')).toMatchObject({ code: 'LEASE_LOST' });
    one.finish('a');
    // Its own result would have been another one: what is recorded is what every caller sees.
    expect(await one.told('answered', 'a')).toMatchObject({ value });
    expect(await store.record('a')).toMatchObject({ phase: 'committed', fence: 2 });
  });

  test('in a body that another process is carrying out: its completion is refused, with the result and the reason', {
    timeout: TIMEOUT,
  }, async () => {
    const store = await shared(kind);
    const [one, other, third] = await Promise.all([store.life(), store.life(), store.life()]);
    one.call({ id: 'a', effect: 'idempotent_mutate' });
    await one.told('began', 'a');
    await freeze(one);
    other.call({ id: 'a', effect: 'idempotent_mutate' });
    await other.told('began', 'a');
    thaw(one);
    await one.told('stopped', 'a');
    one.finish('a');
    const refused = await one.told('failed', 'a');
    expect(refused).toMatchObject({
      code: 'COMPLETION_NOT_RECORDED',
      message: expect.stringContaining('a newer claim (fence 2) has taken over'),
      result: `a by ${one.process.pid} under 1`,
    });
    expect(await store.record('a')).toMatchObject({ phase: 'attempting', fence: 2 });
    other.finish('a');
    const { value } = await other.told('answered', 'a');
    third.call({ id: 'a', effect: 'idempotent_mutate' });
    expect(await third.told('answered', 'a')).toMatchObject({ value });
  });

  test('between the end of a body and its completion: blocked, then recorded', { timeout: TIMEOUT }, async () => {
    const store = await shared(kind);
    const [one, other] = await Promise.all([store.life(), store.life()]);
    one.call({ id: 'a', freezeAt: 'before-complete' });
    await one.told('began', 'a');
    one.finish('a');
    await one.told('freezes', 'a');
    await one.inState('T');
    other.call({ id: 'a' });
    expect(await other.told('failed', 'a')).toMatchObject({ code: 'LEDGER_BLOCKED' });
    thaw(one);
    const { value } = await one.told('answered', 'a');
    other.call({ id: 'a' });
    expect(await other.told('answered', 'a')).toMatchObject({ value });
    expect(store.effects('a')).toBe(1);
  });

  test('after its answer, with the completion still on its way: blocked, and recorded when it goes on', {
    timeout: TIMEOUT,
  }, async () => {
    const store = await shared(kind);
    const [one, other] = await Promise.all([store.life(), store.life()]);
    one.order({ do: 'ill', on: true });
    one.call({ id: 'a' });
    await one.told('began', 'a');
    one.finish('a');
    const { result } = await one.told('failed', 'a');
    await freeze(one);
    other.call({ id: 'a' });
    expect(await other.told('failed', 'a')).toMatchObject({ code: 'LEDGER_BLOCKED' });
    thaw(one);
    one.order({ do: 'ill', on: false });
    await expect.poll(async () => (await store.record('a')).phase, { timeout: 30_000 }).toBe('committed');
    other.call({ id: 'a' });
    expect(await other.told('answered', 'a')).toMatchObject({ value: result });
    expect(store.effects('a')).toBe(1);
  });

  test('after its answer, and another process has carried the call out since: the late completion changes nothing', {
    timeout: TIMEOUT,
  }, async () => {
    const store = await shared(kind);
    const [one, other] = await Promise.all([store.life(), store.life()]);
    one.order({ do: 'ill', on: true });
    one.call({ id: 'a', effect: 'idempotent_mutate' });
    await one.told('began', 'a');
    one.finish('a');
    await one.told('failed', 'a');
    await freeze(one);
    other.call({ id: 'a', effect: 'idempotent_mutate' });
    await other.told('began', 'a');
    other.finish('a');
    const { value } = await other.told('answered', 'a');
    thaw(one);
    one.order({ do: 'ill', on: false });
    one.order({ do: 'close', drain: '30s' });
    await one.told('closed');
    const record = await store.record('a');
    expect(record).toMatchObject({ phase: 'committed', fence: 2 });
    other.call({ id: 'a', effect: 'idempotent_mutate' });
    expect(await other.told('answered', 'a')).toMatchObject({ value });
  });

  test('after a close that drained: there is nothing left that could be frozen', { timeout: TIMEOUT }, async () => {
    const store = await shared(kind);
    const [one, other] = await Promise.all([store.life(), store.life()]);
    one.order({ do: 'ill', on: true });
    one.call({ id: 'a' });
    await one.told('began', 'a');
    one.finish('a');
    const { result } = await one.told('failed', 'a');
    one.order({ do: 'close', drain: '60s' });
    await one.told('closing');
    await pause(LEASE_MS / 2);
    // The background goes on trying, and close does not return before it is through.
    expect(one.hasTold('closed')).toBe(false);
    one.order({ do: 'ill', on: false });
    await one.told('closed');
    await freeze(one);
    other.call({ id: 'a' });
    expect(await other.told('answered', 'a')).toMatchObject({ value: result });
    expect(store.effects('a')).toBe(1);
  });
});

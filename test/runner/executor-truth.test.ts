import { expect, it } from 'vitest';
import { type CallOptions, type Mycelium, withCall } from '../../src/index.js';
import { runtime } from '../config/runtime/surroundings.js';
import { conversations, type Wire } from './conversations.js';

const openai = conversations[0] as Wire;

/** What a model is told of a call that was left without a result. */
async function told(mycelium: Mycelium, tool: string): Promise<string | undefined> {
  const messages = [openai.user('go'), ...openai.calls([['c1', tool, {}]])];
  return openai.results(await mycelium.prepareMessages(messages))[0]?.[1];
}

const NOBODY = 'No result of this call is known here. It may or may not have been carried out.';

it('of a call of another tenant whose run has the same id nothing is told', async () => {
  const mycelium = await runtime('tools:\n  balance: { side_effect_class: keyed_mutate }\n');
  const { balance } = mycelium.instrument({
    balance: async (_: object, call?: CallOptions) => ({ of: call?.toolCallId, iban: 'DE00' }),
  });
  await mycelium.run({ runId: 'run-1', tenant: 'one' }, async () => {
    await balance({}, { toolCallId: 'c1' });
    expect(await told(mycelium, 'balance')).toBe('{"of":"c1","iban":"DE00"}');
  });
  expect(await mycelium.run({ runId: 'run-1', tenant: 'two' }, () => told(mycelium, 'balance'))).toBe(NOBODY);
  expect(await mycelium.run({ runId: 'run-1' }, () => told(mycelium, 'balance'))).toBe(NOBODY);
  await mycelium.close();
});

it('of two calls with one id nothing is told: nobody can tell which is meant', async () => {
  const mycelium = await runtime('tools:\n  pay: { side_effect_class: irreversible }\n');
  const { pay } = mycelium.instrument({ pay: async ({ n }: { n: number }, _call?: CallOptions) => ({ paid: n }) });
  await mycelium.run({ runId: 'r' }, async () => {
    for (const n of [1, 2]) await withCall(pay, { requestId: `p${n}` })({ n }, { toolCallId: 'c1' });
    expect(await told(mycelium, 'pay')).toBe(NOBODY);
  });
  await mycelium.close();
});

it('a result is told whatever it is', async () => {
  const mycelium = await runtime('tools:\n  stock: { side_effect_class: keyed_mutate }\n');
  const { stock } = mycelium.instrument({
    stock: async (_: object, _call?: CallOptions) => ({ left: new Map([['bolt', 5n]]) }),
  });
  await mycelium.run({ runId: 'r' }, async () => {
    await stock({}, { toolCallId: 'c1' });
    expect(await told(mycelium, 'stock')).toBe('{"left":{"bolt":"5"}}');
  });
  await mycelium.close();
});

it('of a call that was begun nothing is claimed, for its worker may be dead; a read may be made again', async () => {
  const mycelium = await runtime(
    'tools:\n  pay: { side_effect_class: irreversible }\n  look: { side_effect_class: read, ledger: true }\n',
  );
  const hang = async (_: object, _call?: CallOptions): Promise<void> => new Promise((done) => setTimeout(done, 200));
  const { pay, look } = mycelium.instrument({ pay: hang, look: hang });
  await mycelium.run({ runId: 'r' }, async () => {
    const under = [pay({}, { toolCallId: 'c1' }), look({}, { toolCallId: 'c1' })];
    await new Promise((done) => setTimeout(done, 50));
    expect(await told(mycelium, 'pay')).toBe(
      'pay was begun and may still be under way. Do not assume that it is done, or that it failed, and do not call it again.',
    );
    expect(await told(mycelium, 'look')).toBe('look was begun and may still be under way. It may be called again.');
    await Promise.all(under);
  });
  await mycelium.close();
});

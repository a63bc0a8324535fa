import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  committed,
  type Encryption,
  type EncryptionContext,
  idempotencyKey,
  notExecuted,
  type ReconcileQuestion,
  sideEffect,
  unknown,
} from '../../../src/index.js';
import { failAt } from '../../../src/testing/index.js';
import { failure } from '../../ledger/workers.js';
import { folder, onDisk, runtime, sleep } from './surroundings.js';

/** A payment whose first worker is lost with its effect done. */
const LOSABLE =
  'tools: { pay: { side_effect_class: non_idempotent_mutate, id_from: [invoice_id], lease: 150ms, settle_after: 1ms } }';

interface Payment {
  readonly invoiceId: string;
  readonly amount: number;
}

describe('reconcile in code', () => {
  it('settles a call whose worker was lost', async () => {
    const mycelium = await runtime(LOSABLE);
    const questions: ReconcileQuestion<Payment>[] = [];
    let runs = 0;
    const tools = mycelium.instrument(
      {
        async pay({ invoiceId }: Payment) {
          runs += 1;
          return { paid: invoiceId, run: runs };
        },
      },
      {
        pay: {
          reconcile: async (question) => {
            questions.push(question);
            return committed({ paid: question.input.invoiceId, run: 0 });
          },
        },
      },
    );
    failAt('after-effect', { tool: 'pay' });
    expect(await failure(tools.pay({ invoiceId: 'inv-1', amount: 5 }))).toMatchObject({ name: 'WorkerLostError' });
    expect(await tools.pay({ invoiceId: 'inv-1', amount: 5 })).toEqual({ paid: 'inv-1', run: 0 });
    expect(await tools.pay({ invoiceId: 'inv-1', amount: 5 })).toEqual({ paid: 'inv-1', run: 0 });
    expect(runs).toBe(1);
    expect(questions).toMatchObject([
      { requestId: 'inv-1', input: { invoiceId: 'inv-1', amount: 5 }, idempotencyKey: expect.stringMatching(/^myc_/) },
    ]);
    expect(mycelium.report().guarded).toMatchObject([{ name: 'pay', code: ['reconcile'] }]);
  });

  it('lets it run again when nothing happened, and keeps it blocked when nobody knows', async () => {
    const mycelium = await runtime(LOSABLE);
    const verdicts = [unknown('the bank indexes with a delay'), notExecuted('the order book is closed')];
    let runs = 0;
    const pay = mycelium.guard('pay', { reconcile: async () => verdicts.shift() ?? unknown('asked too often') })(
      async (_: Payment) => {
        runs += 1;
        return runs;
      },
    );
    failAt('after-effect', { tool: 'pay' });
    await failure(pay({ invoiceId: 'inv-1', amount: 5 }));
    const blocked = await failure(pay({ invoiceId: 'inv-1', amount: 5 }));
    expect(blocked).toMatchObject({ code: 'LEDGER_BLOCKED' });
    expect(blocked.message).toContain('the bank indexes with a delay');
    await sleep(5);
    expect(await pay({ invoiceId: 'inv-1', amount: 5 })).toBe(2);
  });

  it('is needed: without it the call stays blocked', async () => {
    const mycelium = await runtime(LOSABLE);
    const pay = mycelium.guard('pay')(async (_: Payment) => 1);
    failAt('after-effect', { tool: 'pay' });
    await failure(pay({ invoiceId: 'inv-1', amount: 5 }));
    expect(await failure(pay({ invoiceId: 'inv-1', amount: 5 }))).toMatchObject({ code: 'LEDGER_BLOCKED' });
  });
});

describe('other code of a tool', () => {
  it('notExecuted: an error that proves that nothing happened lets it run again', async () => {
    const mycelium = await runtime(LOSABLE);
    const made = (code: object) => {
      let runs = 0;
      return mycelium.guard(
        'pay',
        code,
      )(async ({ amount }: Payment) => {
        runs += 1;
        if (runs === 1) throw new RangeError('declined');
        return amount;
      });
    };
    const proven = made({ notExecuted: (error: unknown) => error instanceof RangeError });
    await expect(proven({ invoiceId: 'a', amount: 5 })).rejects.toThrow('declined');
    expect(await proven({ invoiceId: 'a', amount: 5 })).toBe(5);
    const open = made({});
    await expect(open({ invoiceId: 'b', amount: 5 })).rejects.toThrow('declined');
    expect(await failure(open({ invoiceId: 'b', amount: 5 }))).toMatchObject({ code: 'LEDGER_BLOCKED' });
  });

  it('idFrom: a selector over the input', async () => {
    const mycelium = await runtime('tools: { pay: { side_effect_class: irreversible, ledger: true } }');
    let runs = 0;
    const tools = mycelium.instrument(
      {
        async pay(_: { order: { id: string; line: number }; note: string }) {
          runs += 1;
          return runs;
        },
      },
      { pay: { idFrom: ({ order }) => [order.id, order.line], fingerprint: { omit: ['note'] } } },
    );
    expect(await tools.pay({ order: { id: 'a', line: 1 }, note: 'first' })).toBe(1);
    expect(await tools.pay({ order: { id: 'a', line: 1 }, note: 'once more' })).toBe(1);
    expect(await tools.pay({ order: { id: 'a', line: 2 }, note: '' })).toBe(2);
    expect(mycelium.report().guarded).toMatchObject([{ identity: 'a function', code: ['idFrom', 'fingerprint'] }]);
  });

  it('fingerprint: what of the arguments makes the call the same', async () => {
    const mycelium = await runtime(LOSABLE);
    const body = async ({ amount }: Payment): Promise<number> => amount;
    const whole = mycelium.guard('pay')(body);
    expect(await whole({ invoiceId: 'a', amount: 5 })).toBe(5);
    expect(await failure(whole({ invoiceId: 'a', amount: 6 }))).toMatchObject({ code: 'IDENTITY_CONFLICT' });
    const chosen = mycelium.guard('pay', { fingerprint: ({ invoiceId }: Payment) => invoiceId })(body);
    expect(await chosen({ invoiceId: 'b', amount: 5 })).toBe(5);
    expect(await chosen({ invoiceId: 'b', amount: 6 })).toBe(5);
  });

  it('suspends: a control-flow signal comes before the effect', async () => {
    const mycelium = await runtime(LOSABLE);
    const interrupt = (): Error =>
      Object.assign(new Error('wait for a person'), { name: 'GraphInterrupt', is_bubble_up: true });
    const made = (suspends: boolean) => {
      let runs = 0;
      return mycelium.guard('pay', { suspends })(async ({ amount }: Payment) => {
        runs += 1;
        if (runs === 1) throw interrupt();
        return amount;
      });
    };
    const suspending = made(true);
    await failure(suspending({ invoiceId: 'a', amount: 5 }));
    expect(await suspending({ invoiceId: 'a', amount: 5 })).toBe(5);
    const other = made(false);
    await failure(other({ invoiceId: 'b', amount: 5 }));
    expect(await failure(other({ invoiceId: 'b', amount: 5 }))).toMatchObject({ code: 'LEDGER_BLOCKED' });
  });

  it('ambient: sideEffect and idempotencyKey inside the body', async () => {
    const mycelium = await runtime(
      'tools: { pay: { side_effect_class: irreversible, boundary: explicit, id_from: [invoice_id] } }',
    );
    const tools = { pay: async ({ amount }: Payment) => sideEffect(() => [amount, idempotencyKey().slice(0, 4)]) };
    expect(await mycelium.instrument(tools, { pay: { ambient: true } }).pay({ invoiceId: 'a', amount: 5 })).toEqual([
      5,
      'myc_',
    ]);
    expect(await failure(mycelium.instrument(tools).pay({ invoiceId: 'b', amount: 5 }))).toMatchObject({
      code: 'AMBIENT_SCOPE',
    });
  });

  it('applies to a task what tasks have', async () => {
    const mycelium = await runtime('tasks: { process: { side_effect_class: non_idempotent_mutate, ledger: true } }');
    let runs = 0;
    const tasks = mycelium.instrument(
      {
        async process({ id }: { id: string; note: string }) {
          runs += 1;
          if (runs === 1) throw new RangeError('nothing was begun');
          return `${id} ${runs}`;
        },
      },
      {
        process: {
          idFrom: ({ id }) => id,
          fingerprint: { omit: ['note'] },
          notExecuted: (error) => error instanceof RangeError,
        },
      },
    );
    await failure(tasks.process({ id: 'a', note: '1' }));
    expect(await tasks.process({ id: 'a', note: '2' })).toBe('a 2');
    expect(await tasks.process({ id: 'a', note: '3' })).toBe('a 2');
  });
});

describe('encryption in code', () => {
  const FILE = `action_ledger: { storage: file }
tools: { pay: { side_effect_class: non_idempotent_mutate, id_from: [invoice_id], lease: 150ms } }`;
  const secret = randomBytes(32);

  /** Bound to the record and the field it belongs to. */
  const belongsTo = ({ tool, id, field }: EncryptionContext): Buffer => Buffer.from([tool, id, field].join('\n'));
  const encryption: Encryption = {
    encrypt(text, context) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(belongsTo(context));
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
        'base64',
      );
    },
    async decrypt(text, context) {
      const bytes = Buffer.from(text, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, 12))
        .setAAD(belongsTo(context))
        .setAuthTag(bytes.subarray(-16));
      return decipher.update(bytes.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8');
    },
  };
  const card = '4111-1111-1111-1111';

  it('leaves no plain text on the disk, and gives the result again', async () => {
    const at = await folder();
    for (const runs of [1, 2]) {
      const mycelium = await runtime(FILE, at);
      const tools = mycelium.instrument(
        { pay: async ({ card }: { invoiceId: string; card: string }) => ({ charged: card, runs }) },
        { pay: { encryption } },
      );
      expect(await tools.pay({ invoiceId: 'a', card })).toEqual({ charged: card, runs: 1 });
      await mycelium.close();
    }
    const written = await onDisk(join(at, '.mycelium'));
    expect(written).not.toContain(card);
    expect(written).not.toContain('4111');
  });

  it('is the ledger’s own, too: people read what it keeps, and settle nothing in the open', async () => {
    const at = await folder();
    const mycelium = await runtime(FILE, at);
    const pay = mycelium.guard('pay', { encryption })(async ({ card }: { invoiceId: string; card: string }) => ({
      charged: card,
    }));
    failAt('after-effect', { tool: 'pay' });
    await failure(pay({ invoiceId: 'a', card }));
    await failure(pay({ invoiceId: 'a', card }));
    const actions = await mycelium.ledger('pay');
    const [stuck] = (await actions.list({ stuck: true })).calls;
    expect(await actions.get(stuck?.id ?? '')).toMatchObject({ input: { invoiceId: 'a', card } });
    await actions.release(stuck?.id ?? '', {
      as: 'completed',
      result: { charged: card },
      by: 'ada',
      reason: 'seen at the bank',
    });
    expect(await pay({ invoiceId: 'a', card })).toEqual({ charged: card });
    await mycelium.close();
    expect(await onDisk(at)).not.toContain(card);
  });

  it('without it the same text is there: the search above would find it', async () => {
    const at = await folder();
    const mycelium = await runtime(FILE, at);
    await mycelium.guard('pay')(async (_: { invoiceId: string; card: string }) => 1)({ invoiceId: 'a', card });
    await mycelium.close();
    expect(await onDisk(at)).toContain(card);
  });
});

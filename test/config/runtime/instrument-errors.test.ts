import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ActionLedger, ledger, loadConfig, openStore } from '../../../src/index.js';
import { folder, issuesOf, refusal, runtime } from './surroundings.js';

const PAYMENT = 'tools: { send_payment: { side_effect_class: irreversible, id_from: [invoice_id] } }';

describe('instrument refuses', () => {
  it('a tool without a function, with its place in the file and what was probably meant', async () => {
    const at = await folder();
    await writeFile(
      join(at, 'mycelium.yaml'),
      'action_ledger: { storage: memory }\ntools:\n  send_payment:\n    side_effect_class: irreversible\n    id_from: [to]\n',
    );
    const mycelium = await loadConfig(join(at, 'mycelium.yaml'));
    const error = refusal(() => mycelium.instrument({ sendPayments: async () => 1, other: async () => 1 }));
    expect(error.issues).toMatchObject([
      {
        id: 'MYC504',
        severity: 'error',
        line: 3,
        column: 3,
        path: 'tools.send_payment',
        problem: 'there is no function send_payment (or sendPayment)',
        suggestion: 'sendPayments',
      },
    ]);
    expect(error.message).toContain('mycelium.yaml:3:3  error MYC504');
    expect(error.message).toContain('    3 |   send_payment:\n      |   ^^^^^^^^^^^^');
    expect(error.message).toContain('did you mean sendPayments?');
    expect(error.message).toContain('do not go together, 1 error:');
    await mycelium.close();
  });

  it('a tool without a function and without anything like it, with what can be done', async () => {
    const mycelium = await runtime(PAYMENT);
    const [issue] = issuesOf(() => mycelium.instrument({ hello: async () => 1 }));
    expect(issue).toMatchObject({ id: 'MYC504', remedy: expect.stringContaining('{ partial: [...] }') });
    expect(issue).not.toHaveProperty('suggestion');
  });

  it('both spellings, and says nothing wrong of their code', async () => {
    const mycelium = await runtime(PAYMENT);
    const tools = { send_payment: async () => 1, sendPayment: async () => 2 };
    expect(issuesOf(() => mycelium.instrument(tools, { sendPayment: { suspends: true } }))).toMatchObject([
      { id: 'MYC505', problem: 'send_payment and sendPayment are both there', path: 'tools.send_payment' },
    ]);
  });

  it.each([
    ['a text', 'later', 'is a text, not a function'],
    ['a number', 1, 'is a number, not a function'],
    ['null', null, 'is null, not a function'],
    ['undefined', undefined, 'is undefined, not a function'],
    ['an object, as frameworks have tools', { execute: async () => 1 }, 'is an object, not a function'],
    ['a list', [async () => 1], 'is a list, not a function'],
    ['a class', class Payment {}, 'is a class'],
    ['a generator', function* pay() {}, 'is a generator'],
    ['an async generator', async function* pay() {}, 'is a generator'],
    ['three arguments', async (_a: number, _b: number, _c: number) => 1, 'takes 3 arguments'],
  ])('%s for a tool', async (_, value, problem) => {
    const mycelium = await runtime(PAYMENT);
    const [issue, ...more] = issuesOf(() => mycelium.instrument({ sendPayment: value } as object));
    expect(more).toEqual([]);
    expect(issue).toMatchObject({ id: 'MYC506', path: 'tools.send_payment', line: 2 });
    expect(issue?.problem).toBe(`sendPayment ${issue?.problem.slice('sendPayment '.length)}`);
    expect(issue?.problem).toContain(problem);
    expect(issue?.remedy).not.toBe('');
  });

  it('a getter, without running it', async () => {
    const mycelium = await runtime(PAYMENT);
    const tools = {
      get sendPayment(): () => Promise<number> {
        throw new Error('a getter was run');
      },
    };
    expect(issuesOf(() => mycelium.instrument(tools))).toMatchObject([
      { id: 'MYC506', problem: expect.stringContaining('is a getter') },
    ]);
  });

  it('what is guarded in code already', async () => {
    const mycelium = await runtime(PAYMENT);
    const elsewhere = new ActionLedger({ store: await openStore('memory:') });
    const sendPayment = ledger({ name: 'send_payment', effect: 'read', ledger: elsewhere })(async () => 1);
    expect(issuesOf(() => mycelium.instrument({ sendPayment }))).toMatchObject([{ id: 'MYC507' }]);
    // Not named in the file it passes, and is not unguarded.
    const other = await runtime('');
    expect(other.instrument({ sendPayment }, {}, { partial: true }).sendPayment).toBe(sendPayment);
    expect(other.report().unguarded).toEqual([]);
  });

  it('tools, where the file names none: they would all be bare', async () => {
    const mycelium = await runtime('');
    const sendPayment = async (): Promise<number> => 1;
    expect(issuesOf(() => mycelium.instrument({ sendPayment }))).toMatchObject([{ id: 'MYC512' }]);
    expect(mycelium.instrument({ sendPayment }, {}, { partial: true }).sendPayment).toBe(sendPayment);
    expect(mycelium.report().unguarded).toEqual(['sendPayment']);
  });

  it('options and code that are none, from programs without types', async () => {
    const mycelium = await runtime(PAYMENT);
    const tools = { sendPayment: async (_: { invoiceId: string }) => 1 };
    expect(() => mycelium.instrument(tools, {}, { partal: true } as object)).toThrow('is no option');
    for (const code of [
      { reconcile: 'x' },
      { notExecuted: true },
      { fingerprint: 'x' },
      { fingerprint: { omit: 'x' } },
      { encryption: { encrypt: (text: string) => text } },
      { suspends: 'no' },
    ] as object[]) {
      expect(issuesOf(() => mycelium.instrument(tools, { sendPayment: code }))).toMatchObject([
        { id: 'MYC511', path: 'tools.send_payment', remedy: expect.stringMatching(/^Pass /) },
      ]);
    }
    for (const code of ['x', () => 1] as unknown[] as object[])
      expect(issuesOf(() => mycelium.instrument(tools, { sendPayment: code }))).toMatchObject([{ id: 'MYC510' }]);
    const misspelt = { threadID: 't' } as object;
    await expect(mycelium.run(misspelt, () => 1)).rejects.toThrow('run({ threadID }): is no option');
    await expect(mycelium.run({}, undefined as unknown as () => number)).rejects.toThrow('a function to run');
    expect(() => mycelium.guard('send_payment')(class {} as unknown as () => number)).toThrow('was applied to a class');
  });

  it('code for what the file does not name, or what is not there', async () => {
    const mycelium = await runtime(PAYMENT);
    const tools = { sendPayment: async (_: { invoiceId: string }) => 1, helper: async () => 1 };
    const code = { helper: {}, send_payment: {}, sendPaymnet: {} } as object;
    expect(issuesOf(() => mycelium.instrument(tools, code))).toMatchObject([
      { id: 'MYC508', problem: 'code for helper, which the file does not name' },
      { id: 'MYC508', problem: 'code for send_payment, which is no function here', suggestion: 'sendPayment' },
      { id: 'MYC508', problem: 'code for sendPaymnet, which is no function here', suggestion: 'sendPayment' },
    ]);
  });

  it('code for a tool that brings its guard along, which would have no effect', async () => {
    const mycelium = await runtime(PAYMENT);
    const sendPayment = mycelium.guard('send_payment')(async (_: { invoiceId: string }) => 1);
    expect(issuesOf(() => mycelium.instrument({ sendPayment }, { sendPayment: { suspends: true } }))).toMatchObject([
      { id: 'MYC509', remedy: 'Give it there: mycelium.guard("send_payment", { … }).' },
    ]);
  });

  it('what is no code, and what the file can say', async () => {
    const mycelium = await runtime(PAYMENT);
    const tools = { sendPayment: async (_: { invoiceId: string }) => 1 };
    const code = { sendPayment: { reconsile: () => 1, lease: '1s', notExecuted: undefined } } as object;
    expect(issuesOf(() => mycelium.instrument(tools, code))).toMatchObject([
      {
        id: 'MYC510',
        path: 'tools.send_payment',
        problem: 'code gives reconsile to the tool send_payment',
        suggestion: 'reconcile',
      },
      { id: 'MYC510', problem: 'code gives lease to the tool send_payment', remedy: expect.stringContaining('file') },
    ]);
  });

  it('code of a tool for a task', async () => {
    const mycelium = await runtime('tasks: { process: { id_from: [id] } }');
    const tasks = { process: async (input: { id: string }) => input.id };
    const code = { process: { reconcile: () => ({ outcome: 'unknown', why: 'x' }) as const, ambient: true } };
    expect(issuesOf(() => mycelium.instrument(tasks, code))).toMatchObject([
      { id: 'MYC510', problem: 'code gives reconcile to the task process' },
      { id: 'MYC510', problem: 'code gives ambient to the task process' },
    ]);
  });

  it('code for a tool that nothing records', async () => {
    const mycelium = await runtime('tools: { search: { ledger: false } }');
    const tools = { search: async (input: { q: string }) => input.q };
    expect(issuesOf(() => mycelium.instrument(tools, { search: { suspends: true } }))).toMatchObject([
      { id: 'MYC502', problem: 'code gives suspends to search, and nothing records it' },
    ]);
  });

  it('fields in the file together with a selector in code', async () => {
    const mycelium = await runtime(PAYMENT);
    const tools = { sendPayment: async (input: { invoiceId: string }) => input.invoiceId };
    expect(
      issuesOf(() => mycelium.instrument(tools, { sendPayment: { idFrom: ({ invoiceId }) => invoiceId } })),
    ).toMatchObject([
      { id: 'MYC503', path: 'tools.send_payment.id_from', problem: 'send_payment has id_from here and idFrom in code' },
    ]);
  });

  it('everything that is wrong at once, in the order of the file, and leaves nothing half done', async () => {
    const mycelium = await runtime(`
tools:
  good: { side_effect_class: read, ledger: true }
  waived: { ledger: false }
  missing: { side_effect_class: read, ledger: true }
  listed: { side_effect_class: read, ledger: true }
  coded: { side_effect_class: irreversible, id_from: [id] }
tasks:
  process: { id_from: [id] }
`);
    const tools = {
      good: async () => 1,
      waived: async () => 1,
      listed: [],
      coded: async (input: { id: string }) => input.id,
      process: function* () {},
      helper: async () => 1,
    };
    const issues = issuesOf(() => mycelium.instrument(tools, { coded: { idFrom: () => 'x' }, helper: {} }));
    expect(issues.map(({ id, line }) => [id, line])).toEqual([
      ['MYC508', undefined],
      ['MYC504', 6],
      ['MYC506', 7],
      ['MYC503', 8],
      ['MYC506', 10],
    ]);
    expect(mycelium.report()).toMatchObject({
      guarded: [],
      unguarded: [],
      missing: ['good', 'waived', 'missing', 'listed', 'coded', 'process'],
    });
  });
});

describe('instrument: in parts', () => {
  const TWO = `tools:
  send_payment: { side_effect_class: irreversible, id_from: [id] }
  send_mail: { side_effect_class: irreversible, id_from: [id] }`;
  const sendPayment = async ({ id }: { id: string }): Promise<string> => `paid ${id}`;
  const sendMail = async ({ id }: { id: string }): Promise<string> => `mailed ${id}`;

  it('takes a part when told so', async () => {
    const mycelium = await runtime(TWO);
    expect(issuesOf(() => mycelium.instrument({ sendPayment }))).toMatchObject([{ id: 'MYC504' }]);
    const payments = mycelium.instrument({ sendPayment }, {}, { partial: true });
    expect(await payments.sendPayment({ id: 'a' })).toBe('paid a');
    expect(mycelium.report().missing).toEqual(['send_mail']);
    const mails = mycelium.instrument({ sendMail });
    expect(await mails.sendMail({ id: 'a' })).toBe('mailed a');
    expect(mycelium.report().missing).toEqual([]);
  });

  it('does not take one name for a list of names', async () => {
    const mycelium = await runtime(TWO);
    const wrong = { partial: 'send_payment_too' } as object;
    expect(() => mycelium.instrument({ sendMail }, {}, wrong)).toThrow('is a text');
  });

  it('misses what it was not told of', async () => {
    const mycelium = await runtime(TWO);
    const mails = mycelium.instrument({ sendMail }, {}, { partial: ['send_payment'] });
    expect(await mails.sendMail({ id: 'a' })).toBe('mailed a');
    const other = await runtime(TWO);
    expect(issuesOf(() => other.instrument({ sendMail }, {}, { partial: ['send_male'] }))).toMatchObject([
      { id: 'MYC504', path: 'tools.send_payment' },
    ]);
  });

  it('does not miss what was guarded before', async () => {
    const mycelium = await runtime(TWO);
    mycelium.guard('send_payment')(sendPayment);
    expect(await mycelium.instrument({ sendMail }).sendMail({ id: 'a' })).toBe('mailed a');
  });

  it('misses what a guard was made for that stands around nothing', async () => {
    const mycelium = await runtime(TWO);
    mycelium.guard('send_payment');
    expect(issuesOf(() => mycelium.instrument({ sendMail }))).toMatchObject([
      { id: 'MYC504', path: 'tools.send_payment' },
    ]);
  });

  it('refuses code for a tool that is elsewhere', async () => {
    const mycelium = await runtime(TWO);
    const code = { sendMail: { suspends: true } } as object;
    expect(issuesOf(() => mycelium.instrument({ sendPayment }, code, { partial: true }))).toMatchObject([
      { id: 'MYC508', problem: 'code for sendMail, which is no function here' },
    ]);
  });

  it('takes tools that were guarded at their definition, beside others', async () => {
    const mycelium = await runtime(TWO);
    const definition = { sendPayment: mycelium.guard('send_payment')(sendPayment), sendMail };
    const tools = mycelium.instrument(definition);
    expect(tools.sendPayment).toBe(definition.sendPayment);
    expect(await tools.sendMail({ id: 'a' })).toBe('mailed a');
    expect(mycelium.report()).toMatchObject({
      guarded: [{ name: 'send_payment' }, { name: 'send_mail' }],
      missing: [],
    });
  });

  it('refuses a tool that was guarded for another name', async () => {
    const mycelium = await runtime(TWO);
    const tools = { sendPayment: mycelium.guard('send_mail')(sendMail) };
    expect(issuesOf(() => mycelium.instrument(tools))).toMatchObject([{ id: 'MYC507', path: 'tools.send_payment' }]);
  });
});

describe('instrument: a tool that nothing is to record', () => {
  it('passes as it is, whatever it is, and is reported', async () => {
    const mycelium = await runtime('tools: { stream: { ledger: false }, many: { ledger: false } }');
    const tools = {
      async *stream() {
        yield 1;
      },
      many: async (a: number, b: number, c: number) => a + b + c,
    };
    const given = mycelium.instrument(tools);
    expect([given.stream, given.many]).toEqual([tools.stream, tools.many]);
    expect(mycelium.report()).toMatchObject({ guarded: [], unguarded: ['stream', 'many'], missing: [] });
  });

  it('must be there all the same', async () => {
    const mycelium = await runtime('tools: { search: { ledger: false } }');
    expect(issuesOf(() => mycelium.instrument({}))).toMatchObject([{ id: 'MYC504' }]);
    expect(issuesOf(() => mycelium.instrument({ search: 1 }))).toMatchObject([{ id: 'MYC506' }]);
  });
});

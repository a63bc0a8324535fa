import { existsSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listCalls } from '../../src/cli/ledger-list.js';
import { releaseCall, retireCall } from '../../src/cli/ledger-settle.js';
import { showCall } from '../../src/cli/ledger-show.js';
import { loadConfig, type Mycelium } from '../../src/index.js';
import { fakeTerminal } from './fake-terminal.js';
import { Scratch } from './scratch.js';

const yaml = `action_ledger: { path: ./records }
task_ledger: { path: ./tasks }
tools:
  send_payment: { side_effect_class: non_idempotent_mutate, id_from: [invoice_id] }
  search: { side_effect_class: read, id_from: [q] }
tasks:
  settle: { id_from: [invoice_id] }
`;

let scratch: Scratch;
let config: string;
let mycelium: Mycelium;
let charges: string[];

beforeEach(async () => {
  scratch = new Scratch();
  config = scratch.write('mycelium.yaml', yaml);
  mycelium = await loadConfig(config);
  charges = [];
});

afterEach(async () => {
  await mycelium.close();
  scratch.remove();
});

/** Pays; an invoice that begins with `lost` breaks off after its charge. */
function pay(invoiceId: string): Promise<{ paid: string }> {
  const tool = mycelium.guard('send_payment')(async (input: { invoiceId: string }, call) => {
    charges.push(input.invoiceId);
    await call.recordExternalRef(`ch-${charges.length}`);
    if (input.invoiceId.startsWith('lost')) throw new Error('connection reset');
    return { paid: input.invoiceId };
  });
  return tool({ invoiceId });
}

async function listed(options: Parameters<typeof listCalls>[0] = {}): Promise<string> {
  const terminal = fakeTerminal();
  expect(await listCalls({ config, ...options }, terminal)).toBe(0);
  return terminal.text();
}

async function ids(): Promise<Record<string, string>> {
  const { calls } = JSON.parse(await listed({ json: true }));
  return Object.fromEntries(calls.map((call: { requestId: string; id: string }) => [call.requestId, call.id]));
}

describe('list', () => {
  test('calls, the latest first, with the next command for those that are stuck', async () => {
    await pay('inv-1');
    await expect(pay('lost-2')).rejects.toThrow('connection reset');
    await mycelium.guard('settle')(async (_: { invoiceId: string }) => 'settled')({ invoiceId: 'inv-1' });
    const rows = (await listed()).split('\n');
    expect(rows[0]).toMatch(/^ID +TOOL +REQUEST +STATE +AGE +NEXT$/);
    expect(rows.slice(1).map((row) => row.split(/ {2,}/).slice(1, 4))).toEqual([
      ['settle', 'inv-1', 'committed'],
      ['send_payment', 'lost-2', 'unknown'],
      ['send_payment', 'inv-1', 'committed'],
    ]);
    const stuck = (await listed({ stuck: true })).split('\n');
    expect(stuck).toHaveLength(2);
    expect(stuck[1]).toMatch(/^([0-9a-f]{4})… .* mycelium ledger show \1 -c \S+mycelium\.yaml$/);
  });

  test('by tool and by run', async () => {
    await mycelium.run({ runId: 'run-7' }, () => mycelium.guard('search')(async (_: { q: string }) => 1)({ q: 'x' }));
    await pay('inv-1');
    expect(await listed({ tool: 'search' })).toMatch(/search +x +committed/);
    expect((await listed({ tool: 'search' })).split('\n')).toHaveLength(2);
    expect((await listed({ run: 'run-7' })).split('\n')).toHaveLength(2);
    expect(await listed({ run: 'run-8' })).toBe('No calls in run run-8.');
    expect(await listed({ tool: 'nope', stuck: true })).toBe('No call of nope waits for a person.');
  });

  test('at most so many for people, and then says how many there are', async () => {
    for (let n = 0; n < 5; n += 1) await pay(`inv-${n}`);
    const terminal = fakeTerminal();
    await listCalls({ config, limit: 2 }, terminal);
    expect(
      terminal
        .text()
        .split('\n')
        .slice(1)
        .map((row) => row.split(/ {2,}/)[2]),
    ).toEqual(['inv-4', 'inv-3']);
    expect(terminal.noted.at(-1)).toBe('The latest 2 of 5; --limit 5 shows all.');
    expect(JSON.parse(await listed({ json: true }))).toMatchObject({ total: 5 });
    expect(JSON.parse(await listed({ json: true, limit: 1 })).calls).toHaveLength(1);
  });

  test('short ids are unique however many there are, in however many ledgers', async () => {
    const settle = mycelium.guard('settle')(async (_: { invoiceId: string }) => 'settled');
    const work = Array.from({ length: 350 }, (_, n) => [pay(`inv-${n}`), settle({ invoiceId: `inv-${n}` })]);
    await Promise.all(work.flat());
    const rows = (await listed({ limit: 1_000 })).split('\n').slice(1);
    const short = rows.map((row) => row.split('…', 1)[0] ?? '');
    const { calls } = JSON.parse(await listed({ json: true }));
    const all: string[] = calls.map((call: { id: string }) => call.id);
    expect(short).toHaveLength(700);
    expect(short.filter((id) => all.filter((one) => one.startsWith(id)).length !== 1)).toEqual([]);
    expect(Math.min(...short.map((id) => id.length))).toBe(4);
  });

  test('places that could not be looked at are named: nothing stuck there is not known', async () => {
    await pay('inv-1');
    const terminal = fakeTerminal();
    await listCalls({ config, stuck: true }, terminal);
    expect(terminal.noted).toEqual([`Not looked at: file ${scratch.path('tasks')}.`]);
    expect(JSON.parse(await listed({ json: true }))).toMatchObject({ notLookedAt: [`file ${scratch.path('tasks')}`] });
  });

  test('ids and names are taken as people have them: as listed, in upper case, as in code', async () => {
    await pay('inv-1');
    const { 'inv-1': id = '' } = await ids();
    for (const text of [`${id.slice(0, 6)}…`, id.slice(0, 8).toUpperCase(), `${id.slice(0, 5)}...`])
      expect(await showCall(text, { config }, fakeTerminal())).toBe(0);
    expect((await listed({ tool: 'sendPayment' })).split('\n')).toHaveLength(2);
    const terminal = fakeTerminal();
    await listCalls({ config, tool: 'send_paymnt' }, terminal);
    expect(terminal.noted[0]).toBe('The file has no tool send_paymnt. Did you mean send_payment?');
  });

  test('one folder is one store, by whatever link', async () => {
    await pay('inv-1');
    symlinkSync(scratch.path('records'), scratch.path('link'));
    const linked = scratch.write('linked.yaml', yaml.replace('./tasks', './link'));
    expect((await listed({ config: linked })).split('\n')).toHaveLength(2);
    const { 'inv-1': id = '' } = await ids();
    expect(await showCall(id, { config: linked }, fakeTerminal())).toBe(0);
  });

  test('one folder is one store, however it is spelt', async () => {
    await pay('inv-1');
    const spelt = scratch.write('spelt.yaml', yaml.replace('./tasks', `${scratch.path('records')}/`));
    expect((await listed({ config: spelt })).split('\n')).toHaveLength(2);
  });
});

describe("what is somebody else's text", () => {
  const wild = 'inv\u001b[31m\u009b2J\u202e\n1';

  test('cannot drive the terminal', async () => {
    const tool = mycelium.guard('send_payment')(async (_: { invoiceId: string }, call) => {
      await call.recordExternalRef(`ref ${wild}`);
      throw new Error(`no ${wild}`);
    });
    await expect(tool({ invoiceId: wild })).rejects.toThrow();
    const shown = fakeTerminal();
    const { calls } = JSON.parse(await listed({ json: true }));
    await showCall(calls[0].id, { config }, shown);
    for (const text of [await listed(), shown.text()]) {
      expect(text).toContain('inv\ufffd[31m\ufffd2J\ufffd');
      // biome-ignore format: one character class
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
    expect(shown.text()).toContain('error               Error: no inv');
  });

  test('is shown whatever it is, also what JSON has no word for', async () => {
    const tool = mycelium.guard('send_payment')(async (_: { invoiceId: string; amount: bigint }) => {
      throw new Error('connection reset');
    });
    await expect(tool({ invoiceId: 'lost-1', amount: 10n })).rejects.toThrow();
    const { 'lost-1': id = '' } = await ids();
    const [shown, json, released] = [fakeTerminal(), fakeTerminal(), fakeTerminal()];
    await showCall(id, { config }, shown);
    expect(shown.text()).toMatch(/ input +\{"invoiceId":"lost-1","amount":\{"\$":\["bigint","10"\]\}\}/);
    await showCall(id, { config, json: true }, json);
    expect(JSON.parse(json.text()).input.amount).toEqual({ $: ['bigint', '10'] });
    const how = { config, json: true, as: 'completed', result: '{"paid":true}', by: 'ada', reason: 'seen' } as const;
    expect(await releaseCall(id, how, released)).toBe(0);
    expect(JSON.parse(released.text())).toMatchObject({ phase: 'committed', result: { paid: true } });
  });
});

describe('a tool that was made stricter since', () => {
  test('its calls are stuck by that alone, and are listed, shown and released as such', async () => {
    const loose = await loadConfig(
      scratch.write('loose.yaml', yaml.replace('non_idempotent_mutate', 'idempotent_mutate')),
    );
    const failing = loose.guard('send_payment')(async (_: { invoiceId: string }) => {
      throw new Error('connection reset');
    });
    await expect(failing({ invoiceId: 'inv-1' })).rejects.toThrow('connection reset');
    await loose.close();
    await expect(pay('inv-1')).rejects.toMatchObject({ code: 'LEDGER_BLOCKED' });
    const { 'inv-1': id = '' } = await ids();
    expect(await listed({ stuck: true })).toContain(`mycelium ledger show ${id.slice(0, 4)}`);
    const shown = fakeTerminal();
    await showCall(id, { config }, shown);
    expect(shown.text()).toContain('It may have happened');
    await releaseCall(id, { config, as: 'completed', result: '1', by: 'ada', reason: 'seen' }, fakeTerminal());
    expect(await pay('inv-1')).toBe(1);
  });
});

describe('what a worker still holds', () => {
  test('is told beside the stuck ones: after a crash it is not stuck yet', async () => {
    let end = (): void => undefined;
    const slow = mycelium.guard('send_payment')(
      (_: { invoiceId: string }) =>
        new Promise<string>((resolve) => {
          end = () => resolve('late');
        }),
    );
    const running = slow({ invoiceId: 'inv-1' });
    await expect.poll(async () => existsSync(scratch.path('records')) && Object.keys(await ids()).length).toBe(1);
    const terminal = fakeTerminal();
    await listCalls({ config, stuck: true }, terminal);
    expect(terminal.noted[0]).toMatch(
      /^1 call is held by a worker, until \d{4}-.*Z unless the worker renews its lease\.$/,
    );
    end();
    await running;
  });
});

describe('show', () => {
  test('everything known, and the commands that settle it', async () => {
    await expect(pay('lost-1')).rejects.toThrow();
    const { 'lost-1': id = '' } = await ids();
    const terminal = fakeTerminal();
    expect(await showCall(id.slice(0, 4), { config }, terminal)).toBe(0);
    const text = terminal.text();
    expect(text).toMatch(/^send_payment "lost-1"\n/);
    expect(text).toContain(`  id                  ${id}\n`);
    expect(text).toContain('state               unknown; its lease ended just now');
    expect(text).toContain(`idempotency key     myc_${id}`);
    expect(text).toContain('error               Error: connection reset');
    expect(text).toContain('input               {"invoiceId":"lost-1"}');
    expect(text).toContain(`Look at the provider for myc_${id} or the external reference ch-1.`);
    expect(text).toContain(`mycelium ledger release ${id.slice(0, 4)} --as not-executed --by YOU`);
    expect(text.endsWith(`-c ${config}`)).toBe(true);
  });

  test('a finished one has a result and nothing to settle', async () => {
    await pay('inv-1');
    const { 'inv-1': id = '' } = await ids();
    const terminal = fakeTerminal();
    await showCall(id, { config }, terminal);
    expect(terminal.text()).toMatch(/result +\{"paid":"inv-1"\}$/);
    const json = fakeTerminal();
    await showCall(id, { config, json: true }, json);
    expect(JSON.parse(json.text())).toMatchObject({ id, result: { paid: 'inv-1' }, idempotencyKey: `myc_${id}` });
  });

  test('exits with 4 for an id that is not there, 2 for one that is none', async () => {
    await pay('inv-1');
    const missing = scratch.mycelium('ledger', 'show', 'ffffffff');
    expect(missing).toMatchObject({ status: 4, stdout: '' });
    expect(missing.stderr).toContain('No call "ffffffff"');
    expect(scratch.mycelium('ledger', 'show', 'inv-1')).toMatchObject({ status: 2, stdout: '' });
  });
});

test('erase takes the values out, and the call stays finished', async () => {
  await pay('inv-1');
  const { 'inv-1': id = '' } = await ids();
  const words = ['ledger', 'erase', id.slice(0, 5), '--by', 'ada', '--reason', 'request 12'];
  const erased = scratch.mycelium(...words);
  expect(erased).toMatchObject({ status: 0, stderr: '' });
  expect(erased.stdout).toContain('send_payment "inv-1" is erased: its arguments and result are gone.');
  const shown = scratch.mycelium('ledger', 'show', id).stdout;
  expect(shown).toContain('request 12');
  expect(shown).toMatch(/result +cannot be given again/);
  expect(shown).toMatch(/input +not kept in full/);
  await expect(pay('inv-1')).rejects.toMatchObject({ code: 'RESULT_NOT_REPLAYABLE' });
  expect(charges).toEqual(['inv-1']);
});

describe('release', () => {
  const by = { by: 'ada', reason: 'seen in the bank statement' } as const;

  test('completed with its result: later callers get it, in the process that runs', async () => {
    await expect(pay('lost-1')).rejects.toThrow('connection reset');
    const { 'lost-1': id = '' } = await ids();
    const words = ['--as', 'completed', '--result', '{"paid":"by hand"}', '--by', 'ada', '--reason', 'seen'];
    expect(scratch.mycelium('ledger', 'release', id.slice(0, 5), ...words)).toEqual({
      status: 0,
      stdout: 'send_payment "lost-1" is released as completed. Later callers get this result.\n',
      stderr: '',
    });
    expect(await pay('lost-1')).toEqual({ paid: 'by hand' });
    expect(charges).toEqual(['lost-1']);
    // Once: a second one finds it settled.
    const second = scratch.mycelium('ledger', 'release', id, ...words);
    expect(second).toMatchObject({ status: 1, stdout: '' });
    expect(second.stderr).toContain('was left as it is: it is finished');
  });

  test('completed without a result: later callers are told that it was carried out', async () => {
    await expect(pay('lost-1')).rejects.toThrow();
    const { 'lost-1': id = '' } = await ids();
    const terminal = fakeTerminal();
    await releaseCall(id, { config, ...by, as: 'completed', withoutResult: true }, terminal);
    expect(terminal.text()).toContain('told that it was carried out, and that its result is not known');
    await expect(pay('lost-1')).rejects.toMatchObject({
      code: 'RESULT_NOT_REPLAYABLE',
      message: expect.stringContaining('ada settled it without one'),
    });
    expect(charges).toEqual(['lost-1']);
  });

  test('not executed: it runs once more', async () => {
    await expect(pay('lost-1')).rejects.toThrow('connection reset');
    const { 'lost-1': id = '' } = await ids();
    const terminal = fakeTerminal();
    await releaseCall(id, { config, ...by, as: 'not-executed', json: true }, terminal);
    expect(JSON.parse(terminal.text())).toMatchObject({
      phase: 'aborted',
      resolution: { who: 'ada', ...{ reason: by.reason } },
    });
    await expect(pay('lost-1')).rejects.toThrow('connection reset');
    expect(charges).toEqual(['lost-1', 'lost-1']);
  });

  test('one that a worker holds is refused, unless the worker is said to be dead', async () => {
    let end = (): void => undefined;
    const slow = mycelium.guard('send_payment')(
      (_: { invoiceId: string }) =>
        new Promise<string>((resolve) => {
          end = () => resolve('late');
        }),
    );
    const running = slow({ invoiceId: 'inv-9' }).catch((error: Error) => error.name);
    await expect.poll(() => existsSync(scratch.path('records'))).toBe(true);
    await expect.poll(async () => Object.keys(await ids()).length).toBe(1);
    expect(await listed()).toContain('attempting, running');
    const { 'inv-9': id = '' } = await ids();
    const words = [
      'ledger',
      'release',
      id,
      '--as',
      'not-executed',
      '--by',
      'ada',
      '--reason',
      'the machine burnt down',
    ];
    const refused = scratch.mycelium(...words);
    expect(refused).toMatchObject({ status: 1 });
    expect(refused.stderr).toContain('a worker holds its lease');
    expect(scratch.mycelium(...words, '--owner-is-dead').status).toBe(0);
    end();
    await running;
  });

  test.each([
    { words: ['--as', 'completed'], says: 'needs to know what later callers are given' },
    { words: ['--as', 'completed', '--result', '{paid}'], says: '--result is not JSON' },
    { words: ['--as', 'not-executed', '--result', '1'], says: 'has no result' },
    { words: ['--as', 'not-executed', '--without-result'], says: 'has no result' },
    { words: ['--as', 'completed', '--result', '1', '--without-result'], says: 'cannot be used with option' },
    { words: ['--as', 'completed', '--result', '{"id":12345678901234567890}'], says: 'would not stay what it is' },
  ])('$words does not go together', async ({ words, says }) => {
    const answer = scratch.mycelium('ledger', 'release', '7f3a', '--by', 'ada', '--reason', 'x', ...words);
    expect(answer).toMatchObject({ status: 2, stdout: '' });
    expect(answer.stderr).toContain(says);
  });

  test('somebody has to answer for it', async () => {
    await expect(pay('lost-1')).rejects.toThrow();
    const { 'lost-1': id = '' } = await ids();
    const blank = scratch.mycelium('ledger', 'release', id, '--as', 'not-executed', '--by', ' ', '--reason', 'x');
    expect(blank).toMatchObject({ status: 2 });
    expect(blank.stderr).toContain('is blank');
  });
});

describe('retire', () => {
  test('a finished identity runs anew, and its record is kept', async () => {
    await pay('inv-1');
    const { 'inv-1': id = '' } = await ids();
    const terminal = fakeTerminal();
    expect(await retireCall(id, { config, by: 'ada', reason: 'charged back' }, terminal)).toBe(0);
    expect(terminal.text()).toContain('is retired. The next call with this identity runs');
    await pay('inv-1');
    expect(charges).toEqual(['inv-1', 'inv-1']);
  });

  test('one that is not finished is refused', async () => {
    await expect(pay('lost-1')).rejects.toThrow();
    const { 'lost-1': id = '' } = await ids();
    const answer = scratch.mycelium('ledger', 'retire', id, '--by', 'ada', '--reason', 'x');
    expect(answer).toMatchObject({ status: 1, stdout: '' });
    expect(answer.stderr).toContain('Release it first');
  });
});

test('without a file the commands look at what code records without a word', async () => {
  const other = new Scratch();
  try {
    const started = other.mycelium('ledger', 'list');
    expect(started).toMatchObject({ status: 4 });
    expect(started.stderr).toContain(other.path('.mycelium'));
    const plain = await loadConfig(other.write('empty.yaml', ''));
    const { ledger } = await import('../../src/index.js');
    await plain.run({}, () =>
      ledger({ name: 'mail', effect: 'read', idFrom: ['to'] })(async (_: { to: string }) => 1)({ to: 'a' }),
    );
    await plain.close();
    expect(other.mycelium('ledger', 'list').stdout).toMatch(/mail +a +committed/);
  } finally {
    other.remove();
  }
});

test('a tool that is recorded elsewhere now is found in its new place, and its older calls in the old one', async () => {
  await pay('inv-1');
  await pay('inv-2');
  const moved = scratch.write(
    'moved.yaml',
    yaml.replace('id_from: [invoice_id] }', 'id_from: [invoice_id], ledger: { path: ./new } }'),
  );
  const now = await loadConfig(moved);
  await now.guard('send_payment')(async (_: { invoiceId: string }) => 'moved')({ invoiceId: 'inv-1' });
  await now.close();
  const { 'inv-1': first = '', 'inv-2': second = '' } = await ids();
  const [one, other] = [fakeTerminal(), fakeTerminal()];
  await showCall(first, { config: moved, json: true }, one);
  await showCall(second, { config: moved, json: true }, other);
  expect(JSON.parse(one.text())).toMatchObject({ requestId: 'inv-1', result: 'moved' });
  expect(JSON.parse(other.text())).toMatchObject({ requestId: 'inv-2', result: { paid: 'inv-2' } });
});

test('memory ends with its process, and cannot be looked at from another', () => {
  const file = scratch.write('memory.yaml', 'action_ledger: { storage: memory }\n');
  const { status, stderr } = scratch.mycelium('ledger', 'list', '-c', file);
  expect(status).toBe(4);
  expect(stderr).toContain('memory, which ends with its process');
});

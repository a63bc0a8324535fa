import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { proveOne } from '../../src/cli/receipts-prove.js';
import { sealAll } from '../../src/cli/receipts-seal.js';
import { verifyAll } from '../../src/cli/receipts-verify.js';
import { loadConfig } from '../../src/index.js';
import { openFileStore } from '../../src/store/file/file-store.js';
import { force, listAll } from '../receipts/log-world.js';
import { fakeTerminal } from './fake-terminal.js';
import { Scratch } from './scratch.js';

let scratch: Scratch;
let config: string;

beforeEach(async () => {
  scratch = new Scratch();
  expect(scratch.mycelium('keys', 'generate', '--out', 'key.pem').status).toBe(0);
  config = scratch.write(
    'mycelium.yaml',
    `action_ledger: { path: ./records }
audit_receipt: { agent_id: biller, signing_key_file: ./key.pem }
tools: { send_payment: { side_effect_class: non_idempotent_mutate, id_from: [invoice_id] } }
`,
  );
  const mycelium = await loadConfig(config);
  const pay = mycelium.guard('send_payment')(async ({ invoiceId }: { invoiceId: string }) => {
    if (invoiceId === 'lost') throw new Error('reset');
    return { paid: invoiceId };
  });
  for (const invoiceId of ['inv-1', 'inv-2', 'inv-3']) await pay({ invoiceId });
  await expect(pay({ invoiceId: 'lost' })).rejects.toThrow('reset');
  await mycelium.close();
});

afterEach(() => scratch.remove());

/** Works on the store as whoever has its files can. */
async function tamper(work: (store: Awaited<ReturnType<typeof openFileStore>>) => Promise<void>): Promise<void> {
  const store = await openFileStore(scratch.path('records'));
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

function json<T>(...words: readonly string[]): T {
  const { stdout, stderr } = scratch.mycelium(...words, '--json');
  expect(stderr).toBe('');
  return JSON.parse(stdout) as T;
}

interface Calls {
  readonly calls: readonly { readonly id: string; readonly requestId: string; readonly receipt?: string }[];
}

describe('the way from the ledger to the proof', () => {
  test('seal, verify, prove, and verify the proof with the public key alone', () => {
    const before = scratch.mycelium('receipts', 'verify');
    expect(before.status).toBe(0);
    expect(before.stdout).toMatch(/0 receipts in the log, all as it was signed\n/);
    expect(before.stdout).toMatch(/not sealed +4: mycelium receipts seal/);
    const sealed = scratch.mycelium('receipts', 'seal');
    expect(sealed).toMatchObject({ status: 0, stderr: '' });
    expect(sealed.stdout).toMatch(/^file .*: 4 receipts added, 4 in the log\.\n$/);
    const { calls } = json<Calls>('ledger', 'list');
    const lost = calls.find(({ requestId }) => requestId === 'lost');
    const released = scratch.mycelium(
      'ledger',
      'release',
      lost?.id ?? '',
      '--as',
      'not-executed',
      '--by',
      'ada',
      '--reason',
      'the bank says no',
    );
    expect(released.status).toBe(0);
    expect(json<{ stores: { added: number; size: number }[] }>('receipts', 'seal').stores).toMatchObject([
      { added: 1, size: 5, complete: true },
    ]);
    const verified = scratch.mycelium('receipts', 'verify');
    expect(verified.status).toBe(0);
    expect(verified.stdout).toMatch(
      /^file .*: 5 receipts in the log, all as it was signed\n {2}checked +5 receipts\n {2}head +over 5, signed \S+Z; 2 signed heads agree\n$/,
    );
    const receipt = json<Calls['calls'][number]>('ledger', 'show', lost?.id ?? '').receipt ?? '';
    const proven = scratch.mycelium('receipts', 'prove', receipt, '--out', 'proof.json');
    expect(proven.stdout).toContain('Wrote proof.json: the receipt at position 4 of 5.');
    writeFileSync(scratch.path('jwks.json'), scratch.mycelium('keys', 'show', 'key.pem', '--jwks').stdout);
    // Somewhere else: neither the store nor the configuration.
    const other = new Scratch();
    for (const name of ['proof.json', 'jwks.json']) other.write(name, readFileSync(scratch.path(name), 'utf8'));
    const checked = other.mycelium('receipts', 'verify', '--proof', 'proof.json', '--keys', 'jwks.json');
    expect(checked).toMatchObject({ status: 0, stderr: '' });
    expect(checked.stdout).toMatch(/^proof\.json holds: send_payment "lost" aborted, \S+Z, signed as biller\.\n/);
    other.write('changed.json', readFileSync(scratch.path('proof.json'), 'utf8').replace('lost', 'last'));
    const changed = other.mycelium('receipts', 'verify', '--proof', 'changed.json', '--keys', 'jwks.json');
    expect(changed.status).toBe(1);
    expect(changed.stdout).toMatch(/^changed\.json proves nothing: the receipt: /);
    other.remove();
  });

  test('a call that is settled where the key is not at hand is refused, and nothing is signed with another', async () => {
    const { calls } = json<Calls>('ledger', 'list');
    const lost = calls.find(({ requestId }) => requestId === 'lost')?.id ?? '';
    const release = ['ledger', 'release', lost, '--as', 'not-executed', '--by', 'ada', '--reason', 'no'] as const;
    scratch.write('bare.yaml', 'action_ledger: { path: ./records }\n');
    const unsigned = scratch.mycelium(...release, '-c', 'bare.yaml');
    expect(unsigned.status).toBe(1);
    expect(unsigned.stderr).toContain('its outcome owes a receipt, and no signing key is at hand');
    expect(unsigned.stderr).toContain('audit_receipt');
    scratch.write(
      'away.yaml',
      'action_ledger: { path: ./records }\naudit_receipt: { agent_id: a, signing_key_file: ./away.pem }\n',
    );
    const away = scratch.mycelium(...release, '-c', 'away.yaml');
    expect(away.status).toBe(2);
    expect(away.stderr).toContain('MYC520');
    expect(json<Calls>('ledger', 'list', '-c', 'away.yaml').calls).toHaveLength(4);
  });
});

describe('verify', () => {
  beforeEach(async () => {
    expect(await sealAll({ config }, fakeTerminal())).toBe(0);
  });

  test('names what was changed, removed, and never signed for', async () => {
    const heads = scratch.write('head.json', JSON.stringify(await headNow()));
    await tamper(async (store) => {
      const [first, second] = await listAll(store, 'receipt');
      if (first === undefined || second === undefined) throw new Error('no receipts');
      await force(store, first.key, first.value.replace('committed', 'aborted'));
      await force(store, second.key, undefined);
    });
    const terminal = fakeTerminal({ colours: true });
    expect(await verifyAll({ config, head: [heads] }, terminal)).toBe(1);
    expect(terminal.text()).toMatch(/<red>changed<\/red> {2}position \d, /);
    expect(terminal.text()).toMatch(/<red>removed<\/red> {2}position \d, /);
    expect(terminal.text()).toMatch(/<red>no-receipt<\/red> /);
    const report = json<{ stores: { ok: boolean; counts: Record<string, number> }[] }>('receipts', 'verify');
    expect(report.stores[0]).toMatchObject({ ok: false, counts: { changed: 1, removed: 1 } });
  });

  test('holds the log against heads that were kept elsewhere', async () => {
    const head = scratch.write('head.json', JSON.stringify(await headNow()));
    expect(await verifyAll({ config, head: [head] }, fakeTerminal())).toBe(0);
    // A store that was put back to an earlier state agrees with itself.
    await tamper(async (store) => {
      for (const kind of ['receipt-log', 'receipt-head', 'receipt-frontier', 'receipt-sealed'])
        for (const { key } of await listAll(store, kind)) await force(store, key, undefined);
    });
    const terminal = fakeTerminal();
    expect(await verifyAll({ config, head: [head] }, terminal)).toBe(1);
    expect(terminal.text()).toContain('truncated');
  });

  test('with the key of somebody else finds every receipt', () => {
    expect(scratch.mycelium('keys', 'generate', '--out', 'other.pem').status).toBe(0);
    writeFileSync(scratch.path('other.json'), scratch.mycelium('keys', 'show', 'other.pem', '--jwks').stdout);
    const { status, stdout } = scratch.mycelium('receipts', 'verify', '--keys', 'other.json');
    expect(status).toBe(1);
    expect(stdout).toMatch(/invalid {2}position 3, .*is not among yours/);
  });

  test('since a size or a time', async () => {
    const terminal = fakeTerminal();
    expect(await verifyAll({ config, since: '3' }, terminal)).toBe(0);
    expect(terminal.text()).toMatch(/checked +1 receipt, from position 3 on/);
    expect(await verifyAll({ config, since: '2020-01-01' }, terminal)).toBe(0);
    const wrong = scratch.mycelium('receipts', 'verify', '--since', 'yesterday');
    expect(wrong).toMatchObject({ status: 2, stdout: '' });
    expect(wrong.stderr).toContain('e.g. 2026-11-01');
  });

  test('takes what seal printed as heads, and holds each against its store', async () => {
    // Nothing is new: the head of before is told all the same.
    const printed = fakeTerminal();
    expect(await sealAll({ config, json: true }, printed)).toBe(0);
    const kept = scratch.write('sealed.json', printed.text());
    expect(JSON.parse(printed.text()).stores).toMatchObject([{ added: 0, head: { size: 4 } }]);
    expect(await verifyAll({ config, head: [kept] }, fakeTerminal())).toBe(0);
    // A store that was moved is the same; what cannot be told apart is refused, and not left out.
    const [one] = JSON.parse(printed.text()).stores;
    const moved = scratch.write('moved.json', JSON.stringify({ stores: [{ ...one, store: 'file /elsewhere' }] }));
    expect(await verifyAll({ config, head: [moved] }, fakeTerminal())).toBe(0);
    const larger = scratch.write(
      'larger.json',
      JSON.stringify({ stores: [{ ...one, head: { ...one.head, size: 5 } }] }),
    );
    expect(await verifyAll({ config, head: [larger] }, fakeTerminal())).toBe(1);
    const two = scratch.write(
      'two.yaml',
      readFileSync(config, 'utf8').replace('tools:', 'task_ledger: { path: ./tasks }\ntools:'),
    );
    await (await openFileStore(scratch.path('tasks'))).close();
    expect(await verifyAll({ config: two, head: [kept] }, fakeTerminal())).toBe(0);
    await expect(verifyAll({ config: two, head: [moved] }, fakeTerminal())).rejects.toThrow(/file \/elsewhere/);
    for (const [name, text] of [
      ['none.json', '{"stores":[{"store":"x"}]}'],
      ['text.json', 'no JSON'],
    ] as const)
      await expect(verifyAll({ config, head: [scratch.write(name, text)] }, fakeTerminal())).rejects.toThrow(name);
  });

  test('that is interrupted says how far it came, and finds nothing in what it did not look at', async () => {
    const printed = fakeTerminal();
    let told = 0;
    const terminal = {
      ...printed,
      // As a signal comes: not before the program lets it.
      progress: () => void (++told === 1 && setImmediate(() => process.emit('SIGINT'))),
    };
    expect(await verifyAll({ config }, terminal)).toBe(1);
    expect(printed.text()).toMatch(/: 4 receipts of the log, ended before all was looked at\n {2}checked +4 receipts/);
    expect(printed.text()).not.toContain('not signed');
  });

  test('names the keys as what is to be given, when one of before is missing', async () => {
    expect(scratch.mycelium('keys', 'generate', '--out', 'next.pem').status).toBe(0);
    const next = scratch.write('next.yaml', readFileSync(config, 'utf8').replace('key.pem', 'next.pem'));
    const terminal = fakeTerminal();
    expect(await verifyAll({ config: next }, terminal)).toBe(1);
    expect(terminal.text()).toMatch(/A key that was used before belongs into the keys, too: --keys FILE/);
  });

  async function headNow(): Promise<unknown> {
    const terminal = fakeTerminal();
    await verifyAll({ config, json: true }, terminal);
    return (JSON.parse(terminal.text()) as { stores: { head: unknown }[] }).stores[0]?.head;
  }
});

describe('what is wrong with the words', () => {
  test('there is no key, no such file, and no such receipt', async () => {
    scratch.write('bare.yaml', 'action_ledger: { path: ./records }\n');
    for (const command of ['seal', 'verify']) {
      const { status, stderr } = scratch.mycelium('receipts', command, '-c', 'bare.yaml');
      expect(status).toBe(2);
      expect(stderr).toContain('bare.yaml has no audit_receipt');
    }
    expect(scratch.mycelium('receipts', 'verify', '--keys', 'nowhere.json')).toMatchObject({ status: 2, stdout: '' });
    expect(scratch.mycelium('receipts', 'verify', '--keys', 'key.pem').stderr).toContain('key.pem');
    expect(scratch.mycelium('receipts', 'verify', '--proof', 'x', '--since', '3').status).toBe(2);
    const unknown = scratch.mycelium('receipts', 'prove', 'ab'.repeat(32));
    expect(unknown).toMatchObject({ status: 4, stdout: '' });
    expect(unknown.stderr).toContain('There is no receipt');
  });

  test('a receipt that is not sealed yet, and a file that is there', async () => {
    const { calls } = json<Calls>('ledger', 'list');
    const id = json<Calls['calls'][number]>('ledger', 'show', calls[0]?.id ?? '').receipt ?? '';
    const early = scratch.mycelium('receipts', 'prove', id);
    expect(early.stderr).toContain('Seal it with mycelium receipts seal');
    expect(await sealAll({ config }, fakeTerminal())).toBe(0);
    const printed = fakeTerminal();
    expect(await proveOne(id, { config }, printed)).toBe(0);
    expect(JSON.parse(printed.text())).toMatchObject({ format: 'mycelium-receipt-proof/1', size: 4 });
    scratch.write('there.json', 'mine');
    expect(scratch.mycelium('receipts', 'prove', id, '--out', 'there.json').status).toBe(1);
    expect(readFileSync(scratch.path('there.json'), 'utf8')).toBe('mine');
  });

  test('seal exports where the file says so', () => {
    const yaml = readFileSync(config, 'utf8').replace('key.pem }', 'key.pem, storage: file }');
    scratch.write('mycelium.yaml', yaml);
    expect(existsSync(scratch.path('mycelium-receipts.jsonl'))).toBe(false);
    const { stdout } = scratch.mycelium('receipts', 'seal');
    expect(stdout).toMatch(/4 in the log, 4 exported to .*mycelium-receipts\.jsonl\.\n$/);
    expect(readFileSync(scratch.path('mycelium-receipts.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(4);
  });

  test('a receipt by the beginning of its id', async () => {
    const { calls } = json<Calls>('ledger', 'list');
    const id = json<Calls['calls'][number]>('ledger', 'show', calls[0]?.id ?? '').receipt ?? '';
    expect(await sealAll({ config }, fakeTerminal())).toBe(0);
    const printed = fakeTerminal();
    expect(await proveOne(`${id.slice(0, 20).toUpperCase()}…`, { config }, printed)).toBe(0);
    expect(JSON.parse(JSON.parse(printed.text()).receipt)).toMatchObject({ id });
    await expect(proveOne('0123456789', { config }, fakeTerminal())).rejects.toMatchObject({
      code: 'RECEIPT_NOT_PROVABLE',
    });
    for (const wrong of ['abc', 'no id', '', 'a'.repeat(5_000)])
      await expect(proveOne(wrong, { config }, fakeTerminal())).rejects.toMatchObject({ code: 2 });
    await expect(proveOne('a'.repeat(5_000), { config }, fakeTerminal())).rejects.toThrow(/^.{0,120}$/);
    // Two that begin so.
    await tamper(async (store) => {
      const [chunk] = await listAll(store, 'receipt-log');
      if (chunk === undefined) throw new Error('no log');
      const log = JSON.parse(chunk.value) as { leaves: [string, ...unknown[]][] };
      for (const leaf of log.leaves.slice(0, 2)) leaf[0] = `feedfeed${leaf[0].slice(8)}`;
      await force(store, chunk.key, JSON.stringify(log));
    });
    await expect(proveOne('feedfeed', { config }, fakeTerminal())).rejects.toThrow(/the beginning of several receipts/);
  });

  test('an export that fails is told beside what was sealed', async () => {
    scratch.write('notes', 'a file');
    scratch.write(
      'mycelium.yaml',
      readFileSync(config, 'utf8').replace('key.pem }', 'key.pem, path: ./notes/r.jsonl }'),
    );
    const printed = fakeTerminal();
    expect(await sealAll({ config }, printed)).toBe(1);
    expect(printed.text()).toMatch(
      /: 4 receipts added, 4 in the log\.\n {2}not exported: .*notes\/r\.jsonl.*\n.*disk with room/,
    );
    const asJson = fakeTerminal();
    expect(await sealAll({ config, json: true }, asJson)).toBe(1);
    expect(JSON.parse(asJson.text()).stores).toMatchObject([
      { size: 4, head: { size: 4 }, exported: { error: { code: 'RECEIPT_EXPORT_FAILED' } } },
    ]);
    expect(await verifyAll({ config }, fakeTerminal())).toBe(0);
  });
});

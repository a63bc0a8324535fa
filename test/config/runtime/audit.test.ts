import diagnostics from 'node:diagnostics_channel';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type EventMap, loadConfigFromString, type Mycelium } from '../../../src/index.js';
import {
  checkReceipt,
  didKey,
  generateSigningKey,
  keyring,
  type Receipt,
  readSigningKey,
} from '../../../src/receipts/index.js';
import { failure } from '../../ledger/workers.js';
import { folder, sleep } from './surroundings.js';

const { seed, pem, signer } = generateSigningKey();
const KEYS = keyring(didKey(signer.publicKey));

async function load(yaml: string, at: string): Promise<Mycelium> {
  return loadConfigFromString(yaml, { folder: at, environment: { SIGNING_KEY: seed } });
}

const TOOLS = `
tools:
  send_payment: { side_effect_class: non_idempotent_mutate, id_from: [invoice_id] }
  look_up: { side_effect_class: read, id_from: [q], audit_receipt: false }
  note: { side_effect_class: idempotent_mutate, id_from: [id], ledger: { path: ./notes } }
tasks:
  bill: { id_from: [id], ledger: true }
`;

function guarded(mycelium: Mycelium) {
  return mycelium.instrument({
    sendPayment: async ({ invoiceId }: { invoiceId: string }) => {
      if (invoiceId === 'lost') throw new Error('connection reset');
      return { paid: invoiceId };
    },
    lookUp: async ({ q }: { q: string }) => q,
    note: async ({ id }: { id: string }) => id,
    bill: async ({ id }: { id: string }) => id,
  });
}

async function exported(file: string): Promise<Receipt[]> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => {
    const verdict = checkReceipt(line, KEYS);
    if (!verdict.ok) throw new Error(verdict.detail);
    return verdict.receipt;
  });
}

/** What is told on a channel while something is done. */
async function told<Name extends keyof EventMap>(name: Name, work: () => Promise<unknown>): Promise<EventMap[Name][]> {
  const events: EventMap[Name][] = [];
  const listen = (event: unknown): void => void events.push(event as EventMap[Name]);
  diagnostics.subscribe(name, listen);
  try {
    await work();
  } finally {
    diagnostics.unsubscribe(name, listen);
  }
  return events;
}

describe('audit_receipt', () => {
  it('signs what becomes of every tool and task but those that are left out, and seals and exports it at the end', async () => {
    const at = await folder();
    const mycelium = await load(
      `action_ledger: { path: ./records }\naudit_receipt: { agent_id: biller, signing_key_env: SIGNING_KEY, path: ./out.jsonl }\n${TOOLS}`,
      at,
    );
    const tools = guarded(mycelium);
    await tools.sendPayment({ invoiceId: 'inv-1' });
    await tools.sendPayment({ invoiceId: 'inv-1' });
    await failure(tools.sendPayment({ invoiceId: 'lost' }));
    await tools.lookUp({ q: 'x' });
    await tools.note({ id: 'n' });
    await tools.bill({ id: 'b' });
    expect(existsSync(join(at, 'out.jsonl'))).toBe(false);
    const events = await told('mycelium:receipts-sealed', () => mycelium.close());
    expect(events.map(({ ledger, added, size }) => ({ ledger, added, size }))).toEqual(
      expect.arrayContaining([
        { ledger: 'default', added: 3, size: 3 },
        { ledger: 'default', added: 1, size: 1 },
      ]),
    );
    const receipts = await exported(join(at, 'out.jsonl'));
    expect(
      receipts
        .map(({ agent, kind, tool, requestId, outcome }) => [agent, kind, tool, requestId, outcome].join(' '))
        .sort(),
    ).toEqual([
      'biller task bill b committed',
      'biller tool send_payment inv-1 committed',
      'biller tool send_payment lost unknown',
    ]);
    // The store beside that of the tools has a log of its own, and so a file of its own.
    const others = (await readdir(at)).filter((name) => /^out-[0-9a-f]{8}\.jsonl$/.test(name));
    expect(others).toHaveLength(1);
    expect((await exported(join(at, others[0] as string))).map(({ tool }) => tool)).toEqual(['note']);
  });

  it('auto: false signs only what asks for it', async () => {
    const at = await folder();
    const mycelium = await load(
      `audit_receipt: { agent_id: biller, signing_key_env: SIGNING_KEY, auto: false, path: ./out.jsonl }
tools: { pay: { side_effect_class: irreversible, id_from: [id], audit_receipt: true }, get: { side_effect_class: irreversible, id_from: [id] } }`,
      at,
    );
    await mycelium.guard('pay')(async ({ id }: { id: string }) => id)({ id: 'a' });
    await mycelium.guard('get')(async ({ id }: { id: string }) => id)({ id: 'b' });
    await mycelium.close();
    expect((await exported(join(at, 'out.jsonl'))).map(({ tool }) => tool)).toEqual(['pay']);
  });

  it('seal_every seals while the program runs', async () => {
    const at = await folder();
    const mycelium = await load(
      `audit_receipt: { agent_id: biller, signing_key_env: SIGNING_KEY, seal_every: 1s }\n${TOOLS}`,
      at,
    );
    const events = await told('mycelium:receipts-sealed', async () => {
      await guarded(mycelium).sendPayment({ invoiceId: 'inv-1' });
      await sleep(1600);
    });
    expect(events).toMatchObject([{ added: 1, size: 1 }]);
    await mycelium.close();
  });

  it('tells when receipts cannot be sealed, and takes them the next time', async () => {
    const at = await folder();
    const yaml = `action_ledger: { path: ./records }\naudit_receipt: { agent_id: biller, signing_key_env: SIGNING_KEY, path: ./out.jsonl }\n${TOOLS}`;
    const first = await load(yaml, at);
    await guarded(first).sendPayment({ invoiceId: 'inv-1' });
    await writeFile(join(at, 'out.jsonl'), 'my notes\n');
    const events = await told('mycelium:receipts-not-sealed', () => first.close());
    expect(events).toMatchObject([{ code: 'RECEIPT_EXPORT_REFUSED', ledger: 'default' }]);
    await rm(join(at, 'out.jsonl'));
    const next = await load(yaml, at);
    await guarded(next).sendPayment({ invoiceId: 'inv-2' });
    await next.close();
    expect((await exported(join(at, 'out.jsonl'))).map(({ requestId }) => requestId)).toEqual(['inv-1', 'inv-2']);
  });

  it('tells when they cannot be exported, makes the folder that is not there, and no file for a store without any', async () => {
    const at = await folder();
    const yaml = (path: string) =>
      `action_ledger: { path: ./records }\naudit_receipt: { agent_id: biller, signing_key_env: SIGNING_KEY, path: ${path} }\nstate_flush: { durable: true, storage: file, path: ./states }\n${TOOLS}`;
    const first = await load(yaml('./records/00000001.log/out.jsonl'), at);
    await first.run({ runId: 'r' }, async (run) => {
      await run.record({ step: 1 });
      await guarded(first).sendPayment({ invoiceId: 'inv-1' });
    });
    const events = await told('mycelium:receipts-not-sealed', () => first.close());
    expect(events).toMatchObject([{ code: 'RECEIPT_EXPORT_FAILED', message: expect.stringContaining('out.jsonl') }]);
    const next = await load(yaml('./new/folder/out.jsonl'), at);
    await next.run({ runId: 'r' }, async () => {
      await guarded(next).sendPayment({ invoiceId: 'inv-2' });
    });
    expect(await told('mycelium:receipts-not-sealed', () => next.close())).toEqual([]);
    expect(await readdir(join(at, 'new', 'folder'))).toEqual(['out.jsonl']);
    expect((await exported(join(at, 'new', 'folder', 'out.jsonl'))).map(({ requestId }) => requestId)).toEqual([
      'inv-1',
      'inv-2',
    ]);
  });

  it('puts values into receipts by choice', async () => {
    const at = await folder();
    const mycelium = await load(
      `audit_receipt:
  agent_id: biller
  signing_key_env: SIGNING_KEY
  path: ./out.jsonl
  values: { arguments: true, result: true, redact: [arguments.card] }
tools: { pay: { side_effect_class: irreversible, id_from: [id] } }`,
      at,
    );
    await mycelium.guard('pay')(async ({ id }: { id: string; card: string }) => ({ paid: id }))({
      id: 'a',
      card: '4111',
    });
    await mycelium.close();
    const [receipt] = await exported(join(at, 'out.jsonl'));
    expect(receipt?.values).toEqual({ arguments: { id: 'a', card: '[redacted]' }, result: { paid: 'a' } });
  });

  it('reads the key from the file, a variable, or a file of its own', async () => {
    const at = await folder();
    await writeFile(join(at, 'key.pem'), pem);
    for (const key of [`signing_key: ${seed}`, 'signing_key_env: SIGNING_KEY', 'signing_key_file: ./key.pem']) {
      const mycelium = await load(`audit_receipt: { agent_id: a, ${key} }\n${TOOLS}`, at);
      expect((await mycelium.ledger()).receipts?.keyId).toBe(readSigningKey(seed).keyId);
      await mycelium.close();
    }
  });

  it.each([
    ['signing_key_env: MISSING', 'names a variable that the environment does not have'],
    ['signing_key_file: ./nowhere.pem', 'there is no file'],
    ['signing_key: hunter2', 'is neither 32 bytes in hex or base64, nor a PEM'],
    ['signing_key: "0000000000000000000000000000000000000000000000000000000000000000"', 'a placeholder, and no secret'],
    ['signing_key_env: SIGNING_KEY, values: { arguments: true, redact: [card] }', 'is no path into the arguments'],
  ])('%s: fails when it is loaded, with the place and the command that makes a key', async (key, problem) => {
    const at = await folder();
    const error = await failure(load(`audit_receipt: { agent_id: a, ${key} }\n${TOOLS}`, at));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', details: { issues: [{ id: 'MYC520', line: 1 }] } });
    expect(error.message).toContain(problem);
    if (!key.includes('values')) expect(error.message).toContain('mycelium keys generate --out FILE');
    expect(error.message).not.toContain('hunter2');
    expect(await readdir(at)).toEqual([]);
  });
});

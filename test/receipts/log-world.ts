/** A ledger's store with receipts in it, as its outcomes write them. */
import { canonicalJson } from '../../src/encoding/canonical-json.js';
import { sha256Hex } from '../../src/encoding/fingerprint.js';
import { publicJwk } from '../../src/receipts/jwk.js';
import { isInUse, type Keyring, keyring } from '../../src/receipts/keyring.js';
import { type SealOptions, type SealReport, sealReceipts } from '../../src/receipts/seal.js';
import { base64url, fromBase64url, type Signer, signerOf } from '../../src/receipts/signer.js';
import { verifyReceipts } from '../../src/receipts/verify.js';
import type { CheckedReceipt, ReceiptCheck, VerifyOptions, VerifyReport } from '../../src/receipts/verify-options.js';
import type { RecordKey, Store, StoredRecord } from '../../src/store/contract.js';
import { memoryStore } from '../../src/store/memory.js';

export const LEDGER = 'payments';

export interface TestReceipt extends CheckedReceipt {
  readonly format: string;
  readonly agent: string;
  readonly key: string;
  readonly signature: string;
}

/** The signer that the seed of one byte repeated has. */
export function signerNumber(number: number): Signer {
  return signerOf(new Uint8Array(32).fill(number));
}

export function keysOf(...signers: readonly Signer[]): Keyring {
  return keyring(signers.map(({ publicKey }) => publicJwk(publicKey)));
}

export interface ReceiptFacts {
  readonly agent?: string;
  readonly ledger?: string;
  readonly call?: string;
  readonly fence?: number;
  readonly signer?: Signer;
  readonly at?: number;
}

export const callOf = (number: number): string => sha256Hex(`call ${number}`);

/** The receipt of the call with this number, signed. */
export function receiptText(number: number, facts: ReceiptFacts = {}): string {
  const { agent = 'payer', ledger = LEDGER, call = callOf(number), fence = 1, signer = signerNumber(1) } = facts;
  const at = facts.at ?? 1_700_000_000_000 + number;
  const body = {
    ...{ format: 'mycelium-receipt/1', agent, kind: 'tool', ledger, call, tool: 'pay', requestId: `inv-${number}` },
    ...{ fence, attempt: fence, effect: 'irreversible', outcome: 'committed', arguments: sha256Hex(`${number}`) },
    ...{ claimedAt: at - 1, at, key: signer.keyId },
  };
  const named = { ...body, id: sha256Hex(canonicalJson(body)) };
  return canonicalJson({ ...named, signature: base64url(signer.sign(Buffer.from(canonicalJson(named)))) });
}

export const idOf = (text: string): string => (JSON.parse(text) as TestReceipt).id;
const partitionOf = (call: string, store: Store): number => Number.parseInt(call.slice(0, 8), 16) % store.partitions;

/** What checks a receipt by itself, in a few lines of its own. */
export function checkWith(keys: Keyring): ReceiptCheck {
  return (text) => {
    let receipt: TestReceipt;
    try {
      receipt = JSON.parse(text) as TestReceipt;
      if (canonicalJson(receipt) !== text) throw new Error('not canonical');
    } catch (error) {
      return { ok: false, why: 'malformed', detail: String(error) };
    }
    const { signature, ...named } = receipt;
    const { id, ...body } = named;
    if (sha256Hex(canonicalJson(body)) !== id) return { ok: false, why: 'id', detail: 'its id is not its hash' };
    const key = keys.find(receipt.key);
    if (key === undefined) return { ok: false, why: 'unknown-key', detail: `unknown key ${receipt.key}` };
    if (!isInUse(key, receipt.at)) return { ok: false, why: 'key-not-valid-then', detail: 'not then' };
    const bytes = fromBase64url(signature);
    if (bytes === undefined || !key.verify(Buffer.from(canonicalJson(named)), bytes))
      return { ok: false, why: 'signature', detail: 'its signature is not that of its key' };
    return { ok: true, receipt };
  };
}

let sent = 0;

/** Reads a record as it stands. */
export async function readRecord(store: Store, key: RecordKey): Promise<StoredRecord | undefined> {
  return (await store.transact({ expect: [], write: [], read: [key] }, `test-${++sent}`)).records[0];
}

/** Puts a value there whatever stands there, as whoever has the store can; undefined takes the record away. */
export async function force(
  store: Store,
  key: RecordKey,
  value: string | undefined,
  index?: Readonly<Record<string, string>>,
): Promise<void> {
  const before = await readRecord(store, key);
  const kept = index ?? before?.index;
  const write = { key, value: value ?? '', ...(kept === undefined ? {} : { index: kept }) };
  const aside = { partition: key.partition, kind: 'aside', id: `${++sent}` };
  const { ok } = await store.transact(
    value === undefined
      ? {
          expect: [
            { key, revision: before?.revision },
            { key: aside, revision: undefined },
          ],
          write: [{ key: aside, value: '' }],
          remove: [key],
        }
      : { expect: [{ key, revision: before?.revision }], write: [write] },
    `test-${++sent}`,
  );
  if (!ok) throw new Error(`${key.kind} ${key.id} moved`);
}

/** Where a receipt is stored. */
export function receiptKey(text: string, store: Store): RecordKey {
  const { id, call } = JSON.parse(text) as TestReceipt;
  return { partition: partitionOf(call, store), kind: 'receipt', id };
}

/** Stores receipts as an outcome does. */
export async function record(store: Store, texts: readonly string[], marked = true): Promise<void> {
  for (const text of texts) {
    const { ledger, call } = JSON.parse(text) as TestReceipt;
    await force(store, receiptKey(text, store), text, { ledger, call, ...(marked ? { unsealed: 'yes' } : {}) });
  }
}

export async function listAll(store: Store, kind: string): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  let after: string | undefined;
  do {
    const page = await store.list({ kind, limit: 1_000, ...(after === undefined ? {} : { after }) });
    records.push(...page.records);
    after = page.next;
  } while (after !== undefined);
  return records;
}

/** The ids in the log, in its order. */
export async function logOf(store: Store, ledger: string = LEDGER): Promise<string[]> {
  const ids: string[] = [];
  for (let chunk = 0; ; chunk++) {
    const stored = await readRecord(store, { partition: 0, kind: 'receipt-log', id: `${ledger} ${chunk}` });
    if (stored === undefined) return ids;
    ids.push(...(JSON.parse(stored.value) as { leaves: [string][] }).leaves.map(([id]) => id));
  }
}

export function seal(store: Store, options: Partial<SealOptions> = {}): Promise<SealReport> {
  return sealReceipts({ store, ledger: LEDGER, signer: signerNumber(1), ...options });
}

export function verify(store: Store, options: Partial<VerifyOptions> = {}): Promise<VerifyReport> {
  const keys = keysOf(signerNumber(1));
  return verifyReceipts({ store, ledger: LEDGER, check: checkWith(keys), keys, ...options });
}

/** Findings in short: the kind, the position, and the number of the receipt. */
export function short(report: VerifyReport, texts: readonly string[]): string[] {
  const numbers = new Map(texts.map((text, number) => [idOf(text), number]));
  return report.findings.map(({ kind, position, through, id, why }) =>
    [
      kind,
      ...(why === undefined ? [] : [`(${why})`]),
      ...(position === undefined ? [] : [`at ${position}${through === undefined ? '' : `-${through}`}`]),
      ...(id === undefined ? [] : [`#${numbers.get(id) ?? '?'}`]),
    ].join(' '),
  );
}

/** A store whose log has so many receipts, in the order of the texts. */
export async function sealedWorld(
  sizes: readonly number[],
  make: () => Store = memoryStore,
): Promise<{ store: Store; texts: string[] }> {
  const store = make();
  const texts: string[] = [];
  for (const size of sizes) {
    const more = Array.from({ length: size }, (_, at) => receiptText(texts.length + at));
    texts.push(...more);
    await record(store, more);
    await seal(store);
  }
  return { store, texts };
}

import { canonicalJson } from '../../src/encoding/canonical-json.js';
import { sha256Hex } from '../../src/encoding/fingerprint.js';
import { didKey } from '../../src/receipts/did-key.js';
import { type JwkSet, publicJwk } from '../../src/receipts/jwk.js';
import { type ReceiptBody, receiptId, signedBytes, signReceipt } from '../../src/receipts/receipt.js';
import { base64url, type Signer, signerOf } from '../../src/receipts/signer.js';
import { PAID } from './facts.js';
import { GROUP_ORDER, RFC8032 } from './rfc8032.js';

const seeds = RFC8032.map(({ seed }) => Uint8Array.from(Buffer.from(seed, 'hex')));
const [first, second, stranger] = seeds.map(signerOf) as [Signer, Signer, Signer];
const ROTATED = Date.UTC(2027, 6, 1);

/** A receipt as members that a test may bend. */
export type Members = Record<string, unknown>;

function signed(body: ReceiptBody, signer: Signer = first): Members {
  return JSON.parse(signReceipt(body, signer).text);
}

/** Gives a changed receipt the id of what it says now; its signature stays. */
function renamed(receipt: Members): Members {
  return { ...receipt, id: receiptId(receipt) };
}

function without(receipt: Members, name: string): Members {
  const { [name]: _, ...rest } = receipt;
  return rest;
}

const BODY: ReceiptBody = { ...PAID, agent: 'billing-agent' };
const receipt = signed(BODY);

const right: Readonly<Record<string, Members>> = {
  'a payment': receipt,
  'no result, no reference': signed(without(without({ ...BODY }, 'result'), 'externalRef') as unknown as ReceiptBody),
  'of a tenant, with values and a reservation': signed({
    ...BODY,
    tenant: 'acme',
    values: { arguments: { invoiceId: 'inv-42', amount: 4200, card: '[redacted]' }, result: { paid: true } },
    reservation: { budget: 'daily', amount: '42.00' },
  }),
  'members in the order of UTF-16 units (RFC 8785, 3.2.3)': signed({
    ...BODY,
    values: {
      arguments: { '€': 1, '\r': 2, דּ: 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7, '': 8 },
    },
  }),
  'numbers as ECMAScript prints them': signed({
    ...BODY,
    values: { arguments: [1e21, 1e-7, 0.1, 4.5, 333333333.3333333, 2 ** 53, 0, -1, 5e-324] },
  }),
  'text with what JSON escapes': signed({ ...BODY, requestId: '\u0000\b\t\n\f\r"\\/\u007f\u2028é𝄞' }),
  'not executed': signed({ ...BODY, outcome: 'aborted', aborted: 'not-executed' }),
  'nobody knows': signed({ ...BODY, outcome: 'unknown', fence: 2, attempt: 2 }),
  'a task': signed({ ...BODY, kind: 'task', tool: 'process_invoice', effect: 'idempotent_mutate' }),
  'released by an operator': signed({
    ...BODY,
    kind: 'release',
    settled: { by: 'operator', as: 'completed', who: 'ada', reason: 'ch_1 is in the dashboard' },
  }),
  'settled by a reconciler': signed({
    ...BODY,
    kind: 'reconciliation',
    outcome: 'aborted',
    aborted: 'not-executed',
    settled: { by: 'reconciler', as: 'not-executed', reason: 'no charge under this key' },
  }),
  'in the last millisecond of the first key': signed({ ...BODY, at: ROTATED - 1 }),
  'in the first millisecond of the second key': signed({ ...BODY, at: ROTATED }, second),
  'with a member that a later version brings': renewed({ ...without(receipt, 'signature'), weather: 'fine' }),
};

function renewed(members: Members): Members {
  const named = renamed(members);
  return { ...named, signature: base64url(first.sign(signedBytes(named))) };
}

/** Signed by whoever writes JSON without looking. */
function withHalfAPair(): Members {
  const text = (members: Members): string => canonicalJson({ ...members, weather: 'HALF' }).replace('HALF', '\\ud800');
  const id = sha256Hex(text(without(without(receipt, 'id'), 'signature')));
  const signature = base64url(first.sign(Buffer.from(text({ ...without(receipt, 'signature'), id }))));
  return { ...receipt, weather: '\ud800', id, signature };
}

function plusGroupOrder(signature: unknown): string {
  const bytes = Buffer.from(String(signature), 'base64url');
  const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + GROUP_ORDER;
  bytes.set(Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(), 32);
  return base64url(bytes);
}

function flipped(signature: unknown): string {
  const bytes = Buffer.from(String(signature), 'base64url');
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return base64url(bytes);
}

const wrong: Readonly<Record<string, { readonly why: string; readonly receipt: unknown }>> = {
  'no object': { why: 'malformed', receipt: 'receipt' },
  'another version': { why: 'malformed', receipt: renewed({ ...receipt, format: 'mycelium-receipt/2' }) },
  'a member is missing': { why: 'malformed', receipt: without(receipt, 'fence') },
  'no signature': { why: 'malformed', receipt: without(receipt, 'signature') },
  'a member of another type': { why: 'malformed', receipt: renewed({ ...receipt, attempt: '1' }) },
  'half a surrogate pair': { why: 'malformed', receipt: withHalfAPair() },
  'a time with a fraction': { why: 'malformed', receipt: renewed({ ...receipt, at: PAID.at + 0.5 }) },
  'a word that there is not': { why: 'malformed', receipt: renewed({ ...receipt, outcome: 'refunded' }) },
  'settled for no reason': {
    why: 'malformed',
    receipt: renewed({ ...receipt, settled: { by: 'operator', as: 'completed' } }),
  },
  'a signature with padding': { why: 'malformed', receipt: { ...receipt, signature: `${receipt['signature']}==` } },
  'a changed member': { why: 'id', receipt: { ...receipt, requestId: 'inv-43' } },
  'a dropped member': { why: 'id', receipt: without(receipt, 'externalRef') },
  'an added member': { why: 'id', receipt: { ...receipt, tenant: 'acme' } },
  'the id of another receipt': { why: 'id', receipt: { ...receipt, id: right['not executed']?.['id'] } },
  'an unknown key': { why: 'unknown-key', receipt: signed(BODY, stranger) },
  'the first key after its time': { why: 'key-not-valid-then', receipt: signed({ ...BODY, at: ROTATED }) },
  'the second key before its time': {
    why: 'key-not-valid-then',
    receipt: signed({ ...BODY, at: ROTATED - 1 }, second),
  },
  'a changed member, the id made anew': { why: 'signature', receipt: renamed({ ...receipt, requestId: 'inv-43' }) },
  'as if of another agent': { why: 'signature', receipt: renamed({ ...receipt, agent: 'other-agent' }) },
  'signed with another key than it names': {
    why: 'signature',
    receipt: { ...receipt, signature: base64url(stranger.sign(signedBytes(receipt))) },
  },
  'a flipped bit in the signature': {
    why: 'signature',
    receipt: { ...receipt, signature: flipped(receipt['signature']) },
  },
  'the signature of another receipt': {
    why: 'signature',
    receipt: { ...receipt, signature: right['not executed']?.['signature'] },
  },
  'S + L in the signature': {
    why: 'signature',
    receipt: { ...receipt, signature: plusGroupOrder(receipt['signature']) },
  },
};

/** What docs/vectors/receipts.json holds. */
export interface Vectors {
  readonly about: string;
  readonly keys: readonly { readonly seed: string; readonly keyId: string; readonly did: string }[];
  readonly jwks: JwkSet;
  readonly right: readonly {
    readonly name: string;
    readonly receipt: Members;
    readonly hashed: string;
    readonly signed: string;
  }[];
  readonly wrong: readonly { readonly name: string; readonly why: string; readonly receipt: unknown }[];
}

/** The receipts of the vectors, made anew. */
export const vectors: Vectors = {
  about:
    'Receipts of the format mycelium-receipt/1, see docs/receipts.md. The keys are those of RFC 8032: never use them.',
  keys: [
    { seed: base64url(seeds[0] as Uint8Array), keyId: first.keyId, did: didKey(first.publicKey) },
    { seed: base64url(seeds[1] as Uint8Array), keyId: second.keyId, did: didKey(second.publicKey) },
  ],
  jwks: {
    keys: [publicJwk(first.publicKey, { expires: ROTATED }), publicJwk(second.publicKey, { notBefore: ROTATED })],
  },
  right: Object.entries(right).map(([name, one]) => ({
    name,
    receipt: one,
    hashed: canonicalJson(without(without(one, 'id'), 'signature')),
    signed: canonicalJson(without(one, 'signature')),
  })),
  wrong: Object.entries(wrong).map(([name, one]) => ({ name, ...one })),
};

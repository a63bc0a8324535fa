import { isInUse, type Keyring } from './keyring.js';
import type { Receipt } from './receipt.js';
import { RECEIPT_FORMAT, receiptId, signedBytes } from './receipt.js';
import { fromBase64url, SIGNATURE_LENGTH } from './signer.js';

/** What is wrong with a receipt, in the order in which it is looked at. */
export type ReceiptFault = 'malformed' | 'id' | 'unknown-key' | 'key-not-valid-then' | 'signature';

/** What checking a receipt found out. */
export type ReceiptVerdict =
  | { readonly ok: true; readonly receipt: Receipt }
  | { readonly ok: false; readonly why: ReceiptFault; readonly detail: string };

/** A receipt that was read, but not checked. */
export type ReadReceipt = { readonly ok: true; readonly receipt: Receipt } | (ReceiptVerdict & { readonly ok: false });

/**
 * Whether a receipt is what the owner of a trusted key signed, to the last character. Says nothing of receipts that
 * are missing: for that there is the log.
 *
 * @param receipt - the text of it, or what JSON.parse made of that.
 */
export function checkReceipt(receipt: unknown, keys: Keyring): ReceiptVerdict {
  const read = readReceipt(receipt);
  if (!read.ok) return read;
  const { id, key, at, signature } = read.receipt;
  let expected: string;
  try {
    expected = receiptId(read.receipt);
  } catch (error) {
    // Canonical JSON refuses what no JSON text can hold.
    return malformed(error instanceof Error ? error.message : String(error));
  }
  if (expected !== id) return fault('id', `its id is ${id}, its content has ${expected}`);
  const trusted = keys.find(key);
  if (trusted === undefined) return fault('unknown-key', `it is signed with the key ${key}, which is not among yours`);
  if (!isInUse(trusted, at))
    return fault('key-not-valid-then', `it is of ${moment(at)}, when the key ${key} was not in use`);
  return trusted.verify(signedBytes(read.receipt), fromBase64url(signature) ?? new Uint8Array())
    ? read
    : fault('signature', `its signature is not that of the key ${key} over its content`);
}

/** Reads a receipt without checking its id and its signature: whether everything is there, and of its kind. */
export function readReceipt(receipt: unknown): ReadReceipt {
  let parsed = receipt;
  if (typeof receipt === 'string') {
    try {
      parsed = JSON.parse(receipt);
    } catch {
      return malformed('it is not JSON');
    }
  }
  if (!isObject(parsed)) return malformed('it is no JSON object');
  if (parsed['format'] !== RECEIPT_FORMAT) return malformed(`its format is not ${RECEIPT_FORMAT}`);
  const problem = firstProblem(parsed, MEMBERS, '');
  return problem === undefined ? { ok: true, receipt: parsed as unknown as Receipt } : malformed(problem);
}

interface Rule {
  readonly is: (value: unknown) => boolean;
  /** As half a sentence: `its fence is not …`. */
  readonly what: string;
  readonly optional?: true;
}

const text: Rule = { is: (value) => typeof value === 'string', what: 'a text' };
const whole: Rule = { is: (value) => Number.isSafeInteger(value) && Number(value) >= 0, what: 'a whole number from 0' };
const digest: Rule = { is: matches(/^[\da-f]{64}$/), what: 'a SHA-256 in hexadecimal' };
const object: Rule = { is: isObject, what: 'an object' };
const optional = (rule: Rule): Rule => ({ ...rule, optional: true });

const MEMBERS: Readonly<Record<string, Rule>> = {
  id: digest,
  agent: text,
  kind: oneOf('tool', 'task', 'release', 'reconciliation', 'denial'),
  ledger: text,
  tenant: optional(text),
  call: text,
  tool: text,
  requestId: text,
  fence: whole,
  attempt: whole,
  effect: text,
  outcome: oneOf('committed', 'aborted', 'unknown'),
  aborted: optional(oneOf('not-executed', 'may-rerun')),
  arguments: digest,
  result: optional(digest),
  values: optional(object),
  externalRef: optional(text),
  settled: optional(object),
  claimedAt: whole,
  at: whole,
  key: { is: (value) => bytesOf(value) === 32, what: 'a thumbprint (32 bytes in base64url)' },
  signature: { is: (value) => bytesOf(value) === SIGNATURE_LENGTH, what: '64 bytes in base64url' },
};

const SETTLED: Readonly<Record<string, Rule>> = {
  by: oneOf('operator', 'reconciler', 'evidence'),
  as: oneOf('completed', 'not-executed', 'retired'),
  who: optional(text),
  reason: text,
};

function firstProblem(
  value: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, Rule>>,
  path: string,
): string | undefined {
  for (const [name, { is, what, optional }] of Object.entries(rules)) {
    if (!Object.hasOwn(value, name)) {
      if (optional !== true) return `it has no ${path}${name}`;
    } else if (!is(value[name])) return `its ${path}${name} is not ${what}`;
  }
  const settled = rules === MEMBERS ? value['settled'] : undefined;
  return isObject(settled) ? firstProblem(settled, SETTLED, 'settled.') : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function oneOf(...words: readonly string[]): Rule {
  return { is: (value) => words.includes(value as string), what: `one of ${words.join(', ')}` };
}

function matches(pattern: RegExp): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && pattern.test(value);
}

function bytesOf(value: unknown): number | undefined {
  return typeof value === 'string' ? fromBase64url(value)?.length : undefined;
}

function moment(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}

function malformed(detail: string): ReceiptVerdict & { readonly ok: false } {
  return fault('malformed', detail);
}

function fault(why: ReceiptFault, detail: string): ReceiptVerdict & { readonly ok: false } {
  return { ok: false, why, detail };
}

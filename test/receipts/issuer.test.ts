import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/encoding/canonical-json.js';
import { fingerprint, sha256Hex } from '../../src/encoding/fingerprint.js';
import { UsageError } from '../../src/errors/usage.js';
import { checkReceipt } from '../../src/receipts/check-receipt.js';
import { type AuditOptions, auditReceipts } from '../../src/receipts/issuer.js';
import { publicJwk } from '../../src/receipts/jwk.js';
import { generateSigningKey } from '../../src/receipts/key-source.js';
import { type Keyring, keyring } from '../../src/receipts/keyring.js';
import type { Receipt } from '../../src/receipts/receipt.js';
import { nobleSigner, type Signer } from '../../src/receipts/signer.js';
import type { ReceiptFacts, ReceiptValues } from '../../src/tool/receipt.js';
import { PAID } from './facts.js';

const { seed, signer } = generateSigningKey();
const keys: Keyring = keyring(publicJwk(signer.publicKey));

/** Issues a receipt and reads it back, checked. */
function issued(options: Partial<AuditOptions>, facts: ReceiptFacts = PAID, values?: () => ReceiptValues): Receipt {
  const { id, text } = auditReceipts({ agent: 'billing-agent', signingKey: seed, ...options }).issue(facts, values);
  const verdict = checkReceipt(text, keys);
  if (!verdict.ok) throw new Error(verdict.detail);
  expect(verdict.receipt.id).toBe(id);
  expect(canonicalJson(verdict.receipt)).toBe(text);
  return verdict.receipt;
}

test('a receipt says what the ledger says, who acted, and with which key it is signed', () => {
  const { id, signature, ...content } = issued({});
  expect(content).toEqual({ ...PAID, format: 'mycelium-receipt/1', agent: 'billing-agent', key: signer.keyId });
  expect(id).toBe(sha256Hex(canonicalJson(content)));
  expect(Buffer.from(signature, 'base64url')).toEqual(
    signer.sign(Buffer.from(canonicalJson({ ...content, id }), 'utf8')),
  );
});

test('the same outcome has the same receipt, to the last character, whichever path signs', () => {
  const facts: ReceiptFacts = { ...PAID, settled: { by: 'operator', as: 'completed', who: 'ada', reason: 'seen' } };
  const ours = auditReceipts({ agent: 'a', signingKey: seed });
  const noble = auditReceipts({ agent: 'a', signer: nobleSigner(Buffer.from(seed, 'base64url')) });
  expect(noble.issue(facts)).toEqual(ours.issue(facts));
  expect(ours.keyId).toBe(signer.keyId);
});

test('nothing that a ledger knows can cost a receipt: half characters and times with fractions', () => {
  const half = '\ud800';
  const receipt = issued(
    {},
    {
      ...PAID,
      requestId: half,
      externalRef: `ch${half}`,
      settled: { by: 'operator', as: 'retired', who: half, reason: half },
      claimedAt: PAID.claimedAt + 0.25,
      at: PAID.at + 0.75,
    },
  );
  expect(receipt).toMatchObject({
    requestId: '\ufffd',
    externalRef: 'ch\ufffd',
    claimedAt: PAID.claimedAt,
    at: PAID.at,
  });
  expect(receipt.settled).toMatchObject({ who: '\ufffd', reason: '\ufffd' });
});

describe('values', () => {
  const given = (): ReceiptValues => ({
    arguments: { invoiceId: 'inv-42', card: { number: '4242', holder: 'Ada' }, lines: [{ note: 'a' }, { note: 'b' }] },
    result: { paid: true, apiToken: 'tok_1' },
  });

  test('are not asked for, unless they are to be in it', () => {
    const ask = (): ReceiptValues => {
      throw new Error('asked');
    };
    expect('values' in issued({}, PAID, ask)).toBe(false);
    expect('values' in issued({ values: {} }, PAID, ask)).toBe(false);
    expect('values' in issued({ values: { arguments: true } }, PAID)).toBe(false);
  });

  test('are in it by choice, without what looks secret', () => {
    expect(issued({ values: { arguments: true } }, PAID, given).values).toEqual({ arguments: given().arguments });
    expect(issued({ values: { result: true } }, PAID, given).values).toEqual({
      result: { paid: true, apiToken: '[redacted]' },
    });
  });

  test('are blanked by path', () => {
    const redact = ['arguments.card', 'arguments.lines.*.note', 'arguments.none.at.all', 'result.paid'];
    expect(issued({ values: { arguments: true, result: true, redact } }, PAID, given).values).toEqual({
      arguments: {
        invoiceId: 'inv-42',
        card: '[redacted]',
        lines: [{ note: '[redacted]' }, { note: '[redacted]' }],
      },
      result: { paid: '[redacted]', apiToken: '[redacted]' },
    });
    const whole = issued({ values: { arguments: true, redact: ['arguments'] } }, PAID, given).values;
    expect(whole).toEqual({ arguments: '[redacted]' });
  });

  test('are blanked by path under names of every kind', () => {
    const odd = (): ReceiptValues => ({ arguments: JSON.parse('{"$ref":"x","__proto__":{"y":"z"},"kept":1}') });
    const redact = ['arguments.$ref', 'arguments.__proto__.y'];
    const text = JSON.stringify(issued({ values: { arguments: true, redact } }, PAID, odd).values);
    expect(text).toBe('{"arguments":{"$$ref":"[redacted]","__proto__":{"y":"[redacted]"},"kept":1}}');
  });

  test('what the caller holds is not changed', () => {
    const value = { lines: [{ note: 'a' }] };
    issued({ values: { arguments: true, redact: ['arguments.lines'] } }, PAID, () => ({ arguments: value }));
    expect(value).toEqual({ lines: [{ note: 'a' }] });
  });

  test('are the JSON form that the fingerprint is of, so that it can be computed from them', () => {
    const value = { when: new Date(0), amount: 10n, tags: new Set(['a']), $ref: -0 };
    const values = issued({ values: { arguments: true } }, PAID, () => ({ arguments: value })).values;
    expect(sha256Hex(canonicalJson(values?.arguments))).toBe(fingerprint(value));
  });

  test('what has no JSON form, or is too long, is left out, and the receipt is there', () => {
    const long = 'x'.repeat(70_000);
    const throwing = {
      get amount(): number {
        throw new Error('gone');
      },
    };
    for (const value of [() => 1, '\ud800', long, throwing, new (class Custom {})()]) {
      const receipt = issued({ values: { arguments: true, result: true } }, PAID, () => ({
        arguments: value,
        result: 1,
      }));
      expect(receipt.values).toEqual({ result: 1 });
    }
  });
});

describe('is refused when it is made, not at the first payment', () => {
  const other = generateSigningKey().signer;
  const asyncSigner = { ...signer, sign: async (bytes: Uint8Array) => signer.sign(bytes) } as unknown as Signer;
  const broken: Signer = {
    ...signer,
    sign() {
      throw new Error('the HSM is away');
    },
  };
  test.each<readonly [string, unknown, string]>([
    ['no key', { signingKey: undefined }, 'auditReceipts({ signingKey }): there is no key to sign receipts with'],
    ['no seed', { signingKey: 'secret-words' }, 'auditReceipts({ signingKey }): is neither 32 bytes in hex'],
    ['a missing variable', { signingKey: { env: 'NO_SUCH_KEY' } }, 'the environment has no NO_SUCH_KEY'],
    ['two keys', { signer }, 'a signer is given, too'],
    ['no agent', { agent: undefined }, 'auditReceipts({ agent }): is no name'],
    ['a blank agent', { agent: ' ' }, 'auditReceipts({ agent }): is no name'],
    ['half a character as agent', { agent: 'a\ud800' }, 'auditReceipts({ agent }): is no name'],
    [
      'a signer with another key',
      { signingKey: undefined, signer: { ...signer, sign: other.sign } },
      'does not verify',
    ],
    ['a signer with another id', { signingKey: undefined, signer: { ...signer, keyId: 'k1' } }, 'RFC 7638 thumbprint'],
    ['a signer without a key', { signingKey: undefined, signer: { ...signer, publicKey: undefined } }, 'is missing'],
    ['a signer that cannot', { signingKey: undefined, signer: broken }, 'it cannot sign: the HSM is away'],
    ['a signer that answers later', { signingKey: undefined, signer: asyncSigner }, 'does not answer with the bytes'],
    ['a path into nothing', { values: { redact: ['card.number'] } }, '"card.number" in redact is no path'],
    ['a path with a hole', { values: { redact: ['arguments..x'] } }, '"arguments..x" in redact is no path'],
    ['values as a word', { values: 'all' }, 'auditReceipts({ values })'],
  ])('%s', (_, options, problem) => {
    const make = (): unknown => auditReceipts({ agent: 'a', signingKey: seed, ...(options as Partial<AuditOptions>) });
    expect(make).toThrow(UsageError);
    expect(make).toThrow(problem);
    if (problem.includes('signingKey') || problem.includes('NO_SUCH_KEY'))
      expect(make).toThrow('mycelium keys generate');
    expect(make).not.toThrow('secret-words');
  });
});

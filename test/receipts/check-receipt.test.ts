import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkReceipt, readReceipt } from '../../src/receipts/check-receipt.js';
import { auditReceipts } from '../../src/receipts/issuer.js';
import { publicJwk } from '../../src/receipts/jwk.js';
import { generateSigningKey } from '../../src/receipts/key-source.js';
import { keyring } from '../../src/receipts/keyring.js';
import { PAID } from './facts.js';

const [old, current, stranger] = [generateSigningKey(), generateSigningKey(), generateSigningKey()];
const receipt = JSON.parse(auditReceipts({ agent: 'a', signingKey: old.seed }).issue(PAID).text);
const keys = keyring(publicJwk(old.signer.publicKey));

test('a receipt stays right after its key was retired, and wrong where the key is not known', () => {
  const retired = publicJwk(old.signer.publicKey, { expires: PAID.at + 1 });
  expect(checkReceipt(receipt, keyring({ keys: [publicJwk(current.signer.publicKey), retired] })).ok).toBe(true);
  const verdicts = [
    keyring(publicJwk(old.signer.publicKey, { expires: PAID.at - 1000 })),
    keyring(publicJwk(current.signer.publicKey)),
  ].map((ring) => checkReceipt(receipt, ring));
  expect(verdicts.map((verdict) => !verdict.ok && verdict.why)).toEqual(['key-not-valid-then', 'unknown-key']);
  expect(verdicts[0]).toMatchObject({ detail: expect.stringContaining(new Date(PAID.at).toISOString()) });
});

test('the detail names the member that is wrong', () => {
  const detail = (changed: unknown): string => {
    const verdict = checkReceipt(changed, keys);
    return verdict.ok ? '' : verdict.detail;
  };
  expect(detail({ ...receipt, fence: -1 })).toBe('its fence is not a whole number from 0');
  expect(detail({ ...receipt, settled: { by: 'operator', as: 'completed' } })).toBe('it has no settled.reason');
  expect(detail({ ...receipt, outcome: 'paid' })).toBe('its outcome is not one of committed, aborted, unknown');
  expect(detail({ ...receipt, format: 'mycelium-receipt/2' })).toBe('its format is not mycelium-receipt/1');
  expect(detail({ ...receipt, tool: 'other' })).toMatch(/^its id is [\da-f]{64}, its content has [\da-f]{64}$/);
});

describe('what is no receipt is malformed, and never thrown at', () => {
  const throwing = { ...receipt };
  Object.defineProperty(throwing, 'weather', {
    enumerable: true,
    get() {
      throw new Error('gone');
    },
  });
  const circular: Record<string, unknown> = { ...receipt };
  circular['weather'] = circular;
  test.each<readonly [string, unknown]>([
    ['no text', undefined],
    ['a torn text', JSON.stringify(receipt).slice(0, -5)],
    ['an array', [receipt]],
    ['null', 'null'],
    ['a member that cannot be read', throwing],
    ['a circle', circular],
    ['a member that JSON has no word for', { ...receipt, weather: () => 1 }],
    ['half a character', JSON.stringify({ ...receipt, weather: '\ud800' })],
    [
      'more brackets than there is room for',
      `{"format":"mycelium-receipt/1","x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`,
    ],
    ['members that it has from elsewhere', Object.create(receipt)],
  ])('%s', (_, value) => {
    expect(checkReceipt(value, keys)).toMatchObject({ ok: false, why: 'malformed' });
  });

  test('anything', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(receipt)), (value, name) => {
        const changed = { ...receipt, [name]: value };
        const isSame = JSON.stringify(value) === JSON.stringify(receipt[name]);
        expect(checkReceipt(JSON.stringify(changed), keys).ok).toBe(isSame);
        expect(checkReceipt(value, keys).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

test('reading a receipt does not check it', () => {
  expect(readReceipt(JSON.stringify({ ...receipt, tool: 'other' }))).toMatchObject({ ok: true });
  expect(readReceipt({ ...receipt, tool: 7 })).toMatchObject({ ok: false, why: 'malformed' });
});

test('whoever signs with a key of their own under a known name is found out', () => {
  const forged = JSON.parse(
    auditReceipts({
      agent: 'a',
      signer: stranger.signer,
    }).issue(PAID).text,
  );
  expect(checkReceipt(forged, keys)).toMatchObject({ why: 'unknown-key' });
  expect(checkReceipt({ ...receipt, signature: forged.signature }, keys)).toMatchObject({ why: 'signature' });
});

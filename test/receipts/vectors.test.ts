import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkReceipt } from '../../src/receipts/check-receipt.js';
import { keyring } from '../../src/receipts/keyring.js';
import { Scratch } from '../cli/scratch.js';
import { node, root } from '../package/package-files.js';
import { SMALL_ORDER } from './rfc8032.js';
import { vectors } from './vectors.js';

const verifier = join(root, 'examples/verify-receipts/verify.mjs');
const keys = keyring(vectors.jwks);

let scratch: Scratch;
beforeAll(() => {
  scratch = new Scratch();
  scratch.write('jwks.json', JSON.stringify(vectors.jwks));
});
afterAll(() => scratch.remove());

/** What the verifier of the examples, which shares no code with ours, says of each receipt. */
function independently(receipts: readonly unknown[], form: 'lines' | 'array', jwks = 'jwks.json'): Independent {
  const text =
    form === 'array' ? JSON.stringify(receipts, null, 1) : receipts.map((one) => JSON.stringify(one)).join('\n');
  scratch.write('receipts.jsonl', text);
  const { status, stdout, stderr } = node([verifier, jwks, 'receipts.jsonl'], scratch.folder);
  const verdicts = stdout.trimEnd().split('\n');
  return { status, stderr, verdicts: verdicts.map((line) => line.split(' ')[0] ?? '') };
}

interface Independent {
  readonly status: number | null;
  readonly stderr: string;
  readonly verdicts: readonly string[];
}

test('the shipped vectors are what this code makes (vitest -u writes them)', async () => {
  await expect(`${JSON.stringify(vectors, null, 2)}\n`).toMatchFileSnapshot('../../docs/vectors/receipts.json');
});

describe('what is right', () => {
  test.each(vectors.right)('$name', ({ receipt }) => {
    expect(checkReceipt(receipt, keys)).toEqual({ ok: true, receipt });
    expect(checkReceipt(JSON.stringify(receipt), keys)).toMatchObject({ ok: true });
  });

  test('is right for the independent verifier', () => {
    const receipts = vectors.right.map(({ receipt }) => receipt);
    const right = { status: 0, stderr: '', verdicts: receipts.map(() => 'OK') };
    expect(independently(receipts, 'lines')).toEqual(right);
    expect(independently(receipts, 'array')).toEqual(right);
  });
});

describe('what is wrong', () => {
  test.each(vectors.wrong)('$name: $why', ({ receipt, why }) => {
    const verdict = checkReceipt(receipt, keys);
    expect(verdict).toEqual({ ok: false, why, detail: expect.any(String) });
  });

  test('is wrong for the independent verifier, for the same reasons', () => {
    const { wrong, right } = vectors;
    const mixed = [...wrong.map(({ receipt }) => receipt), right[0]?.receipt];
    const expected = [...wrong.map(({ why }) => why), 'OK'];
    expect(independently(mixed, 'lines')).toEqual({ status: 1, stderr: '', verdicts: expected });
  });

  test('the independent verifier is 60 lines at most, and imports nothing of ours', () => {
    const text = readFileSync(verifier, 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
    expect([...text.matchAll(/from '(.+)'/g)].map((match) => match[1])).toEqual(['node:crypto', 'node:fs']);
  });

  test.each(SMALL_ORDER)('a weak key is trusted by neither: %s', (hex) => {
    const x = Buffer.from(hex, 'hex').toString('base64url');
    scratch.write('weak.json', JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', x }] }));
    expect(independently([], 'array', 'weak.json').stderr).toContain('Anything can be signed');
    expect(() => keyring({ keys: [{ kty: 'OKP', crv: 'Ed25519', x }] })).toThrow(/weak key|canonical/);
  });
});

describe('any one change', () => {
  const ways: readonly { readonly what: string; readonly change: (value: unknown) => unknown }[] = [
    { what: 'another text', change: (value) => (typeof value === 'string' ? `${value.slice(0, -1)}!` : 'x') },
    { what: 'null', change: () => null },
    { what: 'a number one up', change: (value) => (typeof value === 'number' ? value + 1 : 1) },
    { what: 'removed', change: () => undefined },
  ];
  const everything = {
    ...vectors.right.find(({ name }) => name.startsWith('of a tenant'))?.receipt,
  };

  test.each(ways)('$what, of any member, is found by both', ({ change }) => {
    const changed = Object.entries(everything).map(([name, value]) => ({ ...everything, [name]: change(value) }));
    const verdicts = changed.map((receipt) => {
      const verdict = checkReceipt(JSON.stringify(receipt), keys);
      return verdict.ok ? 'OK' : verdict.why;
    });
    expect(verdicts).not.toContain('OK');
    expect(independently(changed, 'lines').verdicts).toEqual(verdicts);
  });
});

describe('docs/receipts.md', () => {
  const text = readFileSync(join(root, 'docs/receipts.md'), 'utf8');
  const described = [...text.matchAll(/^\| `(\w+)` \| [^|]*\|/gm)].map((match) => match[1]);

  test('describes every member that a receipt has', () => {
    const members = new Set(vectors.right.flatMap(({ receipt }) => Object.keys(receipt)));
    members.delete('weather');
    expect([...members].filter((name) => !described.includes(name))).toEqual([]);
  });

  test('shows a JWK set that works', () => {
    const [, set = ''] = /```json\n(\{\n {2}"keys": [\s\S]+?)```/.exec(text) ?? [];
    expect(keyring(set).keys.map(({ keyId }) => keyId)).toEqual([JSON.parse(set).keys[0].kid]);
  });

  test('names the reasons there are', () => {
    for (const { why } of vectors.wrong) expect(text).toContain(`| \`${why}\` |`);
  });
});

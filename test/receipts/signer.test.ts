import { createHash, createPublicKey, randomBytes, verify as verifyNatively } from 'node:crypto';
import * as noble from '@noble/ed25519';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nativeVerifier, nobleVerifier, publicKeyProblem, type Verifier } from '../../src/receipts/key-verifier.js';
import { fromBase64url, keyIdOf, nativeSigner, newSeed, nobleSigner, type Signer } from '../../src/receipts/signer.js';
import { GROUP_ORDER, RFC8032, SMALL_ORDER } from './rfc8032.js';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

function native(seed: Uint8Array): Signer {
  const signer = nativeSigner(seed);
  if (signer === undefined) throw new Error('this Node has no Ed25519');
  return signer;
}

function verifiers(publicKey: Uint8Array): readonly Verifier[] {
  const verifier = nativeVerifier(publicKey);
  if (verifier === undefined) throw new Error('this Node has no Ed25519');
  return [verifier, nobleVerifier(publicKey)];
}

/** A number as the second half of a signature. */
const littleEndian = (number: bigint): Uint8Array =>
  Uint8Array.from(Buffer.from(number.toString(16).padStart(64, '0'), 'hex')).reverse();
const fromLittleEndian = (data: Uint8Array): bigint => BigInt(`0x${hex(Uint8Array.from(data).reverse())}`);

describe.each(RFC8032)('RFC 8032, $name', ({ seed, publicKey, message, signature }) => {
  test.each([
    ['node:crypto', native],
    ['noble', nobleSigner],
  ] as const)('%s', (_, signerOf) => {
    const signer = signerOf(bytes(seed));
    expect(hex(signer.publicKey)).toBe(publicKey);
    expect(hex(signer.sign(bytes(message)))).toBe(signature);
    for (const verify of verifiers(bytes(publicKey))) {
      expect(verify(bytes(message), bytes(signature))).toBe(true);
      expect(verify(bytes(`${message}00`), bytes(signature))).toBe(false);
    }
  });
});

test('the key id is the thumbprint of RFC 8037, A.3', () => {
  expect(keyIdOf(bytes(RFC8032[0]?.publicKey ?? ''))).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
});

test('both paths sign the same bytes, and accept and refuse the same', () => {
  const octets = { minLength: 32, maxLength: 32 };
  fc.assert(
    fc.property(
      fc.uint8Array(octets),
      fc.uint8Array({ maxLength: 2000 }),
      fc.nat({ max: 511 }),
      (seed, message, bit) => {
        const [one, other] = [native(seed), nobleSigner(seed)];
        const signature = one.sign(message);
        expect(hex(other.sign(message))).toBe(hex(signature));
        expect([other.keyId, hex(other.publicKey)]).toEqual([one.keyId, hex(one.publicKey)]);
        expect(publicKeyProblem(one.publicKey)).toBeUndefined();
        const flipped = Uint8Array.from(signature);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        for (const verify of verifiers(one.publicKey)) {
          expect(verify(message, signature)).toBe(true);
          expect(verify(message, flipped)).toBe(false);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('a signer keeps its key when whoever gave the seed wipes it', () => {
  for (const signerOf of [native, nobleSigner]) {
    const seed = newSeed();
    const signer = signerOf(seed);
    const before = hex(signer.sign(bytes('00')));
    seed.fill(0);
    expect(hex(signer.sign(bytes('00')))).toBe(before);
  }
});

test.each(RFC8032)('the signature of $name with S + L is refused', ({ publicKey, message, signature }) => {
  const again = bytes(signature);
  again.set(littleEndian(fromLittleEndian(again.subarray(32)) + GROUP_ORDER), 32);
  for (const verify of verifiers(bytes(publicKey))) expect(verify(bytes(message), again)).toBe(false);
});

test('signatures of another length are refused, not thrown at', () => {
  const { publicKey, message, signature } = RFC8032[1] ?? { publicKey: '', message: '', signature: '' };
  for (const verify of verifiers(bytes(publicKey)))
    for (const other of ['', signature.slice(2), `${signature}00`])
      expect(verify(bytes(message), bytes(other))).toBe(false);
});

test.each(SMALL_ORDER)('the weak key %s is refused', (key) => {
  expect(publicKeyProblem(bytes(key))).toMatch(/weak key|canonical/);
});

test('node:crypto alone takes a weak key, under which one signature is good for any text', () => {
  // R = the neutral point, S = 0: this is why keys are looked at before they are trusted.
  const signature = Buffer.concat([bytes(SMALL_ORDER[0] ?? ''), Buffer.alloc(32)]);
  const x = Buffer.from(bytes(SMALL_ORDER[0] ?? '')).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  for (const text of ['one', 'another']) {
    expect(verifyNatively(null, Buffer.from(text), key, signature)).toBe(true);
    // Noble, asked to be strict, refuses it by itself.
    expect(nobleVerifier(bytes(SMALL_ORDER[0] ?? ''))(Buffer.from(text), signature)).toBe(false);
  }
});

test('a key that is off the curve, mixed with one of small order, or of another length is refused', () => {
  const honest = noble.Point.fromBytes(native(newSeed()).publicKey);
  const mixed = honest.add(noble.Point.fromBytes(bytes(SMALL_ORDER[4] ?? '')));
  expect(publicKeyProblem(mixed.toBytes())).toMatch(/prime order/);
  expect(publicKeyProblem(bytes(`02${'00'.repeat(31)}`))).toMatch(/no point/);
  expect(publicKeyProblem(randomBytes(31))).toBe('has 31 bytes instead of 32');
});

function movedSignature(seed: Uint8Array, message: Uint8Array): Uint8Array {
  const { scalar, prefix, pointBytes } = noble.utils.getExtendedPublicKey(seed);
  const number = (...parts: readonly Uint8Array[]): bigint =>
    fromLittleEndian(createHash('sha512').update(Buffer.concat(parts)).digest()) % GROUP_ORDER;
  const r = number(prefix, message);
  const R = noble.Point.BASE.multiply(r)
    .add(noble.Point.fromBytes(bytes(SMALL_ORDER[1] ?? '')))
    .toBytes();
  const S = (r + number(R, pointBytes, message) * scalar) % GROUP_ORDER;
  return Uint8Array.from(Buffer.concat([R, littleEndian(S)]));
}

test('both refuse a signature whose R was moved by a point of small order', () => {
  // The signer himself can make one: r B + T instead of r B. Noble alone takes it, node:crypto does not.
  const seed = bytes(RFC8032[0]?.seed ?? '');
  const signer = native(seed);
  const moved = movedSignature(seed, bytes('aa'));
  expect(noble.verify(moved, bytes('aa'), signer.publicKey, { zip215: false })).toBe(true);
  for (const verify of verifiers(signer.publicKey)) expect(verify(bytes('aa'), moved)).toBe(false);
});

test('base64url has one way to write each text of bytes', () => {
  expect(fromBase64url('_-8')).toEqual(Buffer.from('ffef', 'hex'));
  for (const other of ['_-9', '/+8', '_-8=', ' _-8', '_']) expect(fromBase64url(other)).toBeUndefined();
});

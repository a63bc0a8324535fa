import { createPublicKey, type KeyObject, verify as verifyNatively } from 'node:crypto';
import { Point, verify } from '@noble/ed25519';
import { base64url, giveNobleItsHash, KEY_LENGTH, SIGNATURE_LENGTH } from './signer.js';

/** Whether a signature is that of one key. Strict: there is one accepted form of every signature, and no weak key. */
export type Verifier = (bytes: Uint8Array, signature: Uint8Array) => boolean;

/**
 * What is wrong with a public key; undefined when nothing is. A key outside the group of prime order is refused: under
 * a key of small order one signature is good for any text, and on the others implementations do not agree.
 */
export function publicKeyProblem(publicKey: Uint8Array): string | undefined {
  if (publicKey.length !== KEY_LENGTH) return `has ${publicKey.length} bytes instead of ${KEY_LENGTH}`;
  const point = pointOf(publicKey);
  if (point === undefined) return 'is no point of the curve in its canonical form';
  if (point.isSmallOrder()) return 'is a weak key (of small order), under which anything can be signed';
  return point.isTorsionFree() ? undefined : 'is not in the group of prime order, as every honestly made key is';
}

/** @param publicKey - one without a {@link publicKeyProblem}. */
export function verifierOf(publicKey: Uint8Array): Verifier {
  return nativeVerifier(publicKey) ?? nobleVerifier(publicKey);
}

/** @returns undefined where node:crypto has no Ed25519. */
export function nativeVerifier(publicKey: Uint8Array): Verifier | undefined {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: base64url(publicKey) }, format: 'jwk' });
  } catch {
    return undefined;
  }
  return (bytes, signature) => signature.length === SIGNATURE_LENGTH && verifyNatively(null, bytes, key, signature);
}

/**
 * Says what OpenSSL says. That compares R byte for byte, where noble allows it to differ by a point of small order; for
 * a key in the group of prime order such an R is the only difference.
 */
export function nobleVerifier(publicKey: Uint8Array): Verifier {
  giveNobleItsHash();
  const own = Uint8Array.from(publicKey);
  return (bytes, signature) =>
    signature.length === SIGNATURE_LENGTH &&
    verify(signature, bytes, own, { zip215: false }) &&
    pointOf(signature.subarray(0, KEY_LENGTH))?.isTorsionFree() === true;
}

function pointOf(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes, false);
  } catch {
    return undefined;
  }
}

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  hash,
  type KeyObject,
  randomFillSync,
  sign as signNatively,
} from 'node:crypto';
import { getPublicKey, hashes, sign } from '@noble/ed25519';

/** Signs with an Ed25519 key: ours with a seed, or one of your own in front of a key that does not leave its place. */
export interface Signer {
  /** The RFC 7638 thumbprint of the public key. */
  readonly keyId: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** @returns 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** How long the seed of a key is, and the key itself. */
export const KEY_LENGTH = 32;
export const SIGNATURE_LENGTH = 64;

/** What stands before the 32 bytes of a seed in PKCS#8 (RFC 8410). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The signer of a seed: node:crypto where it has Ed25519, else noble. Both sign the same bytes. */
export function signerOf(seed: Uint8Array): Signer {
  return nativeSigner(seed) ?? nobleSigner(seed);
}

/** @returns undefined where node:crypto has no Ed25519. */
export function nativeSigner(seed: Uint8Array): Signer | undefined {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pkcs8(seed), format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  }
  const publicKey = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
  return { keyId: keyIdOf(publicKey), publicKey, sign: (bytes) => signNatively(null, bytes, key) };
}

/** Eight to twelve times slower, and the same everywhere. */
export function nobleSigner(seed: Uint8Array): Signer {
  giveNobleItsHash();
  // A copy: whoever gave the seed may wipe it.
  const own = Uint8Array.from(seed);
  const publicKey = getPublicKey(own);
  return { keyId: keyIdOf(publicKey), publicKey, sign: (bytes) => sign(bytes, own) };
}

/** Without one, noble's synchronous functions refuse to work. */
export function giveNobleItsHash(): void {
  hashes.sha512 ??= (message) => new Uint8Array(createHash('sha512').update(message).digest());
}

/** A seed as PKCS#8 DER. */
export function pkcs8(seed: Uint8Array): Buffer {
  return Buffer.concat([PKCS8_HEAD, seed]);
}

/** A new seed from the random numbers of the system. */
export function newSeed(): Uint8Array {
  return randomFillSync(new Uint8Array(KEY_LENGTH));
}

/** The RFC 7638 thumbprint of an Ed25519 public key: the name that receipts call it by. */
export function keyIdOf(publicKey: Uint8Array): string {
  return hash('sha256', `{"crv":"Ed25519","kty":"OKP","x":"${base64url(publicKey)}"}`, 'base64url');
}

/** @returns without padding. */
export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/** The bytes of a base64url text without padding; undefined for anything that is not exactly how they are written. */
export function fromBase64url(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

import { UsageError } from '../errors/usage.js';
import { publicKeyOfDid } from './did-key.js';
import { type JwkSet, type PublicJwk, type ReadJwk, readJwk } from './jwk.js';
import { publicKeyProblem, type Verifier, verifierOf } from './key-verifier.js';
import { keyIdOf } from './signer.js';

/** A public key that is trusted, for the receipts of its time. */
export interface TrustedKey {
  /** The RFC 7638 thumbprint of the public key. */
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  /** Receipts before it are not this key's. In milliseconds since 1970. */
  readonly notBefore?: number;
  /** Receipts from it on are not this key's. In milliseconds since 1970. */
  readonly expires?: number;
  /** Whether the signature over the bytes is this key's. Strict. */
  readonly verify: Verifier;
}

/** The public keys that receipts are checked with, the retired ones with the time they were in use. */
export interface Keyring {
  readonly keys: readonly TrustedKey[];
  find(keyId: string): TrustedKey | undefined;
}

/** A JWK set, a JWK, or a text: that of either, or a `did:key` per line. */
export type KeySource = JwkSet | PublicJwk | string;

const REMEDY =
  'Give a JWK set ({ "keys": [ … ] }), a JWK or a did:key of Ed25519; mycelium keys show prints them for a key.';

/**
 * The keys that receipts are checked with.
 *
 * @param place - what to call it in an error, e.g. the name of the file that the text is from.
 * @throws UsageError when something of it is no public key, when a key is weak, or when there is no key at all.
 *
 * @example
 * ```ts
 * const { signer } = generateSigningKey();
 * const keys = keyring({ keys: [publicJwk(signer.publicKey, { expires: new Date('2031-01-01') })] });
 * keys.find(signer.keyId)?.expires; // → 1924992000000
 * ```
 */
export function keyring(sources: KeySource | readonly KeySource[], place = 'keyring()'): Keyring {
  const keys = new Map<string, TrustedKey>();
  add(sources, place, keys);
  if (keys.size === 0) throw unusable(place, 'has no Ed25519 key');
  return { keys: [...keys.values()], find: (keyId) => keys.get(keyId) };
}

/** Whether a key was in use at a moment, in milliseconds. */
export function isInUse({ notBefore, expires }: TrustedKey, at: number): boolean {
  return (notBefore === undefined || at >= notBefore) && (expires === undefined || at < expires);
}

function add(source: unknown, place: string, keys: Map<string, TrustedKey>): void {
  if (typeof source === 'string') addText(source, place, keys);
  else if (Array.isArray(source)) {
    for (const [index, one] of source.entries()) add(one, `${place}[${index}]`, keys);
  } else if (typeof source !== 'object' || source === null) throw unusable(place, 'is no public key');
  else if ('keys' in source && Array.isArray(source.keys)) add(source.keys, `${place}.keys`, keys);
  else addJwk(source as Readonly<Record<string, unknown>>, place, keys);
}

function addJwk(jwk: Readonly<Record<string, unknown>>, place: string, keys: Map<string, TrustedKey>): void {
  if (!('kty' in jwk)) throw unusable(place, 'is neither a JWK nor a JWK set');
  const read = readJwk(jwk);
  if (read === undefined) return;
  if ('problem' in read) throw unusable(`${place}.${read.member}`, read.problem);
  addKey(read, place, keys);
}

function addText(text: string, place: string, keys: Map<string, TrustedKey>): void {
  const words = text.trim().split(/\s+/);
  if (words[0]?.startsWith('did:') === true) {
    for (const word of words) {
      const publicKey = publicKeyOfDid(word);
      if (publicKey === undefined) throw unusable(place, `${JSON.stringify(word)} is no did:key of Ed25519`);
      addKey({ publicKey, notBefore: undefined, expires: undefined }, place, keys);
    }
    return;
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw unusable(place, 'is neither JSON nor a did:key');
  }
  if (typeof parsed === 'string' && !parsed.startsWith('did:')) throw unusable(place, 'is no public key');
  add(parsed, place, keys);
}

function addKey({ publicKey, notBefore, expires }: ReadJwk, place: string, keys: Map<string, TrustedKey>): void {
  const problem = publicKeyProblem(publicKey);
  if (problem !== undefined) throw unusable(place, `the key ${problem}`);
  const keyId = keyIdOf(publicKey);
  const known = keys.get(keyId);
  // Nobody could say which of the two was meant.
  if (known !== undefined && (known.notBefore !== notBefore || known.expires !== expires))
    throw unusable(place, `the key ${keyId} is there twice, each time with another nbf or exp`);
  if (known !== undefined) return;
  keys.set(keyId, {
    keyId,
    publicKey,
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(expires === undefined ? {} : { expires }),
    verify: verifierOf(publicKey),
  });
}

function unusable(place: string, problem: string): UsageError {
  return new UsageError({ place, problem, remedy: REMEDY });
}

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UsageError } from '../errors/usage.js';
import { base64url, fromBase64url, KEY_LENGTH, newSeed, pkcs8, type Signer, signerOf } from './signer.js';

/**
 * Where a signing key is: the key itself (32 bytes, or a text: the seed in hex or base64, or a PKCS#8 PEM), the
 * variable of the environment or the file that holds such a text.
 */
export type SigningKeySource = string | Uint8Array | { readonly env: string } | { readonly file: string };

/** A signing key that was just made. */
export interface GeneratedKey {
  readonly signer: Signer;
  /** The 32 bytes of the private key, base64url: short enough for a variable of the environment. */
  readonly seed: string;
  /** The private key as PKCS#8 PEM: what other tools read as well. */
  readonly pem: string;
}

const REMEDY =
  'Make a key with mycelium keys generate --out FILE, or without --out for a secret manager: 32 bytes in hex or base64, or a PKCS#8 PEM of Ed25519.';

/**
 * Reads a signing key.
 *
 * @param place - what to call the option in an error.
 * @throws UsageError when there is none, or it is no Ed25519 key. Never says what was found.
 */
export function readSigningKey(source: SigningKeySource, place = 'readSigningKey()'): Signer {
  if (source instanceof Uint8Array) {
    if (source.length !== KEY_LENGTH) refuse(place, `has ${source.length} bytes instead of ${KEY_LENGTH}`);
    return signerOf(usable(source, place));
  }
  if (typeof source === 'string') return signerOf(seedOf(source, place));
  if (typeof source !== 'object' || source === null) refuse(place, 'is no signing key');
  if ('env' in source && typeof source.env === 'string') {
    const text = process.env[source.env];
    if (text === undefined || text.trim() === '') refuse(place, `the environment has no ${source.env}`);
    return signerOf(seedOf(text, `${place}, ${source.env} of the environment`));
  }
  if ('file' in source && typeof source.file === 'string')
    return signerOf(seedOf(contentOf(source.file, place), `${place}, ${source.file}`));
  return refuse(place, 'is neither a key, nor { env }, nor { file }');
}

/** Makes a new signing key, from the random numbers of the system. Nothing is written. */
export function generateSigningKey(): GeneratedKey {
  const seed = newSeed();
  const pem = `-----BEGIN PRIVATE KEY-----\n${pkcs8(seed).toString('base64')}\n-----END PRIVATE KEY-----\n`;
  return { signer: signerOf(seed), seed: base64url(seed), pem };
}

function seedOf(given: string, place: string): Uint8Array {
  const text = given.trim();
  if (text === '') refuse(place, 'is empty');
  if (text.startsWith('-----BEGIN')) return usable(seedOfPem(text, place), place);
  if (/^[\da-f]{64}$/i.test(text)) return usable(Buffer.from(text, 'hex'), place);
  const seed = fromBase64url(text.replace(/=$/, '').replaceAll('+', '-').replaceAll('/', '_'));
  if (seed?.length !== KEY_LENGTH) refuse(place, `is neither ${KEY_LENGTH} bytes in hex or base64, nor a PEM`);
  return usable(seed, place);
}

function seedOfPem(text: string, place: string): Uint8Array {
  const label = /^-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1] ?? '';
  if (label === 'ENCRYPTED PRIVATE KEY') refuse(place, 'is encrypted; the library is given no pass phrase');
  if (label !== 'PRIVATE KEY') refuse(place, `is a PEM with ${label || 'nothing'} in it instead of PRIVATE KEY`);
  let key: KeyObject;
  try {
    // In variables of the environment the ends of lines are often written out.
    key = createPrivateKey(text.replaceAll('\\n', '\n'));
  } catch {
    return refuse(place, 'is a PEM that cannot be read');
  }
  if (key.asymmetricKeyType !== 'ed25519') refuse(place, `is a key of ${key.asymmetricKeyType} instead of ed25519`);
  return Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
}

function usable(seed: Uint8Array, place: string): Uint8Array {
  if (seed.every((byte) => byte === seed[0]))
    refuse(place, 'is the same byte over and over: a placeholder, and no secret');
  return seed;
}

function contentOf(file: string, place: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return refuse(place, code === 'ENOENT' ? `there is no file ${file}` : `${file} cannot be read: ${message}`);
  }
}

function refuse(place: string, problem: string): never {
  throw new UsageError({ place, problem, remedy: REMEDY });
}

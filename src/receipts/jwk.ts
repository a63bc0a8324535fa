import { base64url, fromBase64url, keyIdOf } from './signer.js';

/** An Ed25519 public key as a JWK (RFC 8037). */
export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  /** The 32 bytes of the key, base64url. */
  readonly x: string;
  /** The thumbprint of the key. Readers compute it anew and do not rely on this. */
  readonly kid?: string;
  readonly use?: string;
  readonly alg?: string;
  /** Receipts from before this moment are not this key's. In seconds since 1970, as in a JWT. */
  readonly nbf?: number;
  /** Receipts from this moment on are not this key's. In seconds since 1970, as in a JWT. */
  readonly exp?: number;
}

/** Public keys as they are published: the file that who verifies receipts is given. */
export interface JwkSet {
  readonly keys: readonly PublicJwk[];
}

/** When a key signs: from `notBefore`, and before `expires`. Numbers are milliseconds since 1970. */
export interface Validity {
  readonly notBefore?: Date | number;
  readonly expires?: Date | number;
}

/** A public key as it stands in a JWK set, with the time in which it signs. */
export function publicJwk(publicKey: Uint8Array, { notBefore, expires }: Validity = {}): PublicJwk {
  return {
    kty: 'OKP',
    crv: 'Ed25519',
    x: base64url(publicKey),
    kid: keyIdOf(publicKey),
    use: 'sig',
    alg: 'EdDSA',
    ...(notBefore === undefined ? {} : { nbf: Number(notBefore) / 1000 }),
    ...(expires === undefined ? {} : { exp: Number(expires) / 1000 }),
  };
}

/** What a JWK says of a key that can verify receipts; in milliseconds. */
export interface ReadJwk {
  readonly publicKey: Uint8Array;
  readonly notBefore: number | undefined;
  readonly expires: number | undefined;
}

/** A JWK that cannot be taken for what it says it is. */
export interface JwkProblem {
  readonly member: string;
  readonly problem: string;
}

/** @returns undefined for a key of another kind or use, which a set may hold, too (RFC 7517). */
export function readJwk(jwk: Readonly<Record<string, unknown>>): ReadJwk | JwkProblem | undefined {
  const { kty, crv, use, alg, x, nbf, exp } = jwk;
  if (kty !== 'OKP' || crv !== 'Ed25519' || (use !== undefined && use !== 'sig')) return undefined;
  if (alg !== undefined && alg !== 'EdDSA' && alg !== 'Ed25519') return undefined;
  if ('d' in jwk) return { member: 'd', problem: 'is a private key, which whoever verifies must not be given' };
  const publicKey = typeof x === 'string' ? fromBase64url(x) : undefined;
  if (publicKey === undefined) return { member: 'x', problem: 'is no base64url text' };
  const [notBefore, expires] = [milliseconds(nbf), milliseconds(exp)];
  if (Number.isNaN(notBefore)) return { member: 'nbf', problem: NO_SECONDS };
  if (Number.isNaN(expires)) return { member: 'exp', problem: NO_SECONDS };
  if (notBefore !== undefined && expires !== undefined && notBefore >= expires)
    return { member: 'exp', problem: 'is not later than nbf' };
  return { publicKey, notBefore, expires };
}

const NO_SECONDS = 'is no number of seconds since 1970';

/** @returns NaN for what is no moment; above 10^11 it is milliseconds by mistake, and the key would be good for ever. */
function milliseconds(seconds: unknown): number | undefined {
  if (seconds === undefined) return undefined;
  return typeof seconds === 'number' && seconds >= 0 && seconds <= 1e11 ? Math.round(seconds * 1000) : Number.NaN;
}

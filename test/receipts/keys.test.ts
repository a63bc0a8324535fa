import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors/usage.js';
import { didKey, publicKeyOfDid } from '../../src/receipts/did-key.js';
import { publicJwk } from '../../src/receipts/jwk.js';
import { generateSigningKey, readSigningKey, type SigningKeySource } from '../../src/receipts/key-source.js';
import { isInUse, type KeySource, keyring, type TrustedKey } from '../../src/receipts/keyring.js';
import { nativeSigner } from '../../src/receipts/signer.js';
import { Scratch } from '../cli/scratch.js';
import { RFC8032 } from './rfc8032.js';

const { seed: hex, publicKey } = RFC8032[0] ?? { seed: '', publicKey: '' };
const seed = Buffer.from(hex, 'hex');
const pem = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
  format: 'der',
  type: 'pkcs8',
}).export({ format: 'pem', type: 'pkcs8' }) as string;

let scratch: Scratch;
beforeAll(() => {
  scratch = new Scratch();
});
afterAll(() => scratch.remove());
const VARIABLE = 'MYCELIUM_TEST_SIGNING_KEY';
afterEach(() => {
  delete process.env[VARIABLE];
});

/** What reading a key throws. */
function refusal(source: unknown): UsageError {
  try {
    readSigningKey(source as SigningKeySource, 'auditReceipts({ signingKey })');
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('a signing key is read from', () => {
  const texts = {
    hex,
    'hex in capitals': hex.toUpperCase(),
    base64: seed.toString('base64'),
    'base64 without padding': seed.toString('base64').replace('=', ''),
    base64url: seed.toString('base64url'),
    'a text with a line end': `  ${hex}\n`,
    PEM: pem,
    'PEM with line ends written out': pem.trim().replaceAll('\n', '\\n'),
    'PEM with line ends of Windows': pem.replaceAll('\n', '\r\n'),
  };
  test.each(Object.entries(texts))('%s: as text, from the environment, from a file', (_, text) => {
    process.env[VARIABLE] = text;
    const file = scratch.write('key', text);
    for (const source of [text, { env: VARIABLE }, { file }])
      expect(Buffer.from(readSigningKey(source).publicKey).toString('hex')).toBe(publicKey);
  });

  test('bytes', () => {
    expect(Buffer.from(readSigningKey(Uint8Array.from(seed)).publicKey).toString('hex')).toBe(publicKey);
  });
});

describe('what is no signing key is refused with the command that makes one, and is not repeated', () => {
  const pemOf = (type: 'ec' | 'x25519', secret: boolean): string => {
    const pair = type === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('x25519');
    return String(
      secret
        ? pair.privateKey.export({ format: 'pem', type: 'pkcs8' })
        : pair.publicKey.export({ format: 'pem', type: 'spki' }),
    );
  };
  const encrypted = (): string =>
    String(
      createPrivateKey(pem).export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'open sesame' }),
    );
  test.each([
    ['nothing', '', 'is empty'],
    ['words', 'correct horse battery staple', 'is neither 32 bytes in hex or base64, nor a PEM'],
    ['half of it', hex.slice(2), 'is neither 32 bytes in hex or base64'],
    ['seed and public key together', hex + publicKey, 'is neither 32 bytes in hex or base64'],
    ['one letter off in base64', `${seed.toString('base64url').slice(0, -1)}B`, 'is neither 32 bytes in hex or base64'],
    ['a placeholder', '0'.repeat(64), 'is the same byte over and over'],
    ['too few bytes', new Uint8Array(31), 'has 31 bytes instead of 32'],
    ['a placeholder of bytes', new Uint8Array(32), 'is the same byte over and over'],
    ['a key of another curve', pemOf('ec', true), 'is a key of ec instead of ed25519'],
    ['a key for encryption', pemOf('x25519', true), 'is a key of x25519 instead of ed25519'],
    ['a public key', pemOf('ec', false), 'is a PEM with PUBLIC KEY in it instead of PRIVATE KEY'],
    ['an encrypted key', encrypted(), 'is encrypted'],
    ['a torn PEM', pem.replace('MC4CAQAw', ''), 'is a PEM that cannot be read'],
    ['a missing variable', { env: VARIABLE }, `the environment has no ${VARIABLE}`],
    ['a missing file', { file: './no-such.key' }, 'there is no file ./no-such.key'],
    ['no source', undefined, 'is no signing key'],
    ['another object', { path: 'key' }, 'is neither a key, nor { env }, nor { file }'],
  ])('%s', (_, source, problem) => {
    const { message, remedy } = refusal(source);
    expect(message).toMatch(/^auditReceipts\(\{ signingKey \}\)/);
    expect(message).toContain(problem);
    expect(remedy).toContain('mycelium keys generate');
    if (typeof source === 'string' && source !== '') expect(message).not.toContain(source.slice(0, 60));
  });

  test('a blank variable, and a folder in place of a file', () => {
    process.env[VARIABLE] = '  \n';
    expect(refusal({ env: VARIABLE }).message).toContain(`the environment has no ${VARIABLE}`);
    mkdirSync(scratch.path('folder'));
    expect(refusal({ file: scratch.path('folder') }).message).toContain('cannot be read: EISDIR');
  });
});

test('a generated key is new each time, and the same in both of its forms', () => {
  const [one, other] = [generateSigningKey(), generateSigningKey()];
  expect(one.signer.keyId).not.toBe(other.signer.keyId);
  expect(readSigningKey(one.seed).keyId).toBe(one.signer.keyId);
  expect(readSigningKey(one.pem).keyId).toBe(one.signer.keyId);
  expect(pem).toBe(pemAs(one.pem, one.seed));
});

/** Node's own PEM of the first RFC key, in the form of ours. */
function pemAs(ours: string, itsSeed: string): string {
  const der = Buffer.from(ours.split('\n')[1] ?? '', 'base64').toString('hex');
  const head = der.slice(0, -64);
  expect(der.slice(-64)).toBe(Buffer.from(itsSeed, 'base64url').toString('hex'));
  return ours.replace(ours.split('\n')[1] ?? '', Buffer.from(head + hex, 'hex').toString('base64'));
}

describe('did:key', () => {
  test('is what others make of a key', () => {
    const zero = nativeSigner(new Uint8Array(32))?.publicKey ?? new Uint8Array();
    expect(didKey(zero)).toBe('did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp');
  });

  test('leads back to the key, with and without its fragment', () => {
    for (const key of RFC8032.map((one) => Buffer.from(one.publicKey, 'hex'))) {
      const did = didKey(key);
      expect(publicKeyOfDid(did)).toEqual(key);
      expect(publicKeyOfDid(`${did}#${did.slice('did:key:'.length)}`)).toEqual(key);
    }
  });

  test.each([
    ['of another kind', 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169'],
    ['cut short', didKey(Buffer.from(publicKey, 'hex')).slice(0, -1)],
    ['with a letter that is no digit', didKey(Buffer.from(publicKey, 'hex')).replace(/.$/, '0')],
    ['with zeros before it', didKey(Buffer.from(publicKey, 'hex')).replace(':z', ':z1')],
    ['with another fragment', `${didKey(Buffer.from(publicKey, 'hex'))}#z6Mk`],
    ['far too long', `did:key:z${'z'.repeat(100_000)}`],
    ['of another method', 'did:web:example.com'],
  ])('%s is none', (_, did) => {
    expect(publicKeyOfDid(did)).toBeUndefined();
  });
});

describe('a keyring', () => {
  const [first, second] = [generateSigningKey().signer, generateSigningKey().signer];
  const jwk = publicJwk(first.publicKey);
  const sources: readonly (readonly [string, KeySource | readonly KeySource[]])[] = [
    ['a JWK', jwk],
    ['a JWK set', { keys: [jwk] }],
    ['the text of a JWK set', JSON.stringify({ keys: [jwk] }, null, 2)],
    ['a did:key', didKey(first.publicKey)],
    ['a list of them', [jwk, didKey(first.publicKey)]],
    ['a did:key per line', `${didKey(first.publicKey)}\n${didKey(second.publicKey)}\n`],
    ['a set with keys of other kinds', JSON.stringify({ keys: [{ kty: 'RSA', n: 'x', e: 'AQAB' }, jwk] })],
    ['a set with a key for encryption', JSON.stringify({ keys: [{ ...jwk, x: 'x', use: 'enc' }, jwk] })],
  ];
  test.each(sources)('of %s', (_, source) => {
    const found = keyring(source).find(first.keyId);
    expect(found).toMatchObject({ keyId: first.keyId });
    expect(found?.verify(Buffer.from('text'), first.sign(Buffer.from('text')))).toBe(true);
    expect(found?.verify(Buffer.from('text'), second.sign(Buffer.from('text')))).toBe(false);
  });

  test('finds a key by what it is, whatever its kid says', () => {
    const { keyId } = first;
    expect(keyring({ ...jwk, kid: second.keyId }).find(keyId)?.keyId).toBe(keyId);
    expect(keyring({ ...jwk, kid: second.keyId }).find(second.keyId)).toBeUndefined();
  });

  test('knows when a key was in use: from nbf, and before exp', () => {
    const [from, to] = [Date.UTC(2027, 0, 1), Date.UTC(2028, 0, 1)];
    const windowed = publicJwk(first.publicKey, { notBefore: new Date(from), expires: to });
    expect([windowed.nbf, windowed.exp]).toEqual([from / 1000, to / 1000]);
    const key = keyring(windowed).find(first.keyId) as TrustedKey;
    expect([from - 1, from, to - 1, to].map((at) => isInUse(key, at))).toEqual([false, true, true, false]);
    expect(isInUse(keyring(jwk).find(first.keyId) as TrustedKey, 0)).toBe(true);
  });

  test.each([
    ['nothing', [], 'has no Ed25519 key'],
    ['an empty set', { keys: [] }, 'has no Ed25519 key'],
    ['keys of other kinds only', { keys: [{ kty: 'EC', crv: 'P-256' }] }, 'has no Ed25519 key'],
    ['words', 'my key', 'is neither JSON nor a did:key'],
    ['a JSON text in JSON', '"my key"', 'is no public key'],
    ['a number', 7, 'is no public key'],
    ['an object', { x: jwk.x }, 'is neither a JWK nor a JWK set'],
    ['a private key', { ...jwk, d: 'secret' }, 'keyring().d: is a private key'],
    ['a torn key', { ...jwk, x: Buffer.alloc(31, 7).toString('base64url') }, 'has 31 bytes'],
    ['a key that is no text', { ...jwk, x: 7 }, 'keyring().x: is no base64url text'],
    ['a time in milliseconds', { ...jwk, exp: Date.UTC(2027, 0, 1) }, 'keyring().exp: is no number of seconds'],
    ['a time in words', { ...jwk, nbf: '2027-01-01' }, 'keyring().nbf: is no number of seconds'],
    ['a time that ends before it begins', { ...jwk, nbf: 20, exp: 20 }, 'keyring().exp: is not later than nbf'],
    ['one key with and without a beginning', { keys: [{ ...jwk, nbf: 20 }, jwk] }, 'is there twice'],
    ['one key with two times', { keys: [jwk, { ...jwk, exp: 20 }] }, 'is there twice'],
    ['a did:key of another kind', 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169', 'is no did:key'],
  ])('of %s is refused', (_, source, problem) => {
    const make = (): unknown => keyring(source as unknown as KeySource);
    expect(make).toThrow(UsageError);
    expect(make).toThrow(problem);
    expect(make).not.toThrow('secret');
  });

  test('names the place, and the file it is told', () => {
    const bad = { keys: [jwk, { ...jwk, x: '' }] };
    expect(() => keyring(JSON.stringify(bad), 'jwks.json')).toThrow(/^jwks\.json\.keys\[1\]: the key has 0 bytes/);
  });
});

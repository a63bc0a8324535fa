import { KEY_LENGTH } from './signer.js';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** The multicodec of an Ed25519 public key. */
const ED25519 = Buffer.from('ed01', 'hex');
const HEAD = 'did:key:z';

/** The `did:key` of an Ed25519 public key: the key itself as one word. */
export function didKey(publicKey: Uint8Array): string {
  let rest = BigInt(`0x${Buffer.concat([ED25519, publicKey]).toString('hex')}`);
  let text = '';
  for (; rest > 0n; rest /= 58n) text = ALPHABET.charAt(Number(rest % 58n)) + text;
  return HEAD + text;
}

/** The key of a `did:key`, with or without its fragment; undefined when it is none of Ed25519. */
export function publicKeyOfDid(did: string): Uint8Array | undefined {
  const [name = '', fragment] = did.split('#');
  if (!name.startsWith(HEAD) || (fragment !== undefined && `did:key:${fragment}` !== name)) return undefined;
  let number = 0n;
  // Longer ones hold something else, and would only take their time.
  for (const letter of name.slice(HEAD.length, HEAD.length + 64)) {
    const digit = ALPHABET.indexOf(letter);
    if (digit === -1) return undefined;
    number = number * 58n + BigInt(digit);
  }
  const bytes = Buffer.from(number.toString(16), 'hex');
  const publicKey = bytes.subarray(ED25519.length);
  return publicKey.length === KEY_LENGTH && didKey(publicKey) === name ? publicKey : undefined;
}

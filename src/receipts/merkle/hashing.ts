/** The hashing of RFC 6962: leaves and nodes begin with different bytes, so that none can pass for the other. */
import { createHash, hash } from 'node:crypto';

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** The root of a tree without leaves. */
export const EMPTY_ROOT: Uint8Array = hash('sha256', Buffer.alloc(0), 'buffer');

/** @param data - a text stands for its UTF-8 bytes. */
export function leafHash(data: string | Uint8Array): Uint8Array {
  return createHash('sha256').update(LEAF).update(data).digest();
}

/** The hash of a node over those of its two children. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** Whether two hashes are the same. They are public, so time tells nothing. */
export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

/** In lower-case hexadecimal. */
export function hashText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** The bytes of a hash; undefined for a text that is not exactly how one is written. */
export function hashFrom(text: unknown): Uint8Array | undefined {
  return typeof text === 'string' && /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, 'hex') : undefined;
}

/** How records lie in the table. */
import { createHash } from 'node:crypto';
import { type LeaseHolder, nextRevision, type RecordKey, type StoredRecord, type Write } from 'mycelium-runtime/store';
import type { Item, ItemKey } from './client.js';

/** An item has at most 400 KB, names and index included; what is longer goes into items of its own. */
const PIECE_BYTES = 256 * 1024;

/** Records of one kind and partition are one item collection, which `list` can query consistently. */
export function collectionOf(partition: number, kind: string): string {
  return `${partition} ${kind}`;
}

/** An id may be longer than a sort key, empty, or no valid UTF-16; its hash is none of that. */
export function itemKey({ partition, kind, id }: RecordKey): ItemKey {
  return { pk: collectionOf(partition, kind), sk: createHash('sha256').update(text(id)).digest('hex') };
}

/** No kind carries a blank, so these collections are nobody's. */
export function pieceKey(key: RecordKey, piece: number): ItemKey {
  const { pk, sk } = itemKey(key);
  return { pk: `${pk} pieces`, sk: `${sk} ${piece}` };
}

/** The items of a written record: the main one, then the rest of a long value. */
export function itemsOf(write: Write, revision: string, now: number): readonly [Item, ...Item[]] {
  const { key, value, lease, index } = write;
  const bytes = Buffer.from(text(value));
  const pieces = Math.max(1, Math.ceil(bytes.length / PIECE_BYTES));
  const piece = (number: number): Uint8Array => bytes.subarray(number * PIECE_BYTES, (number + 1) * PIECE_BYTES);
  const main: Item = {
    ...itemKey(key),
    id: text(key.id),
    rev: revision,
    writtenAt: now,
    pieces,
    bytes: piece(0),
    ...(lease === undefined ? {} : leaseAttributes(lease, now)),
    // As text: a map of the document client would lose a field named `__proto__`.
    ...(index === undefined ? {} : { fields: text(index) }),
  };
  const rest = Array.from({ length: pieces - 1 }, (_, position) => ({
    ...pieceKey(key, position + 1),
    rev: revision,
    bytes: piece(position + 1),
  }));
  return [main, ...rest];
}

function leaseAttributes({ owner, fence, ms }: LeaseHolder & { readonly ms: number }, now: number): Item {
  return { leaseOwner: text(owner), leaseFence: fence, leaseUntil: now + ms };
}

/** The record that the items say. @param rest - the other pieces of its value, in order. */
export function recordOf(key: RecordKey, main: Item, rest: readonly Item[] = []): StoredRecord {
  const { rev, writtenAt, leaseOwner, leaseFence, leaseUntil, fields } = main;
  const bytes = Buffer.concat([main, ...rest].map((item) => item['bytes'] as Uint8Array));
  const { partition, kind, id } = key;
  return {
    key: { partition, kind, id },
    revision: rev as string,
    value: untext<string>(bytes.toString()),
    writtenAt: writtenAt as number,
    ...(leaseOwner === undefined
      ? {}
      : {
          lease: {
            owner: untext<string>(leaseOwner as string),
            fence: leaseFence as number,
            until: leaseUntil as number,
          },
        }),
    ...(fields === undefined ? {} : { index: untext<Record<string, string>>(fields as string) }),
  };
}

/** The record that a transaction at `now` puts in place of a revision. */
export function writtenRecord(write: Write, previous: string | undefined, nonce: string, now: number): StoredRecord {
  const [main, ...rest] = itemsOf(write, nextRevision(previous, nonce), now);
  return recordOf(write.key, main, rest);
}

/** The numbers of the pieces beside the main item. */
export function piecesOf(main: Item | undefined): readonly number[] {
  const pieces = main === undefined ? 1 : (main['pieces'] as number);
  return Array.from({ length: pieces - 1 }, (_, position) => position + 1);
}

/** JSON escapes what UTF-8 cannot carry, lone surrogates, so that every text comes back to the last character. */
export function text(value: unknown): string {
  return JSON.stringify(value);
}

export function untext<Value>(value: string): Value {
  return JSON.parse(value) as Value;
}

import { UsageError } from '../../errors/usage.js';
import type { IndexFields, RecordKey, StoredLease, StoredRecord } from '../contract.js';
import { fromWire, toWire } from '../wire-text.js';

/**
 * Where everything lies. All keys of a partition carry its hash tag, so in a cluster they share a slot and one script
 * reaches them.
 */
export interface Layout {
  /** The facts of the store: a hash. */
  readonly facts: string;
  /** The mark of the store in a partition: its id, without which nothing there is trusted. */
  mark(partition: number): string;
  /** Written only to have something that WAIT can wait for. */
  resend(partition: number): string;
  record(key: RecordKey): string;
  /** The channels of those who wait for a record to move. */
  waiters(key: RecordKey): string;
  /** What `list` searches: one sorted set for each kind. */
  index(partition: number, kind: string): string;
}

/** @param prefix - the beginning of every key. @throws UsageError for a prefix that would move the hash tags. */
export function layoutOf(prefix: string): Layout {
  if (!/^[^{}\s]+$/.test(prefix)) {
    throw new UsageError({
      place: 'openRedisStore({ prefix })',
      problem: `${JSON.stringify(prefix)} is empty, or has braces or whitespace in it`,
      remedy: 'Use letters, digits and colons: braces decide in which slot of a cluster a key lies.',
    });
  }
  // Built once: a partition is named by every key of every call.
  const tags: string[] = [];
  const tag = (partition: number): string => {
    tags[partition] ??= `{${prefix}:${partition}}`;
    return tags[partition];
  };
  const name = ({ kind, id }: RecordKey): string => `${toWire(kind)} ${toWire(id)}`;
  return {
    facts: `{${prefix}}:store`,
    mark: (partition) => `${tag(partition)}:mark`,
    resend: (partition) => `${tag(partition)}:resend`,
    record: (key) => `${tag(key.partition)}:record:${name(key)}`,
    waiters: (key) => `${tag(key.partition)}:waiters:${name(key)}`,
    index: (partition, kind) => `${tag(partition)}:index:${toWire(kind)}`,
  };
}

const NUL = '\0';

/** Index fields as the scripts take them apart: no text on the wire has U+0000 in it. */
export function packIndex(index: IndexFields | undefined): string {
  if (index === undefined) return '';
  let packed = '';
  for (const field of Object.keys(index)) packed += toWire(field) + NUL + toWire(index[field] as string) + NUL;
  // Told apart from no index at all.
  return packed === '' ? NUL : packed;
}

function unpackIndex(packed: string): IndexFields | undefined {
  if (packed === '') return undefined;
  const parts = packed.split(NUL);
  const fields: [string, string][] = [];
  for (let at = 0; at + 2 < parts.length; at += 2)
    fields.push([fromWire(parts[at] as string), fromWire(parts[at + 1] as string)]);
  return Object.fromEntries(fields);
}

/** What begins the members of an index: those of all records of the kind, or of those with a field. */
export function memberPrefix(field?: readonly [name: string, value: string]): string {
  return field === undefined ? '*' : `=${toWire(field[0])}${NUL}${toWire(field[1])}${NUL}`;
}

/** The fields of a record that the scripts answer: r, u, i, v, w, o, f. */
export type Fields = readonly (string | null)[];

/** The fields in the order of {@link Fields}, for a plain HMGET. */
export const FIELDS = ['r', 'u', 'i', 'v', 'w', 'o', 'f'] as const;

/** A record as Redis has it; undefined when there is none. */
export function recordFrom(key: RecordKey, fields: Fields): StoredRecord | undefined {
  const [revision, until, index, value, writtenAt, owner, fence] = fields;
  if (typeof revision !== 'string') return undefined;
  const record: { -readonly [Field in keyof StoredRecord]: StoredRecord[Field] } = {
    key: { ...key },
    revision,
    value: fromWire(value as string),
    writtenAt: Number(writtenAt),
  };
  if (typeof owner === 'string' && typeof until === 'string')
    record.lease = leaseFrom(fromWire(owner), Number(fence), Number(until));
  const unpacked = unpackIndex(index ?? '');
  if (unpacked !== undefined) record.index = unpacked;
  return record;
}

/** A lease, always with its members in one order. */
export function leaseFrom(owner: string, fence: number, until: number): StoredLease {
  return { owner, fence, until };
}

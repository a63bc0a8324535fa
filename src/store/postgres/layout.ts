import { createHash } from 'node:crypto';
import type { IndexFields, RecordKey, StoredRecord } from '../contract.js';
import { fromWire, toWire } from '../wire-text.js';
import { arrayText } from './sql/quote.js';

/** A row of an answer, as texts. */
export type Row = readonly (string | null)[];

/** Where the row of a record lies. */
export interface Place {
  readonly kind: string;
  readonly partition: number;
  readonly id: string;
  /** The whole id, where the row lies under its digest. */
  readonly longId: string | null;
}

// An entry of an index holds about 2,700 bytes, and a character takes up to three of them here.
const LONGEST_ID = 600;
const LONGEST_KIND = 200;

/** Where the row of a record lies. */
export function placeOf({ kind, partition, id }: RecordKey): Place {
  const wireId = toWire(id);
  const short = shortened(wireId, LONGEST_ID);
  return {
    kind: kindText(kind),
    partition,
    id: short,
    longId: short === wireId ? null : wireId,
  };
}

/** Places as the first three parameters of a statement about many records. */
export function placeArrays(places: readonly Place[]): [kinds: string, partitions: string, ids: string] {
  return [
    arrayText(places.map(({ kind }) => kind)),
    arrayText(places.map(({ partition }) => partition)),
    arrayText(places.map(({ id }) => id)),
  ];
}

/** A kind as it stands in a row. */
export function kindText(kind: string): string {
  return shortened(toWire(kind), LONGEST_KIND);
}

// No text on the wire begins so: after ESC comes a quotation mark.
const DIGEST = '\u001b#';

function shortened(text: string, longest: number): string {
  return text.length <= longest ? text : DIGEST + createHash('sha256').update(text).digest('hex');
}

/** The fields of an index as they stand in a row. */
export function fieldsText(index: IndexFields | undefined): string | null {
  if (index === undefined) return null;
  const text = JSON.stringify(index);
  // What is not as it stands on the wire stands escaped here, as a few other characters do.
  if (!text.includes('\\u')) return text;
  return JSON.stringify(Object.fromEntries(Object.entries(index).map(([name, text]) => [toWire(name), toWire(text)])));
}

/** The fields of an index from a row. Made of entries: a field may be called `__proto__`. */
function indexFrom(index: IndexFields): IndexFields {
  return Object.fromEntries(Object.entries(index).map(([name, text]) => [fromWire(name), fromWire(text)]));
}

/** The state of a record as the statements give it. */
type State = readonly [
  revision: string | null,
  value: string,
  writtenAt: number,
  owner: string | null,
  fence: number | null,
  until: number | null,
  fields: IndexFields | null,
];

/** A record from its state in an answer; undefined when there is none. */
export function recordFrom(key: RecordKey, text: string | null | undefined): StoredRecord | undefined {
  if (typeof text !== 'string') return undefined;
  const [revision, value, writtenAt, owner, fence, until, fields] = JSON.parse(text) as State;
  if (revision === null) return undefined;
  const record: { -readonly [Field in keyof StoredRecord]: StoredRecord[Field] } = {
    key: { partition: key.partition, kind: key.kind, id: key.id },
    revision: fromWire(revision),
    value: fromWire(value),
    writtenAt,
  };
  if (until !== null) record.lease = { owner: fromWire(owner ?? ''), fence: fence ?? 0, until };
  if (fields !== null) record.index = indexFrom(fields);
  return record;
}

/** What notifications call a record: the same in every process, and short whatever its key. */
export function tokenOf({ kind, partition, id }: Place): string {
  return createHash('sha256').update(`${partition} ${kind} ${id}`).digest('base64url').slice(0, 22);
}

/** The channel of the notifications of a store. */
export function channelOf(schema: string): string {
  return `mycelium:${schema}`;
}

import type { ListPage, ListQuery, RecordKey, StoredRecord } from '../contract.js';
import { indexMatches, unknownCursor } from '../transaction-rules.js';
import { fromWire, toWire } from '../wire-text.js';
import type { RedisClient } from './driver.js';
import { FIELDS, type Fields, type Layout, memberPrefix, recordFrom } from './layout.js';

/** At most so many partitions are searched at a time. */
const PARTITIONS_AT_ONCE = 32;

/**
 * A page of records, partition by partition and by id within one. The index says which records to look at; whether a
 * record belongs to the answer is judged by itself.
 */
export async function listPage(
  client: RedisClient,
  layout: Layout,
  partitions: number,
  query: ListQuery,
): Promise<ListPage> {
  let { partition, id } = cursorFrom(query.after, partitions);
  const where = Object.entries(query.where ?? {});
  const prefix = memberPrefix(await mostSelective(client, layout, partitions, query.kind, where));
  const [seconds, microseconds] = await client.time();
  const now = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
  const records: StoredRecord[] = [];
  while (partition < partitions) {
    // One more than are missing tells whether there is more.
    const missing = query.limit - records.length + 1;
    const first = partition;
    const span = Math.min(PARTITIONS_AT_ONCE, partitions - first);
    const members = await Promise.all(
      Array.from({ length: span }, (_, offset) => {
        const from = offset === 0 && id !== undefined ? `(${prefix}${toWire(id)}` : `[${prefix}`;
        const index = layout.index(first + offset, query.kind);
        // No text on the wire has a byte 0xff in it.
        return client.zrangebylex(index, from, endOf(prefix), 'LIMIT', 0, missing);
      }),
    );
    const keys = members
      .flatMap((found, offset) => found.map((member) => keyOf(first + offset, query.kind, member, prefix)))
      .slice(0, missing);
    const found = await Promise.all(keys.map((key) => client.hmget(layout.record(key), ...FIELDS)));
    for (const [at, fields] of found.entries()) {
      const key = keys[at] as RecordKey;
      const record = recordFrom(key, fields as Fields);
      if (record === undefined || !indexMatches(record.index, query.where)) continue;
      if (records.length === query.limit) return { records, next: cursorOf(records.at(-1) as StoredRecord), now };
      records.push(record);
    }
    const last = keys.at(-1);
    if (keys.length < missing || last === undefined) {
      partition = first + span;
      id = undefined;
    } else {
      partition = last.partition;
      id = last.id;
    }
  }
  return { records, now };
}

function keyOf(partition: number, kind: string, member: string, prefix: string): RecordKey {
  return { partition, kind, id: fromWire(member.slice(prefix.length)) };
}

/** The end of all members that begin so; as bytes, because this byte is in no text. */
function endOf(prefix: string): Buffer {
  return Buffer.concat([Buffer.from(`(${prefix}`), Buffer.from([0xff])]);
}

/** The field that fewest records have; undefined: there is nothing to filter by. */
async function mostSelective(
  client: RedisClient,
  layout: Layout,
  partitions: number,
  kind: string,
  where: readonly (readonly [string, string])[],
): Promise<readonly [string, string] | undefined> {
  if (where.length < 2) return where[0];
  const counts = await Promise.all(
    where.map(async (field) => {
      const prefix = memberPrefix(field);
      const inPartitions = await Promise.all(
        Array.from({ length: partitions }, (_, partition) =>
          client.zlexcount(layout.index(partition, kind), `[${prefix}`, endOf(prefix)),
        ),
      );
      // A client of the program may be set to answer numbers as texts, which would be joined.
      return inPartitions.reduce((sum, count) => sum + Number(count), 0);
    }),
  );
  return where[counts.indexOf(Math.min(...counts))];
}

function cursorOf({ key }: StoredRecord): string {
  return `${key.partition}.${Buffer.from(toWire(key.id)).toString('base64url')}`;
}

function cursorFrom(after: string | undefined, partitions: number): { partition: number; id: string | undefined } {
  if (after === undefined) return { partition: 0, id: undefined };
  const match = /^(\d{1,9})\.([\w-]*)$/.exec(after);
  const partition = Number(match?.[1]);
  if (match === null || partition >= partitions) throw unknownCursor(after);
  const text = Buffer.from(match[2] as string, 'base64url').toString();
  try {
    const id = fromWire(text);
    if (toWire(id) === text) return { partition, id };
  } catch {
    // No text of this store, as any other that is none.
  }
  throw unknownCursor(after);
}

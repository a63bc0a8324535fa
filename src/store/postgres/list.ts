import type { ListPage, ListQuery, StoredRecord } from '../contract.js';
import { unknownCursor } from '../transaction-rules.js';
import { fromWire } from '../wire-text.js';
import type { Connection } from './connection.js';
import { fieldsText, kindText, type Row, recordFrom } from './layout.js';
import type { Parameter } from './sql/quote.js';
import type { Statements } from './sql/statements.js';

/** A page of records, partition by partition and by id within one. */
export async function listPage(
  connection: Connection,
  statements: Statements,
  partitions: number,
  { kind, where = {}, after, limit }: ListQuery,
): Promise<ListPage> {
  const filtered = Object.keys(where).length > 0;
  const parameters: Parameter[] = [kindText(kind), ...cursorFrom(after, partitions), limit + 1];
  if (filtered) parameters.push(fieldsText(where));
  // One more than is asked for tells whether there is more.
  const rows = await connection.run('list', filtered ? statements.listFiltered : statements.listPage, parameters, true);
  const found = rows.filter((row) => row[1] !== null);
  const page = found.slice(0, limit);
  const records = page.map((row) => recordOf(kind, row));
  const now = Number(rows[0]?.[0]);
  const last = page.at(-1);
  return found.length > limit && last !== undefined ? { records, next: cursorOf(last), now } : { records, now };
}

function recordOf(kind: string, row: Row): StoredRecord {
  const [, partition, id, longId, state] = row;
  const key = { partition: Number(partition), kind, id: fromWire((longId ?? id) as string) };
  return recordFrom(key, state) as StoredRecord;
}

function cursorOf([, partition, id]: Row): string {
  return `${partition}.${Buffer.from(id as string).toString('base64url')}`;
}

function cursorFrom(after: string | undefined, partitions: number): [partition: number, id: string] {
  if (after === undefined) return [-1, ''];
  const match = /^(\d{1,9})\.([\w-]*)$/.exec(after);
  const [partition, text] = [Number(match?.[1]), match?.[2] ?? ''];
  const id = Buffer.from(text, 'base64url').toString();
  const ours = Buffer.from(id).toString('base64url') === text && !id.includes('\0');
  if (match === null || partition >= partitions || !ours) throw unknownCursor(after);
  return [partition, id];
}

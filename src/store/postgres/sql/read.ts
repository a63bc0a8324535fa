import { NOW, stateOf } from './clock.js';

/**
 * Reads records as they stand at one instant. Answers one row per record: its number, now, its state. Without a record
 * it answers the row of number null.
 *
 * Arrays, one item per record: $1 kind, $2 partition, $3 id
 */
export function readMany(records: string): string {
  return `WITH clock AS MATERIALIZED (SELECT ${NOW} AS now)
SELECT $0::text, w.n, c.now, ${stateOf('r')}
FROM clock c LEFT JOIN unnest($1::text[], $2::int[], $3::text[]) WITH ORDINALITY AS w(kind, partition, id, n) ON true
LEFT JOIN ${records} r ON r.kind = w.kind AND r.partition = w.partition AND r.id = w.id
ORDER BY w.n`;
}

/**
 * Reads a few records, one look into the primary key for each record, however large the
 * table is and whenever the plan was made. Answers one row: now, the state of each.
 *
 * For each record: kind, partition, id
 */
export function readFew(records: string, count: number): string {
  const states = Array.from({ length: count }, (_, at) => {
    const [kind, partition, id] = [3 * at + 1, 3 * at + 2, 3 * at + 3];
    const key = `r.kind = $${kind}::text AND r.partition = $${partition}::int AND r.id = $${id}::text`;
    return `(SELECT ${stateOf('r')} FROM ${records} r WHERE ${key})`;
  });
  return `SELECT $0::text, ${NOW}, ${states.join(', ')}`;
}

/**
 * Only the revisions of records, for those who wait.
 *
 * Arrays, one item per record: $1 kind, $2 partition, $3 id
 */
export function revisionsOf(records: string): string {
  return `SELECT $0::text, r.revision
FROM unnest($1::text[], $2::int[], $3::text[]) WITH ORDINALITY AS w(kind, partition, id, n)
LEFT JOIN ${records} r ON r.kind = w.kind AND r.partition = w.partition AND r.id = w.id
ORDER BY w.n`;
}

/**
 * A page of a kind, in the order of its keys. Answers one row per record: now, partition, the id as a cursor knows it,
 * the long id, the state; and a row of nulls after now when there is none.
 *
 * $1 kind, $2 partition and $3 id after which it begins, $4 how many, with `filtered`: $5 fields
 */
export function listPage(records: string, filtered: boolean): string {
  return `WITH clock AS MATERIALIZED (SELECT ${NOW} AS now), page AS (
  SELECT r.partition, r.id, r.long_id, ${stateOf('r')} AS state FROM ${records} r
  WHERE r.kind = $1::text AND (r.partition, r.id) > ($2::int, $3::text COLLATE "C") AND r.revision IS NOT NULL
    ${filtered ? 'AND r.fields @> $5::text::jsonb' : ''}
  ORDER BY r.partition, r.id LIMIT $4::int
)
SELECT $0::text, c.now, p.partition, p.id, p.long_id, p.state FROM clock c LEFT JOIN page p ON true ORDER BY p.partition, p.id`;
}

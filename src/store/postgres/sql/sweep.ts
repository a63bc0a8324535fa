/**
 * Deletes rows that stand for absences, locked in the order that transactions lock in. A transaction that relies on one
 * of them holds its lock, and is waited for; one that comes later finds no row, and puts one. Should a crash take it
 * back, the row is there again, which is no harm.
 *
 * Answers one row, without meaning.
 *
 * Arrays, one item per row: $1 kind, $2 partition, $3 id
 */
export function sweepAbsences(records: string): string {
  const key = (alias: string): string =>
    `r.kind = ${alias}.kind AND r.partition = ${alias}.partition AND r.id = ${alias}.id`;
  return `WITH soon AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS set),
absent AS MATERIALIZED (
  SELECT r.kind, r.partition, r.id
  FROM soon CROSS JOIN unnest($1::text[], $2::int[], $3::text[]) AS w(kind, partition, id) JOIN ${records} r ON ${key('w')}
  WHERE r.revision IS NULL ORDER BY r.kind, r.partition, r.id FOR UPDATE OF r
), swept AS (
  DELETE FROM ${records} r USING absent a WHERE ${key('a')} AND r.revision IS NULL
)
SELECT $0::text`;
}

/**
 * Leaves beside a record that somebody waits for it, and reads its revision, in one step. A writer that was before it
 * is seen by it; one that comes after it finds what was left, and notifies. A flag that a crash takes is nothing lost:
 * it takes the subscription with it, and everything is asked again.
 *
 * Answers one row: the revision, and whether the writer of the next one will tell. Neither when there is no record.
 *
 * $1 kind, $2 partition, $3 id, $4 what the notification says
 */
export function markWaiting(records: string): string {
  const key = 'r.kind = $1::text AND r.partition = $2::int AND r.id = $3::text';
  return `WITH soon AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS set),
seen AS MATERIALIZED (SELECT r.revision, r.waiting FROM ${records} r WHERE ${key} AND r.revision IS NOT NULL),
marked AS (
  UPDATE ${records} r SET waiting = $4::text FROM soon, seen s
  WHERE ${key} AND r.revision = s.revision AND s.waiting IS DISTINCT FROM $4::text RETURNING 1
)
SELECT $0::text, s.revision, s.waiting IS NOT DISTINCT FROM $4::text OR EXISTS (SELECT FROM marked) FROM (SELECT) one LEFT JOIN seen s ON true`;
}

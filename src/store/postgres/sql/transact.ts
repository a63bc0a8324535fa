import { DURABLE_CLOCK, stateOf } from './clock.js';

/**
 * Inserts one record that must not be there.
 *
 * Answers one row: whether it was inserted, now, and the state of what stands there instead. Nothing inserted and
 * nothing there: somebody inserted it after this statement began, which it cannot see; or the row stands for an absence.
 * It is neither a win nor a refusal, and is asked about by a statement of its own.
 *
 * $1 kind, $2 partition, $3 id, $4 long id, $5 revision, $6 value, $7 owner, $8 fence, $9 lease in ms, $10 fields
 */
export function insertOne(records: string): string {
  return `WITH ${DURABLE_CLOCK}, put AS (
  INSERT INTO ${records} (kind, partition, id, long_id, revision, value, written_at, lease_owner, lease_fence, lease_until, fields)
  SELECT $1::text, $2::int, $3::text, $4::text, $5::text, $6::text, c.now, $7::text, $8::float8, c.now + $9::float8, $10::text::jsonb
  FROM clock c
  ON CONFLICT DO NOTHING RETURNING 1
)
SELECT $0::text, EXISTS (SELECT FROM put), c.now, CASE WHEN NOT EXISTS (SELECT FROM put) THEN (
  SELECT ${stateOf('r')} FROM ${records} r WHERE r.kind = $1::text AND r.partition = $2::int AND r.id = $3::text
) END FROM clock c`;
}

/**
 * Replaces one record that stands at a revision, and tells who waits for it.
 *
 * A writer that comes at the same time is waited for, and the revision judged again by what it left. Answers as
 * `insertOne` does; the state is that of the beginning.
 *
 * $1 kind, $2 partition, $3 id, $4 expected revision, $5 'expired' to expect that no lease is held, $6 revision,
 * $7 value, $8 owner, $9 fence, $10 lease in ms, $11 fields, $12 channel
 */
export function updateOne(records: string): string {
  return `WITH ${DURABLE_CLOCK}, put AS (
  UPDATE ${records} r
  SET revision = $6::text, value = $7::text, written_at = c.now, lease_owner = $8::text, lease_fence = $9::float8,
    lease_until = c.now + $10::float8, fields = $11::text::jsonb, notified = r.waiting, waiting = NULL
  FROM clock c
  WHERE r.kind = $1::text AND r.partition = $2::int AND r.id = $3::text AND r.revision = $4::text
    AND ($5::text IS DISTINCT FROM 'expired' OR r.lease_until IS NULL OR r.lease_until <= c.now)
  RETURNING r.notified
)
SELECT $0::text, EXISTS (SELECT FROM put), c.now, CASE WHEN NOT EXISTS (SELECT FROM put) THEN (
  SELECT ${stateOf('r')} FROM ${records} r WHERE r.kind = $1::text AND r.partition = $2::int AND r.id = $3::text
) END, (SELECT pg_notify($12::text, p.notified)::text FROM put p WHERE p.notified IS NOT NULL) FROM clock c`;
}

/**
 * Any transaction that writes.
 *
 * - `seen`: the rows at the beginning of the statement.
 * - `locked`: the rows that meet what is expected of them, as they are once nobody else writes them; locked in the
 *   order of their keys, so that no two transactions wait for each other.
 * - `gate`: one row when every expectation holds, and none otherwise. A record that must not be there has no row, or
 *   one that stands for its absence and is locked.
 * - `changed`, `removed`, `added` happen behind the gate. Where nothing stood, a row is added: the record, or a row
 *   that stands for its absence. That is what makes reliance on an absence sound: of two transactions of which each
 *   relies on the absence of what the other inserts, one meets the row of the other, and the unique index aborts it
 *   as a whole. It is then judged anew.
 * - The division fails, and aborts everything, should less have been written than the gate let through.
 *
 * Answers one row per record: its number, now, whether the transaction applied, the state of records that were not
 * written. If it did not apply the state is that of the beginning; when that explains no refusal, it is asked for again.
 *
 * $1 partition; arrays, one item per record: $2 kind, $3 id, $4 long id, $5 mode ('any', 'is', 'expired'), $6 expected
 * revision, $7 'write', 'remove' or 'keep', $8 revision, $9 value, $10 owner, $11 fence, $12 lease in ms, $13 fields;
 * $14 channel
 */
export function transactMany(records: string): string {
  const key = (alias: string): string =>
    `${alias}.kind = w.kind AND ${alias}.partition = $1::int AND ${alias}.id = w.id`;
  return `WITH ${DURABLE_CLOCK}, wanted AS MATERIALIZED (
  SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::float8[], $12::float8[], $13::text[]) WITH ORDINALITY
    AS w(kind, id, long_id, mode, expected, op, revision, value, owner, fence, ms, fields, n)
), seen AS MATERIALIZED (
  SELECT w.n, ${stateOf('r')} AS state FROM wanted w JOIN ${records} r ON ${key('r')}
), locked AS MATERIALIZED (
  SELECT w.n, ${stateOf('r')} AS state FROM clock c CROSS JOIN wanted w JOIN ${records} r ON ${key('r')}
  WHERE (w.mode = 'any' OR r.revision IS NOT DISTINCT FROM w.expected)
    AND (w.mode <> 'expired' OR r.lease_until IS NULL OR r.lease_until <= c.now)
  ORDER BY r.kind, r.id FOR UPDATE OF r
), gate AS MATERIALIZED (
  SELECT c.now FROM clock c WHERE NOT EXISTS (
    SELECT FROM wanted w LEFT JOIN seen s ON s.n = w.n LEFT JOIN locked l ON l.n = w.n
    WHERE l.n IS NULL AND (w.expected IS NOT NULL OR s.n IS NOT NULL)
  )
), changed AS (
  UPDATE ${records} r
  SET revision = w.revision, value = w.value, written_at = g.now, lease_owner = w.owner, lease_fence = w.fence,
    lease_until = g.now + w.ms, fields = w.fields::jsonb, notified = r.waiting, waiting = NULL
  FROM gate g CROSS JOIN wanted w JOIN locked l ON l.n = w.n
  WHERE w.op = 'write' AND ${key('r')}
  RETURNING r.notified AS waiting
), removed AS (
  DELETE FROM ${records} r USING gate g CROSS JOIN wanted w JOIN locked l ON l.n = w.n
  WHERE w.op = 'remove' AND ${key('r')}
  RETURNING r.waiting
), added AS (
  INSERT INTO ${records} (kind, partition, id, long_id, revision, value, written_at, lease_owner, lease_fence, lease_until, fields)
  SELECT w.kind, $1::int, w.id, w.long_id, w.revision, coalesce(w.value, ''), g.now, w.owner, w.fence, g.now + w.ms, w.fields::jsonb
  FROM gate g CROSS JOIN wanted w LEFT JOIN seen s ON s.n = w.n
  WHERE s.n IS NULL ORDER BY w.kind COLLATE "C", w.id COLLATE "C"
  RETURNING NULL::text AS waiting
), written AS (
  SELECT waiting FROM changed UNION ALL SELECT waiting FROM removed UNION ALL SELECT waiting FROM added
), shown AS (
  SELECT s.* FROM seen s WHERE NOT EXISTS (SELECT FROM gate)
  UNION ALL
  SELECT l.* FROM gate g CROSS JOIN locked l JOIN wanted w ON w.n = l.n WHERE w.op = 'keep'
)
SELECT $0::text, w.n, c.now, EXISTS (SELECT FROM gate), s.state,
  1 / CASE WHEN NOT EXISTS (SELECT FROM gate) OR (SELECT count(*) FROM written) = (
    SELECT count(*) FROM wanted w LEFT JOIN seen s ON s.n = w.n WHERE w.op <> 'keep' OR s.n IS NULL
  ) THEN 1 ELSE 0 END,
  (SELECT count(pg_notify($14::text, x.waiting)) FROM written x WHERE x.waiting IS NOT NULL)
FROM clock c CROSS JOIN wanted w LEFT JOIN shown s ON s.n = w.n ORDER BY w.n`;
}

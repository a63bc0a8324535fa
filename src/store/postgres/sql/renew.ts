import { DURABLE_CLOCK } from './clock.js';

/**
 * Extends one lease. Answers one row: whether the claim still holds it.
 *
 * $1 kind, $2 partition, $3 id, $4 owner, $5 fence, $6 lease in ms
 */
export function renewOne(records: string): string {
  return `WITH ${DURABLE_CLOCK}, held AS (
  UPDATE ${records} r SET lease_until = c.now + $6::float8 FROM clock c
  WHERE r.kind = $1::text AND r.partition = $2::int AND r.id = $3::text AND r.revision IS NOT NULL
    AND r.lease_owner = $4::text AND r.lease_fence = $5::float8
  RETURNING 1
)
SELECT $0::text, EXISTS (SELECT FROM held)`;
}

/**
 * Extends many leases, locked in the order that transactions lock in. Answers the numbers of those that are held, or one
 * row without a number.
 *
 * Arrays, one item per lease: $1 kind, $2 partition, $3 id, $4 owner, $5 fence, $6 lease in ms
 */
export function renewMany(records: string): string {
  const key = (alias: string): string =>
    `${alias}.kind = w.kind AND ${alias}.partition = w.partition AND ${alias}.id = w.id`;
  return `WITH ${DURABLE_CLOCK}, wanted AS MATERIALIZED (
  SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::float8[], $6::float8[]) WITH ORDINALITY
    AS w(kind, partition, id, owner, fence, ms, n)
), locked AS MATERIALIZED (
  SELECT w.n FROM wanted w JOIN ${records} r ON ${key('r')}
  WHERE r.revision IS NOT NULL AND r.lease_owner = w.owner AND r.lease_fence = w.fence
  ORDER BY r.kind, r.partition, r.id FOR UPDATE OF r
), held AS (
  SELECT DISTINCT ON (w.kind, w.partition, w.id) w.* FROM wanted w JOIN locked l ON l.n = w.n
  ORDER BY w.kind, w.partition, w.id, w.n DESC
), changed AS (
  UPDATE ${records} r SET lease_until = c.now + w.ms FROM clock c CROSS JOIN held w WHERE ${key('r')}
)
SELECT $0::text, l.n FROM (SELECT) one LEFT JOIN locked l ON true`;
}

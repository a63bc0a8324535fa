import { DURABLE_CLOCK, stateOf } from './clock.js';

/**
 * What a transaction does to a record, one letter each:
 * - of a record that must stand at a revision: `U` update, `D` delete, `G` guard, which leaves it as it is;
 * - of a record that must not be there: `I` insert, `A` rely on its absence;
 * - `R` read, whatever is there.
 */
export type Move = 'U' | 'D' | 'G' | 'I' | 'A' | 'R';

/** The parameters of a move, in their order, after those of all moves: $1 partition, $2 channel. */
export const MOVE_PARAMETERS: Readonly<Record<Move, readonly string[]>> = {
  U: ['kind', 'id', 'expected', 'lease', 'revision', 'value', 'owner', 'fence', 'ms', 'fields'],
  D: ['kind', 'id', 'expected', 'lease'],
  G: ['kind', 'id', 'expected', 'lease'],
  I: ['kind', 'id', 'longId', 'revision', 'value', 'owner', 'fence', 'ms', 'fields'],
  A: ['kind', 'id', 'longId'],
  R: ['kind', 'id', 'longId'],
};

/** A move with the numbers of its parameters. */
interface Numbered {
  readonly move: Move;
  /** From 1. */
  readonly n: number;
  readonly key: (alias: string) => string;
  readonly parameter: (name: string, type: string) => string;
}

const COLUMNS =
  'kind, partition, id, long_id, revision, value, written_at, lease_owner, lease_fence, lease_until, fields';

/**
 * A transaction of a few records that writes, unrolled: every record is one look into the primary key, however large
 * the table is and whenever the plan was made. The moves must come in the order of their keys.
 *
 * - `l1`, `l2`, …: each row that is there and meets what is expected of it, locked, as it is once nobody else writes it.
 * - `gate`: one row when every expectation holds. Looked at one after the other, so that all lock in the same order.
 * - `p1`, …: the writes, behind the gate. Where somebody relies on an absence and there is no row, a row is put that
 *   stands for the absence: of two transactions of which each relies on the absence of what the other inserts, one
 *   meets the row of the other, is aborted by the unique index, and is judged anew. An insert takes such a row over.
 * - The division fails, and aborts everything, when a write did not come about: an insert that met a record which this
 *   statement could not see.
 *
 * Answers one row: whether the transaction applied, now, two columns without meaning, the state of each record. If it
 * applied, only of those that were guarded or read; if not, as it was at the beginning; when that explains no refusal, it
 * is asked for again.
 */
export function transactShaped(records: string, moves: readonly Move[]): string {
  const numbered = numbers(moves);
  const locks = numbered.map((one) => lock(records, one));
  const puts = numbered.map((one) => put(records, one)).filter((text) => text !== '');
  const written = numbered.filter(({ move }) => move !== 'G');
  const notify = numbered
    .filter(({ move }) => move === 'U' || move === 'D' || move === 'I')
    .map(({ n }) => `(SELECT pg_notify($2::text, p.waiting)::text FROM p${n} p WHERE p.waiting IS NOT NULL)`);
  const open = 'EXISTS (SELECT FROM gate)';
  const states = numbered.map(({ move, n, key }) => {
    const after = move === 'G' || move === 'R' ? `(SELECT l.state FROM l${n} l)` : 'NULL';
    return `CASE WHEN ${open} THEN ${after} ELSE (SELECT ${stateOf('r')} FROM ${records} r WHERE ${key('r')}) END`;
  });
  return `WITH ${DURABLE_CLOCK}, ${locks.join(', ')}, gate AS MATERIALIZED (
  SELECT c.now FROM clock c WHERE CASE
${numbered.map(refusal).join('')}    ELSE true END
), ${puts.join(', ')}
SELECT $0::text, ${open}, c.now, CASE WHEN ${open} THEN 1 / CASE
${written.map(missing).join('')}  ELSE 1 END END,
  CASE WHEN ${open} THEN concat(${[...notify, 'NULL'].join(', ')}) END,
  ${states.join(',\n  ')}
FROM clock c`;
}

function numbers(moves: readonly Move[]): Numbered[] {
  let last = 2;
  return moves.map((move, at) => {
    const first = last + 1;
    const names = MOVE_PARAMETERS[move];
    last += names.length;
    const parameter = (name: string, type: string): string => `$${first + names.indexOf(name)}::${type}`;
    const key = (alias: string): string =>
      `${alias}.kind = ${parameter('kind', 'text')} AND ${alias}.partition = $1::int AND ${alias}.id = ${parameter('id', 'text')}`;
    return { move, n: at + 1, key, parameter };
  });
}

/** The rows that must stand at a revision are looked for at it; of the others whatever is there. */
function lock(records: string, { move, n, key, parameter }: Numbered): string {
  const expects = move === 'U' || move === 'D' || move === 'G';
  const meets = expects
    ? ` AND r.revision = ${parameter('expected', 'text')} AND (${parameter('lease', 'text')} IS DISTINCT FROM 'expired' OR r.lease_until IS NULL OR r.lease_until <= c.now)`
    : '';
  const shown = move === 'G' || move === 'R' ? `, ${stateOf('r')} AS state` : '';
  return `l${n} AS MATERIALIZED (
  SELECT r.revision${shown} FROM clock c CROSS JOIN ${records} r WHERE ${key('r')}${meets} FOR UPDATE OF r
)`;
}

function refusal({ move, n }: Numbered): string {
  switch (move) {
    case 'U':
    case 'D':
    case 'G':
      return `    WHEN NOT EXISTS (SELECT FROM l${n}) THEN false\n`;
    case 'I':
    case 'A':
      return `    WHEN EXISTS (SELECT FROM l${n} WHERE revision IS NOT NULL) THEN false\n`;
    case 'R':
      // Never: but what is read is locked in its turn.
      return `    WHEN (SELECT count(*) FROM l${n}) > 1 THEN false\n`;
  }
}

function put(records: string, { move, n, key, parameter }: Numbered): string {
  switch (move) {
    case 'U':
      return `p${n} AS (
  UPDATE ${records} r
  SET revision = ${parameter('revision', 'text')}, value = ${parameter('value', 'text')}, written_at = g.now,
    lease_owner = ${parameter('owner', 'text')}, lease_fence = ${parameter('fence', 'float8')}, lease_until = g.now + ${parameter('ms', 'float8')},
    fields = ${parameter('fields', 'text')}::jsonb, notified = r.waiting, waiting = NULL
  FROM gate g WHERE ${key('r')} AND r.revision = ${parameter('expected', 'text')} RETURNING r.notified AS waiting
)`;
    case 'D':
      return `p${n} AS (
  DELETE FROM ${records} r USING gate g WHERE ${key('r')} AND r.revision = ${parameter('expected', 'text')} RETURNING r.waiting
)`;
    case 'I':
      return `p${n} AS (
  INSERT INTO ${records} AS r (${COLUMNS})
  SELECT ${parameter('kind', 'text')}, $1::int, ${parameter('id', 'text')}, ${parameter('longId', 'text')}, ${parameter('revision', 'text')},
    ${parameter('value', 'text')}, g.now, ${parameter('owner', 'text')}, ${parameter('fence', 'float8')}, g.now + ${parameter('ms', 'float8')},
    ${parameter('fields', 'text')}::jsonb
  FROM gate g
  ON CONFLICT (kind, partition, id) DO UPDATE
  SET revision = EXCLUDED.revision, value = EXCLUDED.value, written_at = EXCLUDED.written_at, lease_owner = EXCLUDED.lease_owner,
    lease_fence = EXCLUDED.lease_fence, lease_until = EXCLUDED.lease_until, fields = EXCLUDED.fields, notified = r.waiting, waiting = NULL
  WHERE r.revision IS NULL RETURNING r.notified AS waiting
)`;
    case 'A':
    case 'R':
      return `p${n} AS (
  INSERT INTO ${records} (kind, partition, id, long_id, value, written_at)
  SELECT ${parameter('kind', 'text')}, $1::int, ${parameter('id', 'text')}, ${parameter('longId', 'text')}, '', g.now
  FROM gate g WHERE NOT EXISTS (SELECT FROM l${n}) RETURNING 1
)`;
    case 'G':
      return '';
  }
}

/** Looked at one after the other, so that all write in the same order. */
function missing({ move, n }: Numbered): string {
  return move === 'A' || move === 'R'
    ? `  WHEN (SELECT count(*) FROM p${n}) > 1 THEN 0\n`
    : `  WHEN NOT EXISTS (SELECT FROM p${n}) THEN 0\n`;
}

import { openPostgresStore } from 'mycelium-runtime/postgres';
import type { Sql } from 'postgres';
import { callTransactions } from '../transactions.js';
import { eachTogether, type Scale } from '../workload.js';
import type { Request, Wire } from './template.js';
import { freshIds, type Way, type Work } from './work.js';

const TABLE = `CREATE SCHEMA IF NOT EXISTS floor;
CREATE TABLE IF NOT EXISTS floor.calls (
  id text PRIMARY KEY, phase text NOT NULL, fence int NOT NULL, lease_until timestamptz, value text NOT NULL
)`;

/** The least that could be called a claim: whoever is first gets it, everybody else is told what is there. */
const CLAIM = `WITH put AS (
  INSERT INTO floor.calls (id, phase, fence, lease_until, value)
  VALUES ($1, 'attempting', 1, clock_timestamp() + interval '30 seconds', $2)
  ON CONFLICT DO NOTHING RETURNING fence
)
SELECT true, fence, NULL, NULL FROM put
UNION ALL
SELECT false, c.fence, c.phase, c.value FROM floor.calls c WHERE c.id = $1 AND NOT EXISTS (SELECT FROM put)`;

/** The result, under the fence of the claim. */
const COMPLETE = `UPDATE floor.calls SET phase = 'committed', value = $3, lease_until = NULL
WHERE id = $1 AND phase = 'attempting' AND fence = $2 RETURNING 1`;

/** Runs a prepared statement, as the store does. */
function run(sql: Sql, statement: string, parameters: (string | number | null)[]): Promise<readonly unknown[]> {
  return Promise.resolve(sql.unsafe(statement, parameters, { prepare: true }).raw());
}

/** Two statements that do nothing but this, with values as large as those of the library. */
export async function minimalStatements(sql: Sql, scale: Scale, name = ''): Promise<Way> {
  await sql.unsafe(TABLE);
  const { claim, completion } = await callTransactions(scale);
  const [attempting = '', committed = ''] = [claim.write[0]?.value, completion.write[0]?.value];
  const claimed = (id: string): Promise<unknown> => run(sql, CLAIM, [id, attempting]);
  const fresh = async (id: string): Promise<void> => {
    await claimed(id);
    const changed = await run(sql, COMPLETE, [id, 1, committed]);
    if (changed.length !== 1) throw new Error('a result under its fence was not recorded');
  };
  return {
    fresh: {
      name: `two minimal statements${name}`,
      prepare: (count) => freshIds(count).map((id) => () => fresh(id)),
    },
    replay: {
      name: `one minimal statement${name}`,
      async prepare(count) {
        const ids = freshIds(count);
        await eachTogether(ids, fresh);
        return ids.map((id) => () => claimed(id));
      },
    },
  };
}

/** Round trips with nothing in them. */
export function selects(sql: Sql): { readonly one: Work; readonly two: Work } {
  const select = (): Promise<unknown> => run(sql, 'SELECT 1', []);
  return {
    one: { name: 'one SELECT 1', prepare: (count) => Array.from({ length: count }, () => select) },
    two: {
      name: 'two SELECT 1',
      prepare: (count) =>
        Array.from({ length: count }, () => async () => {
          await select();
          await select();
        }),
    },
  };
}

/** A store over a client that notes which statements it is told to run. */
export async function postgresWire(sql: Sql, schema: string): Promise<Wire> {
  const heard: Request[] = [];
  const noting: Sql['unsafe'] = (statement, parameters, options) => {
    heard.push([statement, ...((parameters ?? []) as (string | number | null)[])]);
    return sql.unsafe(statement, parameters, options);
  };
  const client = new Proxy(sql, {
    get: (target, name) => (name === 'unsafe' ? noting : Reflect.get(target, name)),
  });
  return {
    store: await openPostgresStore(client, { schema }),
    heard,
    send: ([statement, ...parameters]) => run(sql, String(statement), parameters),
    unit: 'statement',
  };
}

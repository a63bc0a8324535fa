import { UsageError } from '../../errors/usage.js';

/**
 * The schema, when a store can lie in it: its name is long enough, and short enough for the channel that is called
 * after it.
 *
 * @param place - what was told the name. @throws UsageError
 */
export function checkedSchema(schema: string, place: string): string {
  if (/^[a-z_][a-z0-9_]{0,47}$/.test(schema) && !schema.startsWith('pg_')) return schema;
  throw new UsageError({
    place,
    problem: `${JSON.stringify(schema.slice(0, 60))} cannot be the schema of a store`,
    remedy: 'Use up to 48 lower case letters, digits and underscores, e.g. "mycelium"; not beginning with "pg_".',
  });
}

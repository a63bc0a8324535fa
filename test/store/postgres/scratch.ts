import { randomBytes } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { postgresService } from '../../services/services.js';

/** A schema that no other test uses. */
export function freshSchema(): string {
  return `test_${randomBytes(8).toString('hex')}`;
}

/** A client for looking at a server from outside of a store. */
export function adminOf(url: string = postgresService(), max = 4): Sql {
  return postgres(url, { max, onnotice: () => undefined });
}

/** Removes a store with everything in it. */
export async function dropSchema(admin: Sql, schema: string): Promise<void> {
  await admin.unsafe(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
}

/** Waits until something is so. @throws Error that says what was waited for, after half a minute */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What a promise is rejected with. */
export async function caught(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was expected to fail');
}

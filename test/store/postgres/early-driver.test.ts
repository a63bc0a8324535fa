import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import postgres, { type Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StoreUnavailableError } from '../../../src/errors/store.js';
import type { Store } from '../../../src/store/contract.js';
import { openPostgresStore } from '../../../src/store/postgres/index.js';
import { startPgBouncer } from '../../services/pgbouncer.js';
import { postgresService } from '../../services/services.js';
import { adminOf, caught, dropSchema, freshSchema } from './scratch.js';

/** postgres.js until 3.4.7 answered what is prepared when it was complete, before the commit. */

let folder: string;
let earlyDriver: typeof postgres;
let admin: Sql;
let schema: string;
let client: Sql | undefined;
let store: Store | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mycelium-early-'));
  const installed = dirname(dirname(dirname(createRequire(import.meta.url).resolve('postgres'))));
  cpSync(installed, folder, { recursive: true });
  const file = join(folder, 'src', 'connection.js');
  const waiting = readFileSync(file, 'utf8');
  // As it stood at the end of CommandComplete.
  const early = waiting.replace(
    'result.count && query.cursorFn(result)\n      write(Sync)\n    }\n',
    (text) => `${text}\n    query.resolve(result)\n`,
  );
  expect(early).not.toBe(waiting);
  writeFileSync(file, early);
  earlyDriver = (await import(pathToFileURL(join(folder, 'src', 'index.js')).href)).default;
  admin = adminOf();
});

beforeEach(() => {
  schema = freshSchema();
});

afterEach(async () => {
  await store?.close();
  await client?.end({ timeout: 1 });
  await dropSchema(admin, schema);
});

afterAll(async () => {
  await admin.end();
  rmSync(folder, { recursive: true });
});

const key = (id: string) => ({ partition: 0, kind: 'call', id });
const inserting = (id: string) => ({
  expect: [{ key: key(id), revision: undefined }],
  write: [{ key: key(id), value: id }],
});

async function open(driver: typeof postgres, url: string = postgresService(), prepare = true): Promise<Store> {
  client = driver(url, { max: 2, prepare, onnotice: () => undefined });
  store = await openPostgresStore(client, { schema });
  return store;
}

const prepared = async (one: Store): Promise<unknown> => (await one.health?.())?.facts['prepared'];

describe.each(['early', 'patient'])('a driver that answers %s', (kind) => {
  const driver = (): typeof postgres => (kind === 'early' ? earlyDriver : postgres);

  test.each(['fails', 'ends the connection'])('a commit that %s is not answered as if it had not', async (way) => {
    const opened = await open(driver());
    expect((await opened.transact(inserting('before'), 'n')).ok).toBe(true);
    const act =
      way === 'fails'
        ? `RAISE EXCEPTION 'at the commit' USING errcode = '23514'`
        : 'PERFORM pg_terminate_backend(pg_backend_pid())';
    await admin.unsafe(`
      CREATE FUNCTION "${schema}".act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${act}; RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER act AFTER INSERT ON "${schema}".records DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION "${schema}".act()`);
    const error = await caught(opened.transact(inserting('lost'), 'm'));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect((error as StoreUnavailableError).details['applied']).toBe(way === 'fails' ? 'no' : 'unknown');
    expect(await admin.unsafe(`SELECT 1 FROM "${schema}".records WHERE id = 'lost'`)).toHaveLength(0);
  });

  test('is found out, and the health tells it', async () => {
    expect(await prepared(await open(driver()))).toMatch(kind === 'early' ? /^no: .*3\.4\.8/ : /^yes$/);
  });
});

test('nothing is asked where nothing would be prepared', async () => {
  expect(await prepared(await open(postgres, postgresService(), false))).toBe('no');
  await store?.close();
  await client?.end();
  const bouncer = await startPgBouncer(postgresService(), { poolSize: 2 });
  try {
    expect(await prepared(await open(postgres, bouncer.url))).toBe('no');
    await store?.close();
  } finally {
    await bouncer.stop();
  }
});

import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { openStore } from '../../src/index.js';
import type { Store } from '../../src/store/contract.js';
import { encodeFrame, frameEnd, payloadOf } from '../../src/store/file/frame.js';
import { migrationStatements } from '../../src/store/postgres/sql/migrations.js';
import { postgresService, redisService } from '../services/services.js';

const here = fileURLToPath(new URL('.', import.meta.url));

/** A kind of store. */
export interface Place {
  readonly kind: 'file' | 'redis' | 'postgres';
  /** A place of its own for a new store. */
  create(): Promise<Placed>;
}

/** Where a store lies, or will. */
export interface Placed {
  open(): Promise<Store>;
  /** Copies what lies there, with every client closed, to the folder of a version. */
  keep(version: string): Promise<void>;
  /** Puts there what a version kept. */
  load(version: string): Promise<void>;
  /** Changes the format that the store says it has. */
  makeNewer(): Promise<void>;
  remove(): Promise<void>;
}

/** Every version that left something here. */
export function versions(): readonly string[] {
  return readdirSync(here).filter((name) => /^v\d/.test(name));
}

/** Where a version left what it wrote. */
export function folderOf(version: string, kind: string): string {
  return join(here, version, kind);
}

const file: Place = {
  kind: 'file',
  async create() {
    const parent = mkdtempSync(join(tmpdir(), 'mycelium-golden-'));
    const folder = join(parent, 'store');
    return {
      open: () => openStore(pathToFileURL(folder).href),
      async keep(version) {
        rmSync(folderOf(version, 'file'), { recursive: true, force: true });
        cpSync(folder, folderOf(version, 'file'), { recursive: true });
      },
      async load(version) {
        cpSync(folderOf(version, 'file'), folder, { recursive: true });
      },
      async makeNewer() {
        for (const name of readdirSync(folder)) {
          const path = join(folder, name);
          const log = readFileSync(path);
          const end = frameEnd(log, 0, log.length);
          const opening = JSON.parse(payloadOf(log, 0, end)) as unknown[];
          writeFileSync(path, Buffer.concat([encodeFrame(JSON.stringify(opening.with(1, 99))), log.subarray(end)]));
        }
      },
      remove: async () => rmSync(parent, { recursive: true, force: true }),
    };
  },
};

const redis: Place = {
  kind: 'redis',
  async create() {
    const url = redisService();
    const prefix = `golden_${randomUUID().slice(0, 8)}`;
    const client = new Redis(url);
    const keys = (): Promise<string[]> => client.keys(`{${prefix}*`);
    return {
      open: () => openStore(url, { prefix }),
      async keep(version) {
        const lines = [];
        // Who waits for a record is gone with the process.
        for (const key of (await keys()).filter((name) => !name.includes(':waiters:')).sort())
          lines.push({ key: key.replace(prefix, 'golden'), ...(await dumped(client, key)) });
        writeLines(version, 'redis', 'keys.jsonl', lines);
      },
      async makeNewer() {
        await client.hset(`{${prefix}}:store`, 'format', '99');
      },
      async remove() {
        const left = await keys();
        if (left.length > 0) await client.del(...left);
        client.disconnect();
      },
      load: async (version) => {
        for (const line of readLines(version, 'redis', 'keys.jsonl'))
          await loaded(client, line['key']!.replace('golden', prefix), line as never);
      },
    };
  },
};

type Dumped = { readonly type: 'string' | 'hash' | 'zset'; readonly entries: readonly string[] };

/** What is under a key, by plain commands: `DUMP` is bound to a version of the server. */
async function dumped(client: Redis, key: string): Promise<Dumped> {
  const type = await client.type(key);
  if (type === 'string') return { type, entries: [(await client.get(key)) ?? ''] };
  if (type === 'hash') return { type, entries: Object.entries(await client.hgetall(key)).flat() };
  if (type === 'zset') return { type, entries: await client.zrange(key, '0', '-1', 'WITHSCORES') };
  throw new Error(`${key} is a ${type}, which nobody thought of`);
}

async function loaded(client: Redis, key: string, { type, entries }: Dumped): Promise<void> {
  if (type === 'string') await client.set(key, entries[0] ?? '');
  if (type === 'hash') await client.call('HSET', key, ...entries);
  for (let at = 0; type === 'zset' && at < entries.length; at += 2)
    await client.zadd(key, entries[at + 1]!, entries[at]!);
}

const inPostgres: Place = {
  kind: 'postgres',
  async create() {
    const url = postgresService();
    const schema = `golden_${randomUUID().slice(0, 8)}`;
    const sql = postgres(url, { onnotice: () => undefined, max: 1 });
    return {
      open: () => openStore(url, { schema }),
      async keep(version) {
        // The statements as they are now: a later version must cope with the tables of this one.
        const create = migrationStatements('golden').filter((statement) => !statement.startsWith('INSERT'));
        writeLines(version, 'postgres', 'create.jsonl', create);
        const rows = [];
        for (const table of ['meta', 'records']) {
          const found = await sql.unsafe(
            `SELECT row_to_json(t)::text AS row FROM "${schema}".${table} t ORDER BY t::text COLLATE "C"`,
          );
          rows.push(...found.map(({ row }) => ({ table, row: JSON.parse(row as string) as unknown })));
        }
        writeLines(version, 'postgres', 'rows.jsonl', rows);
      },
      async makeNewer() {
        await sql.unsafe(`UPDATE "${schema}".meta SET value = '99' WHERE name = 'format'`);
      },
      async remove() {
        await sql.unsafe(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
        await sql.end();
      },
      load: async (version) => {
        for (const statement of readLines(version, 'postgres', 'create.jsonl'))
          await sql.unsafe((statement as unknown as string).replaceAll('"golden"', `"${schema}"`));
        for (const { table, row } of readLines(version, 'postgres', 'rows.jsonl'))
          await sql.unsafe(
            `INSERT INTO "${schema}".${table} SELECT * FROM json_populate_record(null::"${schema}".${table}, $1::text::json)`,
            [JSON.stringify(row)],
          );
      },
    };
  },
};

function writeLines(version: string, kind: string, name: string, lines: readonly unknown[]): void {
  mkdirSync(folderOf(version, kind), { recursive: true });
  writeFileSync(join(folderOf(version, kind), name), `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
}

function readLines(version: string, kind: string, name: string): readonly Record<string, string>[] {
  const text = readFileSync(join(folderOf(version, kind), name), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
}

/** All of them. */
export const places: readonly Place[] = [file, redis, inPostgres];

import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StoreUnavailableError } from '../../../src/errors/store.js';
import { openPostgresStore, type PostgresStoreOptions } from '../../../src/store/postgres/index.js';
import { type PostgresServer, startPostgres } from '../../services/postgres-server.js';
import { unprivileged } from '../../services/programs.js';
import { postgresService } from '../../services/services.js';
import { adminOf, caught, dropSchema, freshSchema } from './scratch.js';

let server: PostgresServer;
let folder: string;
let ca: string;
/** In the server that all tests share. */
const schema = freshSchema();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mycelium-tls-'));
  const [certificate, key] = [join(folder, 'server.crt'), join(folder, 'server.key')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', certificate],
    ],
    { stdio: 'ignore' },
  );
  ca = readFileSync(certificate, 'utf8');
  const identity = unprivileged();
  if (identity !== undefined)
    for (const path of [folder, certificate, key]) chownSync(path, identity.uid, identity.gid);
  server = await startPostgres({ settings: { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key } });
  // Only over TLS from here on.
  const admin = adminOf(server.url, 1);
  writeFileSync(join(server.directory, 'data', 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 trust\n');
  await admin.unsafe('SELECT pg_reload_conf()');
  await admin.end();
});

afterAll(async () => {
  const shared = adminOf();
  await dropSchema(shared, schema);
  await shared.end();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function works(url: string, options: PostgresStoreOptions = {}): Promise<void> {
  await using store = await openPostgresStore(url, options);
  const key = { partition: 0, kind: 'call', id: 'tls' };
  const answer = await store.transact({ expect: [], write: [], read: [key] }, 'n');
  expect(answer.ok).toBe(true);
  // The connection that listens is one like the others.
  const controller = new AbortController();
  const watch = store.watch(key, 'none', controller.signal);
  await watch;
}

test('without TLS it is refused by this server', async () => {
  const error = await caught(openPostgresStore(server.url));
  expect(error).toBeInstanceOf(StoreUnavailableError);
  expect(error.message).toContain('no encryption');
});

test('sslmode=require encrypts, and asks for no certificate', () => works(`${server.url}?sslmode=require`));

test('a server that takes no TLS is good enough for sslmode=prefer, and for nothing else', async () => {
  const address = postgresService();
  await works(`${address}?sslmode=prefer`, { schema });
  await works(`${server.url}?sslmode=prefer`);
  const error = await caught(openPostgresStore(`${address}?sslmode=require`, { timeoutMs: 3_000 }));
  expect(error.message).toContain('takes no TLS');
});

test('a certificate that is known is checked against the address, and against the name', async () => {
  await works(server.url, { tls: { ca } });
  await works(server.url.replace('127.0.0.1', 'localhost'), { tls: { ca } });
});

test('a certificate that nobody vouches for, or for another name, is refused', async () => {
  const unknown = await caught(openPostgresStore(`${server.url}?sslmode=verify-full`, { timeoutMs: 3_000 }));
  expect(unknown.message).toMatch(/self-signed certificate/);
  const other = await caught(openPostgresStore(server.url, { tls: { ca, host: 'db.example' }, timeoutMs: 3_000 }));
  expect(other.message).toMatch(/Hostname|altnames/i);
  expect((await caught(openPostgresStore(server.url, { tls: true, timeoutMs: 3_000 }))).message).toMatch(/self-signed/);
});

import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkConnected } from '../../src/cli/check.js';
import { storeHealth } from '../../src/cli/store-health.js';
import { readme } from '../readme/readme.js';
import { type RedisServer, startRedis } from '../services/redis-server.js';
import { postgresService } from '../services/services.js';
import { fakeTerminal } from './fake-terminal.js';
import { Scratch } from './scratch.js';

let safe: RedisServer;
let unsafe: RedisServer;
beforeAll(async () => {
  const config = { 'maxmemory-policy': 'noeviction', requirepass: 'hunter2' };
  [safe, unsafe] = await Promise.all([startRedis({ appendonly: 'always', config }), startRedis()]);
});
afterAll(async () => {
  await Promise.all([safe?.stop(), unsafe?.stop()]);
});

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.remove());

const withPassword = (): string => safe.url.replace('://', '://default:hunter2@');
const address = (server: RedisServer, prefix: string): string => `redis 127.0.0.1:${server.port}/0, prefix ${prefix}`;
const tools = 'tools: { search: { side_effect_class: read, ledger: true } }\n';

describe('store health', () => {
  test('a server that is set as it should be: its facts, and exit code 0', async () => {
    const config = scratch.write(
      'mycelium.yaml',
      `action_ledger: { storage: redis, url: "${withPassword()}", prefix: safe }\n${tools}`,
    );
    const terminal = fakeTerminal();
    expect(await storeHealth({ config, create: true }, terminal)).toBe(0);
    const [head, ...lines] = terminal.text().split('\n');
    expect(head).toBe(address(safe, 'safe'));
    expect(lines[0]).toMatch(/^ {2}server {2,}Redis \d+\.\d+/);
    expect(lines.join('\n')).toMatch(/ {2}persistence {2,}append-only file, appendfsync always/);
    expect(terminal.text()).not.toMatch(/hunter2|unsafe|weak/);
    expect(terminal.noted).toEqual([]);
  });

  test('one that can lose records: what, why, what to do, and exit code 3', async () => {
    const config = scratch.write(
      'mycelium.yaml',
      `profile: production\naction_ledger: { storage: redis, url: "${unsafe.url}", prefix: bad }\n${tools}`,
    );
    const terminal = fakeTerminal({ colours: true });
    expect(await storeHealth({ config, create: true }, terminal)).toBe(3);
    expect(terminal.text()).toContain('<red>unsafe</red>');
    expect(terminal.text()).toMatch(/run again\n +Set appendonly yes\./);
    const asJson = fakeTerminal();
    expect(await storeHealth({ config, json: true }, asJson)).toBe(3);
    expect(JSON.parse(asJson.text())).toMatchObject({
      profile: 'production',
      stores: [
        {
          store: address(unsafe, 'bad'),
          health: { server: expect.stringMatching(/^Redis/), concerns: [{ severity: 'unsafe' }] },
        },
      ],
    });
  });

  test('every store of the file, each once; none is created by looking', async () => {
    scratch.write(
      'mycelium.yaml',
      `action_ledger: { path: ./records }
task_ledger: { storage: redis, url: "${withPassword()}", prefix: none }
tools:
  a: { side_effect_class: read, ledger: { storage: memory } }
  b: { side_effect_class: read, ledger: { storage: redis, url: "redis://ada:hunter3@127.0.0.1:1" } }
  c: { side_effect_class: read, ledger: { path: ./records } }
`,
    );
    const { status, stdout, stderr } = scratch.mycelium('store', 'health');
    expect(status).toBe(3);
    const parts = stdout.trimEnd().split('\n\n');
    expect(parts.map((part) => part.split('\n', 1)[0])).toEqual([
      `file ${scratch.path('records')}`,
      address(safe, 'none'),
      'memory',
      'redis 127.0.0.1:1/0, prefix mycelium',
    ]);
    expect(parts[0]).toContain('is not there yet: the first guarded call creates it');
    expect(parts[1]).toContain('is not there yet');
    expect(parts[2]).toMatch(/a record survives +nothing beyond the process/);
    expect(parts[3]).toMatch(/error {2}The store \(redis 127\.0\.0\.1:1/);
    expect(stderr).toContain('--create');
    expect(stdout + stderr).not.toMatch(/hunter/);
    expect(scratch.mycelium('store', 'health', '--create').stdout).toMatch(
      /records\n {2}a record survives +the process and the machine/,
    );
  });

  test('a store that is not there yet exits with 4', async () => {
    const config = scratch.write('mycelium.yaml', 'action_ledger: { path: ./records }\n');
    expect(await storeHealth({ config }, fakeTerminal())).toBe(4);
    expect(await storeHealth({ config, create: true }, fakeTerminal())).toBe(0);
    expect(await storeHealth({ config }, fakeTerminal())).toBe(0);
  });
});

test('store health prints what the README shows', async () => {
  const shown = readme.find(({ code, language }) => language === 'text' && code.startsWith('redis cache:6379/0'));
  const server = await startRedis({ appendonly: 'everysec', config: { 'maxmemory-policy': 'noeviction' } });
  try {
    const yaml = `action_ledger: { storage: redis, url: "${server.url}", prefix: agents }\n`;
    const terminal = fakeTerminal();
    expect(await storeHealth({ config: scratch.write('mycelium.yaml', yaml), create: true }, terminal)).toBe(0);
    const here = terminal
      .text()
      .replace(`127.0.0.1:${server.port}`, 'cache:6379')
      .replace(/Redis \S+/, 'Redis 7.0.15');
    expect(shown?.code).toBe(here);
  } finally {
    await server.stop();
  }
});

describe('store migrate', () => {
  const schema = `migrate_${randomBytes(6).toString('hex')}`;
  const role = `${schema}_app`;
  const place = (): string => {
    const { host, pathname } = new URL(postgresService());
    return `postgres ${host}${pathname}, schema ${schema}`;
  };
  async function administer(run: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
    const sql = postgres(postgresService(), { max: 1, onnotice: () => undefined });
    try {
      await run(sql);
    } finally {
      await sql.end();
    }
  }
  afterEach(() =>
    administer(async (sql) => {
      await sql.unsafe(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await sql.unsafe(`DROP ROLE IF EXISTS ${role}`);
    }),
  );
  const yaml = (dsn: string): string =>
    `action_ledger: { storage: postgres, dsn: "${dsn}", schema: ${schema} }\ntask_ledger: { path: ./tasks }\n`;

  test('creates the tables, and finds nothing to do the next time', () => {
    scratch.write('mycelium.yaml', yaml(postgresService()));
    expect(scratch.mycelium('store', 'health').stdout).toContain(`${place()}\n  is not there yet`);
    for (let time = 0; time < 2; time += 1) {
      expect(scratch.mycelium('store', 'migrate')).toEqual({
        status: 0,
        stdout: `${place()}: its tables are there, and of this version\nfile ${scratch.path('tasks')}: nothing to migrate\n`,
        stderr: '',
      });
    }
    const { stdout } = scratch.mycelium('store', 'health');
    expect(stdout).toMatch(new RegExp(`^${place()}\\n {2}server +PostgreSQL \\d`));
    expect(stdout).toMatch(/ {2}fsync +on\n/);
  });

  test('prints the SQL, which another role may run, and connects to nothing', async () => {
    scratch.write('mycelium.yaml', yaml('postgres://ada:hunter2@127.0.0.1:1/agents'));
    const printed = scratch.mycelium('store', 'migrate', '--print', '--role', role);
    expect(printed).toMatchObject({ status: 0, stderr: `file ${scratch.path('tasks')}: nothing to migrate\n` });
    expect(printed.stdout).toMatch(/^-- postgres 127\.0\.0\.1:1\/agents, schema \w+\nBEGIN;\n[\s\S]*;\nCOMMIT;\n$/);
    expect(printed.stdout).not.toContain('hunter2');
    await administer(async (sql) => {
      await sql.unsafe(`CREATE ROLE ${role} LOGIN PASSWORD 'hunter2'`);
      await sql.unsafe(printed.stdout);
    });
    const dsn = new URL(postgresService());
    Object.assign(dsn, { username: role, password: 'hunter2' });
    scratch.write('mycelium.yaml', yaml(dsn.href).replace('./tasks', './none'));
    const health = scratch.mycelium('store', 'health', '--create');
    expect(health).toMatchObject({ status: 0, stderr: '' });
    expect(health.stdout).toContain(place());
    expect(health.stdout).not.toContain('hunter2');
  });

  test('a role that may not create them is told what to do', async () => {
    await administer((sql) => sql.unsafe(`CREATE ROLE ${role} LOGIN PASSWORD 'hunter2'`));
    const dsn = new URL(postgresService());
    Object.assign(dsn, { username: role, password: 'hunter2' });
    scratch.write('mycelium.yaml', yaml(dsn.href));
    const { status, stderr } = scratch.mycelium('store', 'migrate');
    expect(status).toBe(2);
    expect(stderr).toContain('mycelium store migrate --print');
    expect(stderr).not.toContain('hunter2');
  });
});

describe('check --connect', () => {
  test('silent when every store can be reached and is safe, whether it is there yet or not', async () => {
    scratch.write(
      'mycelium.yaml',
      `action_ledger: { storage: redis, url: "${withPassword()}", prefix: checked }\ntask_ledger: { path: ./x }\n${tools}`,
    );
    expect(scratch.mycelium('check', '--connect')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(scratch.mycelium('store', 'health')).toMatchObject({ status: 4 });
  });

  test('what is unsafe or cannot be reached is told, and exits with 3', async () => {
    const config = scratch.write(
      'mycelium.yaml',
      `action_ledger: { storage: redis, url: "${unsafe.url}", prefix: told }
tools:
  a: { side_effect_class: read, ledger: { storage: redis, url: "redis://:hunter3@127.0.0.1:1" } }
  b: { side_effect_class: read, ledger: true }
`,
    );
    await storeHealth({ config, create: true }, fakeTerminal());
    const terminal = fakeTerminal();
    expect(await checkConnected({ config }, terminal)).toBe(3);
    const parts = terminal.text().split('\n\n');
    expect(parts[0]).toMatch(/prefix told\n {2}unsafe {2}.*\n {10}Set appendonly yes\./);
    expect(parts[1]).toMatch(/prefix mycelium\n {2}error {2}/);
    const asJson = fakeTerminal();
    expect(await checkConnected({ config, json: true }, asJson)).toBe(3);
    const { errors, stores } = JSON.parse(asJson.text());
    expect(errors).toBe(0);
    expect(stores).toMatchObject([
      { health: { concerns: [{ severity: 'unsafe' }] } },
      { problem: { code: 'STORE_UNAVAILABLE' } },
    ]);
    expect(terminal.text() + asJson.text()).not.toContain('hunter3');
    // Without the flag nothing is opened.
    expect(scratch.mycelium('check')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('a file that is wrong is told first, and nothing is opened', () => {
    scratch.write('mycelium.yaml', 'action_ledger: { storage: redis, url: "redis://127.0.0.1:1", pth: x }\n');
    const { status, stdout } = scratch.mycelium('check', '--connect', '--json');
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).not.toHaveProperty('stores');
  });
});

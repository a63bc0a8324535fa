import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LedgerBlockedError, loadConfig, type Mycelium } from '../../src/index.js';
import { postgresService, redisService } from '../services/services.js';
import { Scratch } from './scratch.js';

/** A server, as a configuration names it, and how what a test leaves there is removed. */
interface Server {
  readonly name: string;
  yaml(own: string): string;
  text(own: string): string;
  remove(own: string): Promise<void>;
}

const servers: readonly Server[] = [
  {
    name: 'Redis',
    yaml: (own) => `storage: redis, url: "${redisService()}", prefix: ${own}`,
    text: (own) => `redis ${new URL(redisService()).host}/0, prefix ${own}`,
    async remove(own) {
      const client = new Redis(redisService());
      const keys = await client.keys(`{${own}*`);
      if (keys.length > 0) await client.del(...keys);
      await client.quit();
    },
  },
  {
    name: 'Postgres',
    yaml: (own) => `storage: postgres, dsn: "${postgresService()}", schema: ${own}`,
    text: (own) => `postgres ${new URL(postgresService()).host}${new URL(postgresService()).pathname}, schema ${own}`,
    async remove(own) {
      const sql = postgres(postgresService(), { max: 1, onnotice: () => undefined });
      await sql.unsafe(`DROP SCHEMA IF EXISTS ${own} CASCADE`);
      await sql.end();
    },
  },
];

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.remove());

describe.each(servers)('$name', (server) => {
  const own = `cli_${randomBytes(6).toString('hex')}`;
  let mycelium: Mycelium | undefined;
  afterEach(async () => {
    await mycelium?.close();
    await server.remove(own);
  });

  test('calls that are stuck there are listed, shown, released and retired', async () => {
    const config = scratch.write(
      'mycelium.yaml',
      `action_ledger: { ${server.yaml(own)} }
task_ledger: { path: ./tasks }
tools: { pay: { side_effect_class: non_idempotent_mutate, id_from: [id] } }
`,
    );
    const none = scratch.mycelium('ledger', 'list');
    expect(none).toMatchObject({ status: 4, stdout: '' });
    expect(none.stderr).toContain(server.text(own));

    mycelium = await loadConfig(config);
    let runs = 0;
    const pay = mycelium.guard('pay')(async ({ id }: { id: string }) => {
      runs += 1;
      if (id === 'lost') throw new Error('connection reset');
      return { paid: id };
    });
    await pay({ id: 'inv-1' });
    await expect(pay({ id: 'lost' })).rejects.toThrow('connection reset');
    const blocked = await pay({ id: 'lost' }).catch((error: unknown) => error);
    expect(blocked).toBeInstanceOf(LedgerBlockedError);
    const [, id = ''] = /mycelium ledger show ([0-9a-f]+)/.exec(String(blocked)) ?? [];

    const listed = scratch.mycelium('ledger', 'list', '--stuck');
    expect(listed.status).toBe(0);
    expect(listed.stdout).toMatch(/pay +lost +unknown/);
    expect(listed.stdout).not.toContain('inv-1');
    expect(listed.stderr).toBe(`Not looked at: file ${scratch.path('tasks')}.\n`);
    expect(scratch.mycelium('ledger', 'show', id).stdout).toMatch(/state +unknown/);
    const why = ['--by', 'ada', '--reason', 'seen in the book'];
    const released = scratch.mycelium(
      'ledger',
      'release',
      id,
      '--as',
      'completed',
      '--result',
      '{"paid":"later"}',
      ...why,
    );
    expect(released).toMatchObject({ status: 0, stderr: '' });
    expect(await pay({ id: 'lost' })).toEqual({ paid: 'later' });
    expect(scratch.mycelium('ledger', 'release', id, '--as', 'not-executed', ...why).status).toBe(1);
    expect(runs).toBe(2);

    const { calls } = JSON.parse(scratch.mycelium('ledger', 'list', '--json').stdout);
    const paid = calls.find(({ requestId }: { requestId: string }) => requestId === 'inv-1');
    expect(scratch.mycelium('ledger', 'retire', paid.id, ...why).status).toBe(0);
    await mycelium.close();
    mycelium = await loadConfig(config);
    const again = mycelium.guard('pay')(async ({ id }: { id: string }) => `paid ${id} again`);
    expect(await again({ id: 'inv-1' })).toBe('paid inv-1 again');
    expect(await again({ id: 'lost' })).toEqual({ paid: 'later' });
  });

  test('explain names the place and the variable, and no password', () => {
    scratch.write(
      'mycelium.yaml',
      `action_ledger: { ${server.yaml(own)}, retention: 30d }\ntools: { a: { ledger: true } }\n`,
    );
    const { status, stdout } = scratch.mycelium('explain', 'a');
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`recorded in +${server.text(own)} +mycelium\\.yaml:1:\\d+\\n`));
    expect(stdout).toMatch(/retention +30d +mycelium\.yaml:1:\d+/);
  });
});

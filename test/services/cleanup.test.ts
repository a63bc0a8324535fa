import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { root } from '../package/package-files.js';
import { childrenOf, isAlive } from './processes.js';

const built = (file: string): string => JSON.stringify(join(root, '.build/test/services', file));

/** Starts one server of each kind, a frozen one too, says what it started, and stays. */
const program = `
import { startRedis } from ${built('redis-server.js')};
import { startPostgres } from ${built('postgres-server.js')};
import { startPgBouncer } from ${built('pgbouncer.js')};
const postgres = await startPostgres();
const servers = [postgres, await startPgBouncer(postgres.url), await startRedis(), await startRedis()];
servers[3].suspend();
console.log(JSON.stringify(servers.map(({ pid, directory }) => ({ pid, directory }))));
setInterval(() => undefined, 1_000);
`;

interface Started {
  readonly child: ChildProcess;
  readonly servers: readonly { readonly pid: number; readonly directory: string }[];
}

async function startServers(): Promise<Started> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, servers: JSON.parse(line) };
}

test.each(['SIGKILL', 'SIGINT'] as const)(
  '%s of who started servers ends them and removes their folders',
  async (signal) => {
    const { child, servers } = await startServers();
    const processes = servers.flatMap(({ pid }) => [pid, ...childrenOf(pid)]).concat(childrenOf(child.pid ?? -1));
    expect(processes.filter(isAlive).length).toBeGreaterThan(8);
    child.kill(signal);
    await once(child, 'exit');
    const left = (): unknown[] => [
      ...processes.filter(isAlive),
      ...servers.map(({ directory }) => directory).filter((directory) => existsSync(directory)),
    ];
    await expect.poll(left, { timeout: 20_000 }).toEqual([]);
  },
);

test('a missing program is named with the command that installs it', async () => {
  const use = `import { findProgram } from ${built('programs.js')}; findProgram('no-such-server', 'some-package');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', use], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  await once(child, 'close');
  expect(said).toContain('apt-get install -y --no-install-recommends some-package');
});

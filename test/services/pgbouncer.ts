import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onFreePort } from './ports.js';
import { findProgram, unprivileged } from './programs.js';
import { type ServerHandle, ServerProcess, serverFolder } from './server-process.js';

export interface PgBouncerOptions {
  /** When a connection to the server goes back to the pool. Default `transaction`. */
  readonly poolMode?: 'session' | 'transaction' | 'statement';
  /** Connections to the server. Default 20. */
  readonly poolSize?: number;
  /** Further settings, as in the section [pgbouncer] of pgbouncer.ini. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Starts PgBouncer on the loopback interface before a PostgreSQL server. Clients need no password; every one of them
 * is the user of the URL.
 * @throws Error when pgbouncer is not installed, with the command that installs it; or with what it said
 */
export async function startPgBouncer(postgresUrl: string, options: PgBouncerOptions = {}): Promise<ServerHandle> {
  const command = findProgram('pgbouncer', 'pgbouncer');
  const identity = unprivileged();
  const target = new URL(postgresUrl);
  return onFreePort(async (port) => {
    const directory = serverFolder(identity);
    const config = join(directory, 'pgbouncer.ini');
    const pidFile = join(directory, 'pgbouncer.pid');
    writeFileSync(config, configuration(target, port, pidFile, options));
    chmodSync(config, 0o644);
    const server = await ServerProcess.start({
      name: 'PgBouncer',
      command,
      args: [config],
      directory,
      removeDirectory: true,
      identity,
      stopSignal: 'SIGTERM',
      abandonSignal: 'SIGKILL',
      ready: (pid) => existsSync(pidFile) && Number(readFileSync(pidFile, 'utf8')) === pid && accepts(port),
    });
    return {
      url: `postgres://${target.username || 'postgres'}@127.0.0.1:${port}${target.pathname}`,
      port,
      directory,
      get pid() {
        return server.pid;
      },
      kill: (signal) => server.kill(signal),
      restart: () => server.restart(),
      suspend: () => server.suspend(),
      resume: () => server.resume(),
      stop: () => server.stop(),
    };
  });
}

function configuration(target: URL, port: number, pidFile: string, options: PgBouncerOptions): string {
  const server = [`host=${target.hostname}`, `port=${target.port || 5432}`, `user=${target.username || 'postgres'}`];
  if (target.password !== '') server.push(`password='${decodeURIComponent(target.password).replaceAll("'", "''")}'`);
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    pidfile: pidFile,
    auth_type: 'any',
    pool_mode: options.poolMode ?? 'transaction',
    default_pool_size: String(options.poolSize ?? 20),
    max_client_conn: '500',
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  return ['[databases]', `* = ${server.join(' ')}`, '[pgbouncer]', ...lines, ''].join('\n');
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

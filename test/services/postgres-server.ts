import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onFreePort } from './ports.js';
import { findProgram, unprivileged } from './programs.js';
import { type ServerHandle, ServerProcess, serverFolder } from './server-process.js';

/**
 * A PostgreSQL server of one's own, with the database and superuser `postgres` and no password. `kill('SIGKILL')`,
 * `suspend` and `resume` reach all of its processes.
 */
export interface PostgresServer extends ServerHandle {}

export interface PostgresOptions {
  /** Settings as in postgresql.conf. Durability is the default one: `fsync` and `synchronous_commit` are on. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Without waiting for the disk, which only initdb can do without: nothing is in there yet that could be lost. */
const CREATE_AND_RUN = `
[ -f "$1/PG_VERSION" ] || "$0" -D "$1" -U postgres -A trust -E UTF8 --locale=C --no-sync || exit 1
data=$1 command=$2
shift 2
exec "$command" -D "$data" "$@"
`;

/**
 * Creates a private PostgreSQL server on the loopback interface and waits until it accepts connections, about one
 * second. It runs as an unprivileged user when we are root.
 * @throws Error when PostgreSQL is not installed, with the command that installs it; or with what the server said
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const identity = unprivileged();
  const initdb = findProgram('initdb', 'postgresql');
  const command = join(dirname(initdb), 'postgres');
  return onFreePort(async (port) => {
    const directory = serverFolder(identity);
    const data = join(directory, 'data');
    const settings: Record<string, string> = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: directory,
      // In its folder, so that a killed server leaves nothing elsewhere.
      dynamic_shared_memory_type: 'mmap',
      ...options.settings,
    };
    const server = await ServerProcess.start({
      name: 'PostgreSQL',
      // One process creates its files and becomes the server, so that there is one to end at any time.
      command: '/bin/sh',
      args: [
        '-c',
        CREATE_AND_RUN,
        initdb,
        data,
        command,
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      directory,
      removeDirectory: true,
      identity,
      stopSignal: 'SIGINT',
      abandonSignal: 'SIGQUIT',
      withChildren: true,
      ready: (pid) => isReady(data, pid),
    });
    return {
      url: `postgres://postgres@127.0.0.1:${port}/postgres`,
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

/** Line 1 of its lock file is the id of the process, line 8 how far it is. */
function isReady(data: string, pid: number): boolean {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

import { connect } from 'node:net';
import { onFreePort } from './ports.js';
import { findProgram } from './programs.js';
import { type ServerHandle, ServerProcess, serverFolder } from './server-process.js';

/** A Redis server of one's own. */
export interface RedisServer extends ServerHandle {}

export interface RedisOptions {
  /**
   * `no` keeps nothing over a restart; `everysec` and `always` write an append-only file. Only `always` keeps all that
   * was acknowledged over SIGKILL: with `everysec` Redis does not write while a flush is going on. Default `no`.
   */
  readonly appendonly?: 'always' | 'everysec' | 'no';
  /** Further settings, as in redis.conf. */
  readonly config?: Readonly<Record<string, string>>;
  /** Default: a free one. */
  readonly port?: number;
  /** Where its files go; it stays in the end. Default: a folder of its own, which is removed. */
  readonly directory?: string;
  /** The port of the primary (or of a proxy before it) whose replica this is. */
  readonly replicaOf?: number;
  /** Starts a node of a cluster, without slots. Default false. */
  readonly cluster?: boolean;
}

/**
 * Starts a private Redis server on the loopback interface and waits until it answers.
 * @throws Error when redis-server is not installed, with the command that installs it; or with what the server said
 */
export function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  return options.port === undefined ? onFreePort((port) => startOn(port, options)) : startOn(options.port, options);
}

async function startOn(port: number, options: RedisOptions): Promise<RedisServer> {
  const command = findProgram('redis-server', 'redis-server');
  const directory = options.directory ?? serverFolder();
  const server = await ServerProcess.start({
    name: 'Redis',
    command,
    args: Object.entries(settings(port, directory, options)).flatMap(([name, value]) => [`--${name}`, value]),
    directory,
    removeDirectory: options.directory === undefined,
    stopSignal: 'SIGTERM',
    abandonSignal: 'SIGKILL',
    ready: async (pid) => {
      const info = await askRedis(port, ['INFO'], options.config?.['requirepass']);
      return info.includes(`process_id:${pid}\r`) && info.includes('\nloading:0\r');
    },
  });
  return {
    url: `redis://127.0.0.1:${port}`,
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
}

function settings(port: number, directory: string, options: RedisOptions): Record<string, string> {
  const { appendonly = 'no', replicaOf, cluster = false, config = {} } = options;
  return {
    port: String(port),
    bind: '127.0.0.1',
    dir: directory,
    daemonize: 'no',
    save: '',
    'repl-diskless-sync-delay': '0',
    appendonly: appendonly === 'no' ? 'no' : 'yes',
    appendfsync: appendonly === 'no' ? 'everysec' : appendonly,
    ...(replicaOf === undefined ? {} : { replicaof: `127.0.0.1 ${replicaOf}` }),
    ...(cluster ? { 'cluster-enabled': 'yes', 'cluster-node-timeout': '2000' } : {}),
    ...config,
  };
}

/**
 * Sends commands on a connection of their own, without a client library.
 * @param commands - one per line, words separated by spaces
 * @returns the answers as they came over the wire, empty when nobody answers
 */
export async function askRedis(port: number, commands: readonly string[], password?: string): Promise<string> {
  const lines = [...(password === undefined ? [] : [`AUTH ${password}`]), ...commands, 'QUIT'];
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (text) => {
    answer += text;
  });
  socket.on('error', () => undefined);
  socket.write(`${lines.join('\r\n')}\r\n`);
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}

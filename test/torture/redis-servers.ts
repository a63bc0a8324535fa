/** Redis, which keeps everything and waits for the disk. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultProxy, startProxy } from '../services/proxy.js';
import { askRedis, type RedisServer, startRedis } from '../services/redis-server.js';
import type { ServerHandle } from '../services/server-process.js';
import type { Disturbance } from './run-plan.js';
import { type Disturber, type ReplicatedServer, type ServerKind, STORE_TIMEOUT_MS } from './server-kind.js';

/** Shorter than a lease: what a replica does not confirm is sent again while the claim is worth it. */
const REPLICA_TIMEOUT_MS = 150;

const POLLS = 1_000;
const POLL_MS = 10;

/** A server for a run; what it acknowledged is on the disk. */
const start = (replicaOf?: number): Promise<RedisServer> =>
  startRedis({ appendonly: 'always', ...(replicaOf === undefined ? {} : { replicaOf }) });

/** What is done to a Redis, each as a command with the number that it answers. */
const DISTURBANCES: Partial<Readonly<Record<Disturbance, string>>> = {
  'script-flush': 'SCRIPT FLUSH',
  'subscriber-kill': 'CLIENT KILL TYPE pubsub',
};

/** Redis as the harness uses it. */
export const REDIS: ServerKind = {
  atOnce: 6,
  stopSignal: 'SIGTERM',
  start,
  startReplicated: () => RedisPair.start(),
  place: ({ name, replicated }, url) => ({
    url,
    options: {
      prefix: name,
      timeoutMs: STORE_TIMEOUT_MS,
      ...(replicated === true
        ? { durability: { replicas: 1, timeoutMs: REPLICA_TIMEOUT_MS } }
        : { profile: 'production' }),
    },
  }),
  disturber(server: ServerHandle, what: Disturbance): Disturber {
    const command = DISTURBANCES[what];
    if (command === undefined) throw new Error(`${what} is not for Redis`);
    return {
      async disturb() {
        const answer = await askRedis(server.port, [command]);
        if (answer.startsWith('-')) throw new Error(`${command}: ${answer}`);
        return answer.startsWith(':') ? Number.parseInt(answer.slice(1), 10) : 1;
      },
      end: async () => undefined,
    };
  },
};

/** A primary, and a replica that hears it through a proxy. */
class RedisPair implements ReplicatedServer {
  #primary: RedisServer;
  #replica: RedisServer;
  #link: FaultProxy;

  private constructor(primary: RedisServer, replica: RedisServer, link: FaultProxy) {
    this.#primary = primary;
    this.#replica = replica;
    this.#link = link;
  }

  static async start(): Promise<RedisPair> {
    const primary = await start();
    const link = await linkTo(primary);
    const pair = new RedisPair(primary, await start(link.port), link);
    await connected(pair.#replica);
    return pair;
  }

  get url(): string {
    return this.#primary.url;
  }

  cutOff(): void {
    this.#link.pause();
  }

  async failOver(clients: FaultProxy): Promise<void> {
    const [lost, next] = [this.#primary, this.#replica];
    await lost.kill('SIGKILL');
    // What it had sent and the replica had not heard is gone with it.
    await this.#link.close();
    await ask(next, 'REPLICAOF NO ONE');
    clients.setTarget(next.url);
    clients.cut();
    this.#link = await linkTo(next);
    [this.#primary, this.#replica] = [next, lost];
    await lost.restart();
    await ask(lost, `REPLICAOF 127.0.0.1 ${this.#link.port}`);
    await connected(lost);
  }

  async stop(): Promise<void> {
    await this.#link.close();
    await Promise.all([this.#primary.stop(), this.#replica.stop()]);
  }
}

/** Bytes only: nothing of what passes between servers is looked into. */
function linkTo(primary: RedisServer): Promise<FaultProxy> {
  return startProxy(`tcp://127.0.0.1:${primary.port}`);
}

/** Has a command carried out, as soon as the server has loaded its data. */
function ask(server: RedisServer, command: string): Promise<void> {
  return until(server, command, (answer) => {
    if (!answer.startsWith('-') || answer.startsWith('-LOADING')) return answer.startsWith('+OK');
    throw new Error(`${command}: ${answer}`);
  });
}

function connected(replica: RedisServer): Promise<void> {
  return until(replica, 'INFO replication', (answer) => answer.includes('master_link_status:up'));
}

async function until(server: RedisServer, command: string, content: (answer: string) => boolean): Promise<void> {
  for (let poll = 0; poll < POLLS; poll += 1) {
    if (content(await askRedis(server.port, [command]))) return;
    await sleep(POLL_MS);
  }
  throw new Error(`Redis never gave the answer to ${command} that was waited for`);
}

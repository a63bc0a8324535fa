import { setTimeout as sleep } from 'node:timers/promises';
import { CLUSTER_BUS_OFFSET } from './ports.js';
import { askRedis, type RedisServer, startRedis } from './redis-server.js';

const SLOTS = 16_384;
const PRIMARIES = 3;
const FORMING_DEADLINE_MS = 60_000;
const POLL_MS = 50;

/** Three primaries, and after them their replicas in the same order if there are to be any. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** One URL per node: any of them leads a client to all. */
  readonly urls: readonly string[];
  /** Resolves when all nodes agree that every slot is served, for instance after a restart of one. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export interface RedisClusterOptions {
  /** Further settings of every node, as in redis.conf. */
  readonly config?: Readonly<Record<string, string>>;
  /** Whether each primary has a replica. Default false. */
  readonly replicas?: boolean;
}

/**
 * Starts a Redis Cluster of three nodes, with the slots spread evenly, and waits until it serves all of them. Nodes
 * keep what they acknowledged (`appendonly` `always`).
 */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { config = {}, replicas = false } = options;
  const password = config['requirepass'];
  const nodes: RedisServer[] = [];
  const cluster: RedisCluster = {
    nodes,
    get urls() {
      return nodes.map(({ url }) => url);
    },
    settled: () => settled(nodes, password),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
  try {
    for (let node = 0; node < (replicas ? 2 : 1) * PRIMARIES; node++)
      nodes.push(await startRedis({ cluster: true, appendonly: 'always', config }));
    const primaries = nodes.slice(0, PRIMARIES);
    await Promise.all(primaries.map((node, position) => assignSlots(node, position, password)));
    const [first, ...others] = nodes;
    for (const { port } of others) {
      await demand(first?.port ?? 0, `CLUSTER MEET 127.0.0.1 ${port} ${port + CLUSTER_BUS_OFFSET}`, password);
    }
    await cluster.settled();
    for (const [position, { port }] of nodes.slice(PRIMARIES).entries()) {
      const answer = await askRedis(primaries[position]?.port ?? 0, ['CLUSTER MYID'], password);
      const id = /[0-9a-f]{40}/.exec(answer)?.[0];
      await demand(port, `CLUSTER REPLICATE ${id}`, password);
    }
    await cluster.settled();
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

function assignSlots({ port }: RedisServer, position: number, password: string | undefined): Promise<void> {
  const first = Math.floor((SLOTS * position) / PRIMARIES);
  const last = Math.floor((SLOTS * (position + 1)) / PRIMARIES) - 1;
  return demand(port, `CLUSTER ADDSLOTSRANGE ${first} ${last}`, password);
}

async function demand(port: number, command: string, password: string | undefined): Promise<void> {
  const answer = await askRedis(port, [command], password);
  if (!answer.startsWith(password === undefined ? '+OK' : '+OK\r\n+OK'))
    throw new Error(`Redis answered ${command} with: ${answer}`);
}

async function settled(nodes: readonly RedisServer[], password: string | undefined): Promise<void> {
  const deadline = performance.now() + FORMING_DEADLINE_MS;
  for (;;) {
    const states = await Promise.all(
      nodes.map(({ port }) => askRedis(port, ['CLUSTER INFO', 'CLUSTER NODES', 'INFO replication'], password)),
    );
    if (states.every((state) => agrees(state, nodes.length))) return;
    if (performance.now() > deadline) throw new Error(`The cluster did not form:\n${states.join('\n')}`);
    await sleep(POLL_MS);
  }
}

/** Whether a node sees all nodes, connected, with all slots; and its primary, if it is a replica. */
function agrees(state: string, nodes: number): boolean {
  const connected = state.match(/ connected( \d|$)/gm)?.length ?? 0;
  const served = state.includes('cluster_state:ok') && state.includes(`cluster_slots_ok:${SLOTS}\r`);
  return served && connected === nodes && !state.includes('master_link_status:down');
}

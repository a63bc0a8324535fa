import { setTimeout as sleep } from 'node:timers/promises';
import { CLUSTER_BUS_OFFSET } from './ports.js';
import { askRedis, type RedisServer, startRedis } from './redis-server.js';

const SLOTS = 16_384;
const FORMING_DEADLINE_MS = 60_000;
const POLL_MS = 50;

/** Three primaries without replicas. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** One URL per node: any of them leads a client to all. */
  readonly urls: readonly string[];
  /** Resolves when all nodes agree that every slot is served, for instance after a restart of one. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a Redis Cluster of three nodes, with the slots spread evenly, and waits until it serves all of them. Nodes
 * keep what they acknowledged (`appendonly` `always`).
 */
export async function startRedisCluster(config: Readonly<Record<string, string>> = {}): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  const cluster: RedisCluster = {
    nodes,
    get urls() {
      return nodes.map(({ url }) => url);
    },
    settled: () => settled(nodes),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
  try {
    for (const _ of [1, 2, 3]) nodes.push(await startRedis({ cluster: true, appendonly: 'always', config }));
    await Promise.all(nodes.map((node, position) => assignSlots(node, position, nodes.length)));
    const [first, ...others] = nodes;
    for (const { port } of others) {
      await demand(first?.port ?? 0, `CLUSTER MEET 127.0.0.1 ${port} ${port + CLUSTER_BUS_OFFSET}`);
    }
    await cluster.settled();
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

function assignSlots(node: RedisServer, position: number, nodes: number): Promise<void> {
  const first = Math.floor((SLOTS * position) / nodes);
  const last = Math.floor((SLOTS * (position + 1)) / nodes) - 1;
  return demand(node.port, `CLUSTER ADDSLOTSRANGE ${first} ${last}`);
}

async function demand(port: number, command: string): Promise<void> {
  const answer = await askRedis(port, [command]);
  if (!answer.startsWith('+OK')) throw new Error(`Redis answered ${command} with: ${answer}`);
}

async function settled(nodes: readonly RedisServer[]): Promise<void> {
  const deadline = performance.now() + FORMING_DEADLINE_MS;
  for (;;) {
    const states = await Promise.all(nodes.map(({ port }) => askRedis(port, ['CLUSTER INFO', 'CLUSTER NODES'])));
    if (states.every((state) => agrees(state, nodes.length))) return;
    if (performance.now() > deadline) throw new Error(`The cluster did not form:\n${states.join('\n')}`);
    await sleep(POLL_MS);
  }
}

/** Whether a node sees all nodes, connected, with all slots. */
function agrees(state: string, nodes: number): boolean {
  const connected = state.match(/ connected \d/g)?.length ?? 0;
  return state.includes('cluster_state:ok') && state.includes(`cluster_slots_ok:${SLOTS}\r`) && connected === nodes;
}

import type { Cluster } from 'ioredis';
import type { StoreConcern, StoreHealth } from '../contract.js';
import type { RedisClient } from './driver.js';

/** What servers say of themselves, where that is allowed: managed services refuse some of it. */
export interface ServerFacts {
  /** The fields of INFO. */
  readonly info: ReadonlyMap<string, string> | undefined;
  /** Two settings that INFO does not show: `save` and `appendfsync`. */
  readonly config: ReadonlyMap<string, string> | undefined;
}

/** Asks a server, or every primary of a cluster. */
export async function askServers(client: RedisClient): Promise<ServerFacts[]> {
  if (!client.isCluster) return [await askServer(client)];
  // It names its servers only once it is connected to one.
  await client.ping();
  return Promise.all((client as Cluster).nodes('master').map(askServer));
}

async function askServer(server: Pick<RedisClient, 'info' | 'config'>): Promise<ServerFacts> {
  // One by one: several at once are new in Redis 7, and all of them have passwords among them.
  const [info, save, appendfsync] = await Promise.all([
    server.info().then(fieldsOf, refused),
    server.config('GET', 'save').then(pairs, refused),
    server.config('GET', 'appendfsync').then(pairs, refused),
  ]);
  // Its append-only file counts as off while it is read: that says nothing of how the server is set.
  if (info?.get('loading') === '1') throw new Error('LOADING the server reads its data');
  const config = save === undefined || appendfsync === undefined ? undefined : new Map([...save, ...appendfsync]);
  return { info, config };
}

function refused(error: Error): undefined {
  if (!/^(ERR|NOPERM) /.test(error.message)) throw error;
  return undefined;
}

function fieldsOf(info: string): ReadonlyMap<string, string> {
  return new Map(
    info.split(/\r?\n/).flatMap((line) => {
      const end = line.indexOf(':');
      return end === -1 ? [] : [[line.slice(0, end), line.slice(end + 1)] as const];
    }),
  );
}

/** CONFIG GET answers names and values in turn, and over RESP3 an object of them. */
function pairs(answer: unknown): ReadonlyMap<string, string> {
  if (answer instanceof Map) return answer;
  if (!Array.isArray(answer)) return new Map(Object.entries(answer as Record<string, string>));
  const names = answer as string[];
  return new Map(names.flatMap((name, at) => (at % 2 === 0 ? [[name, names[at + 1] as string] as const] : [])));
}

/** What servers are set to, and what can go wrong because of it. */
export function judge(store: string, servers: readonly ServerFacts[], replicas: number | undefined): StoreHealth {
  const [first] = servers as [ServerFacts, ...ServerFacts[]];
  const concerns = new Map<string, StoreConcern>();
  for (const server of servers)
    for (const concern of concernsOf(server, replicas)) concerns.set(concern.found, concern);
  return { store, server: nameOf(first.info), facts: factsOf(first, servers.length), concerns: [...concerns.values()] };
}

function nameOf(info: ServerFacts['info']): string {
  const valkey = info?.get('valkey_version');
  return valkey === undefined ? `Redis ${info?.get('redis_version') ?? 'of an unknown version'}` : `Valkey ${valkey}`;
}

function factsOf({ info = new Map(), config }: ServerFacts, primaries: number): Record<string, string> {
  return {
    persistence: persistenceOf(info, config),
    'maxmemory-policy': info.get('maxmemory_policy') ?? 'unknown',
    maxmemory: info.get('maxmemory_human') ?? 'unknown',
    role: info.get('role') ?? 'unknown',
    replicas: info.get('connected_slaves') ?? 'unknown',
    ...(primaries > 1 ? { primaries: String(primaries) } : {}),
  };
}

function persistenceOf(info: ReadonlyMap<string, string>, config: ServerFacts['config']): string {
  if (!info.has('aof_enabled')) return 'unknown';
  if (info.get('aof_enabled') === '1')
    return `append-only file, appendfsync ${config?.get('appendfsync') ?? 'unknown'}`;
  if (config === undefined) return 'no append-only file';
  return config.get('save') === '' ? 'none' : 'snapshots only';
}

function concernsOf({ info, config }: ServerFacts, replicas: number | undefined): StoreConcern[] {
  const concerns: StoreConcern[] = [];
  const found = (severity: StoreConcern['severity'], what: string, risk: string, remedy: string): void => {
    concerns.push({ severity, found: what, risk, remedy });
  };
  if (info === undefined) {
    found(
      'unsafe',
      'INFO is not allowed here',
      'it cannot be told whether the server persists anything, or drops records when its memory is full',
      'Allow it: ACL SETUSER <user> +info. CONFIG GET is of use, too: +config|get.',
    );
    return concerns;
  }
  const major = Number.parseInt(info.get('redis_version') ?? '7', 10);
  if (major < 6) found('unsafe', `Redis ${major}`, 'it is older than anything this was tested on', 'Use Redis 7.');
  if (info.get('role') === 'slave')
    found('unsafe', 'the server is a replica', 'it takes no writes, so no tool runs', 'Name the primary in the URL.');
  persistence(info, config, found);
  const policy = info.get('maxmemory_policy') ?? '';
  if (policy.startsWith('allkeys-'))
    found(
      'unsafe',
      `maxmemory-policy is ${policy}`,
      'at its memory limit Redis drops records, and calls they stood for run again',
      'Set maxmemory-policy noeviction: then calls are refused instead.',
    );
  else if (policy.startsWith('volatile-'))
    found(
      'weak',
      `maxmemory-policy is ${policy}`,
      'records are safe, but who waits for a call may learn of its end half a minute late',
      'Set maxmemory-policy noeviction.',
    );
  replication(Number(info.get('connected_slaves') ?? 0), info.get('role'), replicas, found);
  return concerns;
}

type Found = (severity: StoreConcern['severity'], what: string, risk: string, remedy: string) => void;

function persistence(info: ReadonlyMap<string, string>, config: ServerFacts['config'], found: Found) {
  if (info.get('aof_enabled') !== '1') {
    const none = config?.get('save') === '';
    found(
      'unsafe',
      none ? 'nothing is persisted' : 'no append-only file, snapshots at most',
      none
        ? 'a restart loses every record, and every call may run again'
        : 'a crash loses every record since the last snapshot, and those calls may run again',
      'Set appendonly yes.',
    );
    return;
  }
  const flush = config?.get('appendfsync');
  if (flush === undefined)
    found(
      'weak',
      'CONFIG is not allowed here',
      'it cannot be told how often the append-only file is flushed',
      'Look at what your provider promises after a loss of the machine.',
    );
  else if (flush !== 'always')
    found(
      'weak',
      `appendfsync is ${flush}`,
      `a crash or a kill of the server can take ${flush === 'everysec' ? 'the last seconds' : 'what was not written yet'} of what it acknowledged, and those calls may run again`,
      'Set appendfsync always where that must not happen.',
    );
}

function replication(connected: number, role: string | undefined, replicas: number | undefined, found: Found) {
  if (role === 'slave') return;
  if (replicas === undefined) {
    if (connected === 0) return;
    found(
      'weak',
      `${connected} replica${connected === 1 ? '' : 's'}, which nobody waits for`,
      'a failover can lose the latest claims, and those calls may run again',
      `Open the store with durability: { replicas: 1 }.`,
    );
  } else if (connected < replicas) {
    found(
      'unsafe',
      `${connected} replica${connected === 1 ? ' is' : 's are'} connected, and ${replicas} waited for`,
      'no tool runs until they are there',
      'Start the replicas, or lower durability.replicas.',
    );
  }
}

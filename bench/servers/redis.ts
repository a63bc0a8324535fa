import { Redis } from 'ioredis';
import { openRedisStore, type RedisStoreOptions } from 'mycelium-runtime/redis';
import type { Store } from 'mycelium-runtime/store';
import { askRedis, type RedisOptions, type RedisServer, startRedis } from '../../test/services/redis-server.js';
import type { ServerFacts } from '../report.js';
import { notRun, type Row } from '../row.js';
import type { Scale } from '../workload.js';
import { extentOf, type Line, latencies, rates } from './compare.js';
import { farAway } from './far-away.js';
import { layerRows } from './layers.js';
import { manyRecordsRows } from './many-records.js';
import { type Opened, withOpened } from './opened.js';
import { packageVersion } from './packages.js';
import { keepApart, missingProgram, type Placement } from './placement.js';
import { powertools } from './powertools.js';
import { minimalScripts, pings, redisWire } from './redis-floor.js';
import { rememberedRow, renewalRow } from './remembered.js';
import { type Counted, countRoundTrips, countTrips } from './round-trips.js';
import { wireWay } from './template.js';
import { guardedWay, storeWay, type Way, workOf } from './work.js';

const BLOCKS = 16;
/** How many calls each case makes in a round, with many in flight. */
const IN_FLIGHT_CALLS = 3_000;
/** What a round trip takes more when the server is far away. */
const FAR_MS = 1;

/** Targets T1 to T5 and T13, on servers of its own. */
export async function measureRedis(
  scale: Scale,
  note: (what: string) => void,
  tell: (server: ServerFacts) => void,
): Promise<Row[]> {
  const missing = missingProgram('redis-server', 'redis-server');
  if (missing !== undefined) return [notRun({ id: 'redis', target: 'T1 to T5, T13', what: 'redis' }, missing)];
  return withOpened(async (opened) => {
    const placement = opened.keep(keepApart(), (one) => one.end());
    note('redis: starting');
    const server = await start({}, placement, opened);
    tell(await factsOf(server, placement));
    const rows: Row[] = [];
    const part = async (what: string, measure: (bench: RedisBench) => Promise<readonly Row[]>): Promise<void> => {
      note(`redis: ${what}`);
      rows.push(...(await withOpened((some) => measure(new RedisBench(scale, placement, some)))));
    };
    await part('calls, one at a time and many in flight', (bench) => bench.calls(server));
    await part('remembered calls and leases', (bench) => bench.remembered(server));
    await part('far away', (bench) => bench.farAway(server));
    await part('with many records', (bench) =>
      manyRecordsRows('redis', (name) => bench.open(server.url, name), scale, BLOCKS),
    );
    await part('beside Powertools', (bench) => bench.besidePowertools(server));
    await part('scripts counted', () => countRoundTrips(counted(server), scale));
    await part('with a replica', (bench) => bench.withReplica());
    await part('flushed at every write', (bench) => bench.flushedAlways());
    return rows;
  });
}

async function start(options: RedisOptions, placement: Placement, opened: Opened): Promise<RedisServer> {
  const server = opened.keep(await startRedis(options), (one) => one.stop());
  placement.place(server);
  return server;
}

async function factsOf({ port }: RedisServer, { text }: Placement): Promise<ServerFacts> {
  const version = /redis_version:(\S+)/.exec(await askRedis(port, ['INFO server']))?.[1];
  return {
    server: `Redis ${version ?? 'of an unknown version'}`,
    settings: 'appendonly no and save "", where a row does not say otherwise',
    packages: [packageVersion('ioredis'), packageVersion('@aws-lambda-powertools/idempotency')],
    placement: text,
  };
}

/** What the driver asks for itself. */
const DRIVER = new Set(['HELLO', 'AUTH', 'SELECT', 'CLIENT', 'INFO', 'SUBSCRIBE', 'PING', 'QUIT', 'CONFIG']);

function counted({ url }: RedisServer, options: RedisStoreOptions = {}): Counted {
  return {
    name: 'redis',
    url,
    unit: 'script',
    open: (at) => openRedisStore(at, { ...options, prefix: 'counted' }),
    counts: ({ name }) => !DRIVER.has(name),
  };
}

/** The servers, stores and clients of one part. */
class RedisBench {
  readonly #scale: Scale;
  readonly #placement: Placement;
  readonly #opened: Opened;

  constructor(scale: Scale, placement: Placement, opened: Opened) {
    this.#scale = scale;
    this.#placement = placement;
    this.#opened = opened;
  }

  #start(options: RedisOptions): Promise<RedisServer> {
    return start(options, this.#placement, this.#opened);
  }

  async open(url: string, prefix: string, options: RedisStoreOptions = {}): Promise<Store> {
    return this.#opened.keep(await openRedisStore(url, { ...options, prefix }), (store) => store.close());
  }

  #connect(url: string): Redis {
    return this.#opened.keep(new Redis(url), (client) => client.disconnect());
  }

  async #guarded(url: string, prefix: string, options: RedisStoreOptions = {}, name = 'guarded'): Promise<Way> {
    const [store, elsewhere] = [await this.open(url, prefix, options), await this.open(url, prefix, options)];
    return guardedWay(name, store, elsewhere, this.#scale);
  }

  async calls({ url }: RedisServer): Promise<Row[]> {
    const wire = await redisWire(this.#connect(url), 'own');
    this.#opened.keep(wire.store, (store) => store.close());
    const ping = pings(this.#connect(url));
    const layers = {
      guarded: await this.#guarded(url, 'guarded'),
      store: await storeWay(await this.open(url, 'store'), this.#scale),
      own: await wireWay(wire, this.#scale),
      minimal: await minimalScripts(this.#connect(url), this.#scale),
      ping: { fresh: ping.two, replay: ping.one },
    };
    const judged = {
      name: 'redis',
      fresh: { target: 'T2', minimal: 1.12, own: 1.12, ping: 1.3 },
      replay: { target: 'T3', minimal: 1.12, own: 1.12, twoPings: 0.65 },
      inFlight: { target: 'T4', own: 0.75 },
      inFlightCalls: IN_FLIGHT_CALLS,
      blocks: BLOCKS,
    };
    return layerRows(layers, judged, this.#scale);
  }

  async remembered({ url }: RedisServer): Promise<Row[]> {
    const ping = pings(this.#connect(url)).one;
    return [
      await rememberedRow('redis', await this.open(url, 'remembered'), this.#scale),
      await renewalRow('redis', await this.open(url, 'renewed'), ping, this.#scale),
    ];
  }

  async farAway({ url }: RedisServer): Promise<Row[]> {
    const far = this.#opened.keep(await farAway(url, FAR_MS), (line) => line.close());
    const ping = pings(this.#connect(far.url));
    // What finishes the calls that are replayed is near: it is not measured.
    const guarded = guardedWay('far', await this.open(far.url, 'far'), await this.open(url, 'far'), this.#scale);
    const ways = { guarded, ping: { fresh: ping.two, replay: ping.one } };
    return this.#alone(ways, { target: 'T2', of: 'guarded', over: 'ping' }, 'far', `${FAR_MS} ms away`, {
      fresh: 1.05,
      blocks: 4,
    });
  }

  async besidePowertools({ url }: RedisServer): Promise<Row[]> {
    const ways = {
      guarded: await this.#guarded(url, 'beside'),
      powertools: powertools(this.#connect(url), this.#scale),
    };
    const line = { target: 'T4', of: 'guarded', over: 'powertools' } as const;
    const together = (kind: 'fresh' | 'replay', what: string): Promise<Row[]> =>
      rates(
        workOf(ways, kind),
        [{ ...line, id: `redis-powertools-in-flight-${kind}`, what: `redis, ${what}`, limit: 2 }],
        this.#scale,
        IN_FLIGHT_CALLS,
      );
    return [
      ...(await this.#alone(ways, line, 'powertools', '', {})),
      ...(await together('fresh', 'fresh calls')),
      ...(await together('replay', 'replays')),
    ];
  }

  async withReplica(): Promise<Row[]> {
    const primary = await this.#start({});
    await this.#start({ replicaOf: primary.port });
    await follows(this.#connect(primary.url));
    const options = { durability: { replicas: 1 } } as const;
    const ways = {
      waiting: await this.#guarded(primary.url, 'waiting', options),
      plain: await this.#guarded(primary.url, 'plain', {}, 'not waiting for it'),
    };
    const line = { target: 'T5', of: 'waiting', over: 'plain' } as const;
    const what = 'redis, replicas: 1, fresh call';
    return [
      ...(await latencies(
        workOf(ways, 'fresh'),
        [{ ...line, id: 'redis-replica-fresh', what, limit: 1.25 }],
        extentOf(this.#scale, BLOCKS),
      )),
      ...(await rates(
        workOf(ways, 'fresh'),
        [{ ...line, id: 'redis-replica-in-flight', what: `${what}s` }],
        this.#scale,
        IN_FLIGHT_CALLS / 3,
      )),
      await countTrips(counted(primary, options), { id: 'redis-replica-trips', target: 'T5', what }, 2, this.#scale),
    ];
  }

  async flushedAlways(): Promise<Row[]> {
    const { url } = await this.#start({ appendonly: 'always' });
    const ways = {
      guarded: await this.#guarded(url, 'guarded'),
      minimal: await minimalScripts(this.#connect(url), this.#scale),
    };
    const line = { target: 'T2', of: 'guarded', over: 'minimal' } as const;
    return [
      ...(await this.#alone(ways, line, 'always', 'appendfsync always', { blocks: BLOCKS / 2 })),
      ...(await rates(
        workOf(ways, 'fresh'),
        [{ ...line, id: 'redis-always-in-flight', what: 'redis, appendfsync always, fresh calls' }],
        this.#scale,
        IN_FLIGHT_CALLS / 2,
      )),
    ];
  }

  /** Fresh calls and replays, one at a time. */
  async #alone<Name extends string>(
    ways: Readonly<Record<Name, Way>>,
    line: Pick<Line<Name>, 'target' | 'of' | 'over'>,
    id: string,
    where: string,
    { fresh, blocks = BLOCKS }: { readonly fresh?: number; readonly blocks?: number },
  ): Promise<Row[]> {
    const about = where === '' ? 'redis' : `redis, ${where}`;
    const extent = extentOf(this.#scale, blocks);
    const limit = fresh === undefined ? {} : { limit: fresh };
    return [
      ...(await latencies(
        workOf(ways, 'fresh'),
        [{ ...line, id: `redis-${id}-fresh`, what: `${about}, fresh call`, ...limit }],
        extent,
      )),
      ...(await latencies(
        workOf(ways, 'replay'),
        [{ ...line, id: `redis-${id}-replay`, what: `${about}, replay` }],
        extent,
      )),
    ];
  }
}

/** Until it follows, nothing that waits for a replica is answered. */
async function follows(client: Redis): Promise<void> {
  await client.set('follows', '1');
  if ((await client.wait(1, 20_000)) !== 1) throw new Error('the replica does not follow its primary');
}

import { openPostgresStore } from 'mycelium-runtime/postgres';
import type { Store } from 'mycelium-runtime/store';
import postgres, { type Options, type Sql } from 'postgres';
import { type PostgresServer, startPostgres } from '../../test/services/postgres-server.js';
import { inTiedChild } from '../child.js';
import type { ServerFacts } from '../report.js';
import { notRun, type Row } from '../row.js';
import type { Scale } from '../workload.js';
import { extentOf, latencies } from './compare.js';
import { layerRows } from './layers.js';
import { manyRecordsRows } from './many-records.js';
import { type Opened, withOpened } from './opened.js';
import { packageVersion } from './packages.js';
import { keepApart, missingProgram } from './placement.js';
import { minimalStatements, postgresWire, selects } from './postgres-floor.js';
import { rememberedRow, renewalRow } from './remembered.js';
import { countRoundTrips } from './round-trips.js';
import { wireWay } from './template.js';
import { guardedWay, storeWay } from './work.js';

const BLOCKS = 12;
/** How many calls each case makes in a round, with many in flight. */
const IN_FLIGHT_CALLS = 1_500;
/** Of each store and each floor. */
const CONNECTIONS = 10;

/** Targets T1, T6, T7, T13 and T15, on a server of its own. */
export async function measurePostgres(
  scale: Scale,
  note: (what: string) => void,
  tell: (server: ServerFacts) => void,
): Promise<Row[]> {
  const missing = missingProgram('initdb', 'postgresql');
  if (missing !== undefined)
    return [notRun({ id: 'postgres', target: 'T1, T6, T7, T13, T15', what: 'postgres' }, missing)];
  return withOpened(async (opened) => {
    const placement = opened.keep(keepApart(), (one) => one.end());
    note('postgres: starting');
    // Room for the connections of everything that takes turns.
    const server = opened.keep(await startPostgres({ settings: { max_connections: '200' } }), (one) => one.stop());
    placement.place(server);
    tell({ ...(await factsOf(server)), placement: placement.text });
    note('postgres: calls, one at a time and many in flight');
    const rows = await withOpened((some) => callRows(server, some, scale));
    note('postgres: remembered calls and leases');
    rows.push(...(await withOpened((some) => rememberedRows(server, some, scale))));
    note('postgres: with many records');
    rows.push(
      ...(await withOpened((some) => manyRecordsRows('postgres', (name) => open(server, some, name), scale, BLOCKS))),
    );
    note('postgres: statements counted');
    rows.push(...(await countRoundTrips(counted(server), scale)));
    note('postgres: beside DBOS');
    rows.push(...(await inTiedChild<Row[]>('dbos', [server.url, JSON.stringify(scale)])));
    return rows;
  });
}

async function callRows(server: PostgresServer, opened: Opened, scale: Scale): Promise<Row[]> {
  const wire = await postgresWire(connect(server, opened), 'own');
  opened.keep(wire.store, (store) => store.close());
  const ping = selects(connect(server, opened));
  const minimal = await minimalStatements(connect(server, opened), scale);
  const [store, elsewhere] = [await open(server, opened, 'guarded'), await open(server, opened, 'guarded')];
  const layers = {
    guarded: guardedWay('guarded', store, elsewhere, scale),
    store: await storeWay(await open(server, opened, 'store'), scale),
    own: await wireWay(wire, scale),
    minimal,
    ping: { fresh: ping.two, replay: ping.one },
  };
  const rows = await layerRows(
    layers,
    {
      name: 'postgres',
      fresh: { target: 'T6', minimal: 1.08, own: 1.08 },
      replay: { target: 'T6', minimal: 1.12, own: 1.12 },
      inFlight: { target: 'T7', own: 0.85 },
      inFlightCalls: IN_FLIGHT_CALLS,
      blocks: BLOCKS,
    },
    scale,
  );
  // The store switches it on whatever the server is set to, so only the floor can be had without.
  const off = connect(server, opened, { connection: { synchronous_commit: 'off' } });
  const unflushed = await minimalStatements(off, scale, ', synchronous_commit off');
  return [
    ...rows,
    ...(await latencies(
      { flushed: minimal.fresh, unflushed: unflushed.fresh },
      [
        {
          id: 'postgres-flush',
          target: 'T6',
          what: 'postgres, two minimal statements, synchronous_commit on',
          of: 'flushed',
          over: 'unflushed',
        },
      ],
      extentOf(scale, BLOCKS / 2),
    )),
  ];
}

async function rememberedRows(server: PostgresServer, opened: Opened, scale: Scale): Promise<Row[]> {
  const select = selects(connect(server, opened)).one;
  return [
    await rememberedRow('postgres', await open(server, opened, 'remembered'), scale),
    await renewalRow('postgres', await open(server, opened, 'renewed'), select, scale),
  ];
}

function connect({ url }: PostgresServer, opened: Opened, options: Options<Record<string, never>> = {}): Sql {
  const sql = postgres(url, { max: CONNECTIONS, fetch_types: false, onnotice: () => undefined, ...options });
  return opened.keep(sql as unknown as Sql, (one) => one.end({ timeout: 1 }));
}

async function open({ url }: PostgresServer, opened: Opened, schema: string): Promise<Store> {
  const store = await openPostgresStore(url, { schema, connections: CONNECTIONS });
  return opened.keep(store, (one) => one.close());
}

function counted({ url }: PostgresServer): Parameters<typeof countRoundTrips>[0] {
  return {
    name: 'postgres',
    url,
    unit: 'statement',
    open: (at) => openPostgresStore(at, { schema: 'counted' }),
    // What the driver asks for itself, and the subscription.
    counts: ({ text }) => !/^\s*(listen|set|show)\b/i.test(text),
  };
}

async function factsOf(server: PostgresServer): Promise<Omit<ServerFacts, 'placement'>> {
  return withOpened(async (opened) => {
    const sql = connect(server, opened);
    const shown = async (name: string): Promise<string> => {
      const [row] = await sql.unsafe(`SELECT current_setting('${name}') AS value`);
      return String(row?.['value']);
    };
    const settings = ['fsync', 'synchronous_commit', 'wal_sync_method', 'shared_buffers'];
    const texts = await Promise.all(settings.map(async (name) => `${name} ${await shown(name)}`));
    return {
      server: `PostgreSQL ${await shown('server_version')}`,
      settings: `${texts.join(', ')}; ${CONNECTIONS} connections for each store and floor`,
      packages: [packageVersion('postgres'), packageVersion('@dbos-inc/dbos-sdk')],
    };
  });
}

import { DBOS } from '@dbos-inc/dbos-sdk';
import { openPostgresStore } from 'mycelium-runtime/postgres';
import type { Row } from '../row.js';
import { eachTogether, freshPayments, type Payment, pay, type Scale } from '../workload.js';
import { extentOf, latencies, rates } from './compare.js';
import { withOpened } from './opened.js';
import { guardedWay, type Way, workOf } from './work.js';

/** Both get as many connections. */
const CONNECTIONS = 10;

/**
 * Target T15, in a process of its own: DBOS uses AsyncLocalStorage, which makes every await of its process slower. So
 * ours are slower here, too.
 */
export async function dbosProgram([url = '', scale = '']: readonly string[]): Promise<Row[]> {
  // Whoever started this may be gone before it is done, and the server with it, for which DBOS would wait.
  process.stdin.resume().once('end', () => process.exit(1));
  try {
    return await withOpened(async (opened) => {
      const open = async () =>
        opened.keep(await openPostgresStore(url, { schema: 'beside', connections: CONNECTIONS }), (one) => one.close());
      const guarded = guardedWay('guarded', await open(), await open(), JSON.parse(scale));
      const dbos = await launch(url, JSON.parse(scale));
      opened.keep(DBOS, (one) => one.shutdown());
      return compared({ guarded, dbos }, JSON.parse(scale));
    });
  } finally {
    process.stdin.destroy();
  }
}

async function compared(ways: Readonly<Record<'guarded' | 'dbos', Way>>, scale: Scale): Promise<Row[]> {
  const line = (id: string, what: string, limit: number) =>
    ({
      id: `postgres-dbos-${id}`,
      target: 'T15',
      what: `postgres, ${what}`,
      of: 'guarded',
      over: 'dbos',
      limit,
    }) as const;
  const extent = extentOf(scale, 3);
  return [
    ...(await latencies(workOf(ways, 'fresh'), [line('fresh', 'fresh call', 0.25)], extent)),
    ...(await latencies(workOf(ways, 'replay'), [line('replay', 'replay', 0.2)], extent)),
    ...(await rates(workOf(ways, 'fresh'), [line('in-flight', 'fresh calls', 8)], scale, 640)),
  ];
}

/** A workflow of one step, which is the body; replayed by the same workflow id. */
async function launch(url: string, scale: Scale): Promise<Way> {
  const silent = { info: ignore, debug: ignore, warn: ignore, error: ignore };
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: url,
    systemDatabasePoolSize: CONNECTIONS,
    systemDatabaseSchemaName: 'dbos',
    logger: silent,
  });
  const workflow = DBOS.registerWorkflow(
    (payment: Payment) => DBOS.runStep(() => pay(payment), { name: 'send_payment' }),
    { name: 'send_payment' },
  );
  await DBOS.launch();
  const call = (payment: Payment) => DBOS.withNextWorkflowID(payment.invoiceId, () => workflow(payment));
  return {
    fresh: {
      name: 'DBOS, a workflow of one step',
      prepare: (count) => freshPayments(count, scale.seed).map((payment) => () => call(payment)),
    },
    replay: {
      name: 'DBOS, the same workflow id',
      async prepare(count) {
        const payments = freshPayments(count, scale.seed);
        await eachTogether(payments, call);
        return payments.map((payment) => () => call(payment));
      },
    },
  };
}

function ignore(): void {
  // What DBOS says while it works would stand between the numbers.
}

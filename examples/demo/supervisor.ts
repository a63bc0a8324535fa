/**
 * Dispatches every invoice to a worker process, and dispatches it again until somebody has reported back, as
 * agent frameworks do. On the way it kills workers where the story says so.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readBook } from './book.js';
import type { Reached } from './gateway.js';
import type { Charge } from './gateway-client.js';
import { killed, type Processes } from './processes.js';
import { type Invoice, KILLS, MOMENTS, type Mode, NOT_INDEXED, WORKERS } from './story.js';
import type { Report } from './worker.js';

/** How a run ended. */
export interface RunResult {
  /** The gateway's own book. */
  readonly book: readonly Charge[];
  /** Workers killed with SIGKILL. */
  readonly kills: number;
  /** By invoice: the error of what waits for a person. */
  readonly blocked: ReadonlyMap<string, string>;
}

const MOST_DISPATCHES = 10;

/**
 * Has all invoices paid.
 *
 * @param folder - for the gateway's book and the ledger's records
 * @param tell - is told what happens to which invoice
 * @throws Error when an invoice does not get done however often it is dispatched.
 */
export async function payAll(
  mode: Mode,
  invoices: readonly Invoice[],
  folder: string,
  processes: Processes,
  tell: (invoiceId: string, what: string) => void,
): Promise<RunResult> {
  const bookFile = join(folder, `${mode}-book.jsonl`);
  const gateway = processes.start('gateway', [bookFile, NOT_INDEXED]);
  const [gatewayUrl] = (await once(gateway, 'message')) as [string];
  const store = pathToFileURL(join(folder, 'ledger')).href;
  const startWorker = (): ChildProcess => processes.start('worker', [mode, store], { GATEWAY_URL: gatewayUrl });

  const workerOn = new Map<string, ChildProcess>();
  const killsToCome = new Map(Object.entries(KILLS).map(([invoiceId, moments]) => [invoiceId, [...moments]]));
  const blocked = new Map<string, string>();
  let kills = 0;

  gateway.on('message', ({ ticket, moment, invoiceId }: Reached) => {
    const worker = workerOn.get(invoiceId);
    const toCome = killsToCome.get(invoiceId);
    if (worker === undefined || toCome?.[0] !== moment) {
      gateway.send(ticket, () => undefined);
      return;
    }
    toCome.shift();
    worker.once('exit', (_code, signal) => {
      if (signal === 'SIGKILL') kills += 1;
    });
    tell(invoiceId, `worker ${worker.pid} killed ${MOMENTS[moment]}; dispatched again`);
    worker.kill('SIGKILL');
  });

  /** @returns the worker that is alive after it. */
  const carryOut = async (invoice: Invoice, first: ChildProcess): Promise<ChildProcess> => {
    const { invoiceId } = invoice;
    let worker = first;
    let why = '';
    for (let dispatches = 0; dispatches < MOST_DISPATCHES; dispatches += 1) {
      workerOn.set(invoiceId, worker);
      const report = await dispatch(worker, invoice);
      switch (report.state) {
        case 'done':
          tell(invoiceId, `paid, ${report.chargeId}`);
          return worker;
        case 'blocked':
          if (blocked.has(invoiceId)) {
            tell(invoiceId, 'still blocked: it waits for a person');
            return worker;
          }
          blocked.set(invoiceId, report.error);
          tell(invoiceId, 'blocked; dispatched again all the same');
          break;
        case 'failed':
          why = report.error;
          tell(invoiceId, `failed (${why}); dispatched again`);
          break;
        case 'lost':
          why = 'its worker was lost';
          worker = startWorker();
      }
    }
    throw new Error(`${invoiceId} was dispatched ${MOST_DISPATCHES} times and did not get done: ${why}.`);
  };

  const queue = invoices.values();
  const work = async (): Promise<void> => {
    let worker = startWorker();
    for (const invoice of queue) worker = await carryOut(invoice, worker);
    await killed(worker);
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  await killed(gateway);
  return { book: readBook(bookFile), kills, blocked };
}

/** Hands an invoice to a worker, and waits for its report or its end. */
async function dispatch(worker: ChildProcess, invoice: Invoice): Promise<Report | { readonly state: 'lost' }> {
  if (!worker.connected) return { state: 'lost' };
  const stop = new AbortController();
  const { signal } = stop;
  try {
    const reported = once(worker, 'message', { signal }).then(([report]) => report as Report);
    const lost = once(worker, 'exit', { signal }).then(() => ({ state: 'lost' }) as const);
    worker.send(invoice, () => undefined);
    return await Promise.race([reported, lost]);
  } finally {
    stop.abort();
  }
}

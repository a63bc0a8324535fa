/**
 * Pays three invoices, kills a worker in the middle of each, and shows how its successor finds out what became of the
 * charge. In a clone: npm run build:tools && node .build/examples/reconcilers/main.js
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Order } from './payments-client.js';
import { type Provider, startProvider } from './provider.js';
import type { Way } from './tools.js';
import type { Report } from './worker.js';

const SEARCH_LAG_MS = 5_000;
const MOST_DISPATCHES = 15;

/** Where the first worker on the invoice is killed. */
type Moment = 'charged' | 'on the way';

interface Act {
  readonly invoiceId: string;
  readonly way: Way;
  readonly killed: Moment;
  readonly title: string;
}

const ACTS: readonly Act[] = [
  {
    invoiceId: 'INV-71',
    way: 'reference',
    killed: 'charged',
    title: "The attempt recorded the provider's reference before it charged",
  },
  {
    invoiceId: 'INV-72',
    way: 'key',
    killed: 'charged',
    title: `It left nothing but its key, and the search is ${SEARCH_LAG_MS / 1_000} s behind`,
  },
  {
    invoiceId: 'INV-73',
    way: 'proof',
    killed: 'on the way',
    title: 'Its request is still on the way when it dies, and nobody will ever find a charge',
  },
];

const startedAt = performance.now();
const folder = mkdtempSync(join(tmpdir(), 'mycelium-reconcilers-'));
const storeUrl = pathToFileURL(join(folder, 'ledger')).href;
const killsToCome = new Map<string, Moment>(ACTS.map(({ invoiceId, killed }) => [invoiceId, killed]));
let current: ChildProcess | undefined;
/** Lets the request arrive whose worker is gone. */
let letArrive: (() => void) | undefined;

function say(what: string): void {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1).padStart(5);
  process.stdout.write(`  ${seconds} s  ${what}\n`);
}

/** Kills the worker that waits for this answer, if it is its turn. */
async function killIfDue(invoiceId: string, moment: Moment): Promise<boolean> {
  const worker = current;
  if (worker === undefined || killsToCome.get(invoiceId) !== moment) return false;
  killsToCome.delete(invoiceId);
  const gone = once(worker, 'exit');
  worker.kill('SIGKILL');
  await gone;
  return true;
}

async function start(): Promise<Provider> {
  return startProvider({
    searchLagMs: SEARCH_LAG_MS,
    async onTheWay(invoiceId) {
      if (!(await killIfDue(invoiceId, 'on the way'))) return;
      say('worker killed while its request was on the way');
      await new Promise<void>((resolve) => {
        letArrive = resolve;
      });
    },
    async onCharged({ id, metadata }) {
      if (await killIfDue(metadata['invoice'] ?? '', 'charged'))
        say(`worker killed: ${id} is charged, and nobody was told`);
    },
  });
}

/** Hands the call to a new worker process. @returns undefined when it was lost. */
async function dispatch(provider: Provider, way: Way, order: Order): Promise<Report | undefined> {
  const program = fileURLToPath(new URL('./worker.js', import.meta.url));
  // What a worker has to say on its standard error is a defect, and shown.
  const worker = fork(program, [storeUrl, provider.url, way, JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  current = worker;
  let report: Report | undefined;
  worker.once('message', (message) => {
    report = message as Report;
  });
  const [exitCode] = (await once(worker, 'close')) as [number | null];
  if (exitCode !== null && exitCode !== 0) throw new Error(`a worker ended with ${exitCode}`);
  return report;
}

/** Dispatches the call until somebody reports it as paid, as agent frameworks do. */
async function payUntilPaid(provider: Provider, { invoiceId, way, killed }: Act): Promise<void> {
  const order: Order = { invoiceId, amountCents: 12_500, paymentMethod: 'pm_card' };
  let blocked = false;
  for (let dispatches = 0; dispatches < MOST_DISPATCHES; dispatches += 1) {
    const report = await dispatch(provider, way, order);
    if (report?.state === 'paid') {
      const how = killed === 'charged' ? 'the same charge' : 'its key was burnt, and it ran anew under another';
      return say(`dispatched again: paid, ${report.payment.intent} (${how})`);
    }
    if (report?.state === 'blocked') {
      const [, why = report.why] = /; (the reconciler cannot say: .*?)\)\./.exec(report.why) ?? [];
      if (!blocked) say(`dispatched again: blocked\n           ${why}`);
      blocked = true;
      await sleep(500);
    }
  }
  throw new Error(`${invoiceId} is not paid after ${MOST_DISPATCHES} dispatches`);
}

/** The request that was on the way when its worker died arrives, and has to be refused. */
async function lostRequestArrives(provider: Provider): Promise<void> {
  const before = provider.intents().length;
  letArrive?.();
  await sleep(100);
  const refused = provider.intents().length === before;
  say(`the lost request arrives after all: ${refused ? 'refused, its key is burnt' : 'CARRIED OUT'}`);
}

/** The provider's own book, which nobody here has a hand in. */
function book(provider: Provider): readonly string[] {
  const problems: string[] = [];
  process.stdout.write("\nThe provider's book\n");
  for (const { id, status, metadata } of provider.intents()) {
    const what = metadata['invoice'] ?? 'a key that was burnt';
    process.stdout.write(`  ${id}  ${status.padEnd(9)}  ${what}\n`);
  }
  for (const { invoiceId } of ACTS) {
    const charges = provider
      .intents()
      .filter((one) => one.status === 'succeeded' && one.metadata['invoice'] === invoiceId);
    if (charges.length !== 1) problems.push(`${invoiceId} was charged ${charges.length} times`);
  }
  if (killsToCome.size > 0) problems.push(`${[...killsToCome.keys()].join(', ')}: nobody was killed`);
  return problems;
}

const provider = await start();
try {
  process.stdout.write(
    'Three invoices, and for each a worker that is killed with SIGKILL in the middle of paying it.\n',
  );
  for (const act of ACTS) {
    process.stdout.write(`\n${act.invoiceId}  ${act.title}\n`);
    await payUntilPaid(provider, act);
  }
  await lostRequestArrives(provider);
  const problems = book(provider);
  if (problems.length > 0) throw new Error(`This is not what was promised: ${problems.join('; ')}.`);
  process.stdout.write('\nEvery invoice is charged exactly once, and nobody had to look at anything.\n');
} finally {
  current?.kill('SIGKILL');
  await provider.close();
  rmSync(folder, { recursive: true, force: true });
}

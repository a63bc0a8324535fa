// One life of a process with a ledger, for tests that end, stop and resume real processes. Told what to do, and telling
// what happened, over the channel of `fork`.
//
//     fork('process-life.mjs', [JSON of { dist, url, options, leaseMs, sigterm? }])
//
// It is sent { do: 'call', id, effect?, waitFor?, how? }, { do: 'finish', id }, { do: 'close', drain }, { do: 'store', heal }
// and { do: 'leave' }; the body of a call says that it began, then waits for `finish` unless `how` says otherwise.
import { appendFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const given = isMainThread ? process.argv[2] : workerData;
const { dist, url, options, leaseMs, effects, sigterm } = JSON.parse(given);
const { ActionLedger, ledger, openStore, StoreUnavailableError, taskLedger } = await import(
  new URL('index.js', dist).href
);
const { onFaultPoint } = await import(new URL('testing/index.js', dist).href);

const say = (message) => (isMainThread ? process.send?.(message) : parentPort.postMessage(message));
const store = await openStore(url, options);

// Completions can be kept from the store, to leave work for the background.
let ill = false;
const way = Object.create(store, {
  transact: {
    value: (transaction, nonce) =>
      ill && transaction.write.some(({ value }) => value.includes('"phase":"committed"'))
        ? Promise.reject(new StoreUnavailableError({ store: store.description, during: 'transact', applied: 'no' }))
        : store.transact(transaction, nonce),
  },
  description: { value: store.description },
  close: { value: (closing) => store.close(closing) },
  renew: { value: (renewals) => store.renew(renewals) },
  list: { value: (query) => store.list(query) },
  watch: { value: (key, revision, signal) => store.watch(key, revision, signal) },
});
const actions = new ActionLedger({ store: way });

const finishers = new Map();
const described = (error) => ({
  code: error.code ?? error.name,
  message: error.message,
  remedy: error.remedy,
  result: error.result,
});

/** What a body does besides waiting to be told to finish. */
const ways = {
  exit: () => process.exit(3),
  // The rejection belongs to nobody: the tool itself goes on.
  unhandled: () => void Promise.reject(new Error('nobody awaits this')),
  uncaught: () =>
    void setImmediate(() => {
      throw new Error('thrown outside of every promise');
    }),
};

async function body({ id, how }, call) {
  appendFileSync(effects, `${id} ${process.pid} ${call.fence}\n`);
  call.signal.addEventListener('abort', () => say({ event: 'stopped', id, ...described(call.signal.reason) }));
  say({ event: 'began', id, fence: call.fence });
  ways[how]?.();
  await new Promise((resolve) => {
    finishers.set(id, resolve);
  });
  return `${id} by ${process.pid} under ${call.fence}`;
}

async function call({ id, effect = 'irreversible', waitFor = '60s', how, freezeAt }) {
  if (freezeAt !== undefined) {
    // Stopped in the very moment, by itself: nobody outside could aim as well.
    onFaultPoint((point) => {
      if (point !== freezeAt) return;
      onFaultPoint(undefined);
      say({ event: 'freezes', id });
      return new Promise((resolve) =>
        setTimeout(() => {
          process.kill(process.pid, 'SIGSTOP');
          setTimeout(resolve, 1);
        }, 50),
      );
    });
  }
  const tool = ledger({
    name: 'act',
    effect,
    idFrom: ['id'],
    fingerprint: { omit: ['how'] },
    lease: leaseMs,
    waitFor,
    ledger: actions,
  })(body);
  try {
    say({ event: 'answered', id, value: await tool({ id, ...(how === undefined ? {} : { how }) }) });
  } catch (error) {
    say({ event: 'failed', id, ...described(error) });
  }
}

/** A task of two tools: between them it waits to be told to go on. */
async function task({ id }) {
  const settings = { effect: 'irreversible', idFrom: ['id'], lease: leaseMs, ledger: actions };
  const step = (name) =>
    ledger({ ...settings, name })(async () => {
      appendFileSync(effects, `${id}-${name} ${process.pid}\n`);
      return `${name} by ${process.pid}`;
    });
  const whole = taskLedger({ name: 'both', idFrom: ['id'], lease: leaseMs, waitFor: '60s', ledger: actions });
  const both = whole(async () => {
    const first = await step('first')({ id });
    say({ event: 'between', id });
    await new Promise((resolve) => {
      finishers.set(id, resolve);
    });
    return [first, await step('second')({ id })];
  });
  try {
    say({ event: 'answered', id, value: await both({ id }) });
  } catch (error) {
    say({ event: 'failed', id, ...described(error) });
  }
}

async function end(drain) {
  const closed = actions.close({ drain });
  // Close takes effect with the turn in which it was called.
  setImmediate(() => say({ event: 'closing' }));
  await closed;
  say({ event: 'closed' });
}

const orders = {
  call,
  task,
  finish: ({ id }) => finishers.get(id)?.(),
  close: ({ drain }) => end(drain),
  ill: ({ on }) => {
    ill = on;
  },
  thread: () => {
    const thread = new Worker(new URL(import.meta.url), { workerData: given });
    thread.on('message', (message) => say({ ...message, event: `thread ${message.event}` }));
    orders.inThread = (order) => thread.postMessage(order.order);
    orders.terminate = async () => say({ event: 'terminated', code: await thread.terminate() });
  },
  async leave() {
    await store.close({ drain: true });
    process.disconnect?.();
  },
};

if (isMainThread) process.on('message', (order) => orders[order.do](order));
else parentPort.on('message', (order) => orders[order.do](order));

if (sigterm !== undefined) {
  // As the README has it.
  process.once('SIGTERM', async () => {
    await end(sigterm);
    await store.close({ drain: true });
    process.disconnect();
  });
}
say({ event: 'ready' });

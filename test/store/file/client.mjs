// A process that uses a store, for tests that kill it. What it prints on a line of its own has been answered.
//
//     node client.mjs <entry of the built store> <folder> <what to do> [arguments as JSON]
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [entry, folder, what, options = '{}'] = process.argv.slice(2);
const { openFileStore } = await import(pathToFileURL(entry).href);
const { count = 0, prefix = '', size = 10, times = 1, pause = 0 } = JSON.parse(options);

const keyOf = (id) => ({ partition: 0, kind: 'call', id });
const say = (...words) => writeSync(1, `${words.join(' ')}\n`);
let nonces = 0;
const freshNonce = () => `${process.pid}${prefix}n${++nonces}`;

const put = (store, id, value, nonce = freshNonce()) =>
  store.transact({ expect: [{ key: keyOf(id), revision: undefined }], write: [{ key: keyOf(id), value }] }, nonce);

/** Writes one record after the other. What it says: `ok <id> <revision>`, `refused <id> <code> <applied>`, `end`. */
async function write(store) {
  for (let number = 0; number < count; number++) {
    const id = `${prefix}${number}`;
    try {
      const { ok, records } = await put(store, id, 'v'.repeat(size));
      say(ok ? 'ok' : 'taken', id, records[0]?.revision);
    } catch (error) {
      say('refused', id, error.code, error.details?.applied);
    }
    if (pause > 0) await sleep(pause);
  }
}

/** Claims keys in an order of its own, several at once, and sends some claims twice. What it says: `won <id> <nonce>`. */
async function claim(store) {
  const ids = Array.from({ length: count }, (_, number) => `k${number}`).sort(() => Math.random() - 0.5);
  const one = async (id) => {
    const nonce = freshNonce();
    const { ok } = await put(store, id, nonce, nonce);
    const again = Math.random() < 0.3 ? await put(store, id, nonce, nonce) : undefined;
    if (again !== undefined && again.ok !== ok) say('differs', id, nonce);
    if (ok) say('won', id, nonce);
  };
  while (ids.length > 0) {
    await Promise.all(ids.splice(0, 5).map(one));
    if (pause > 0) await sleep(Math.random() * pause);
  }
}

/** Compacts again and again. What it says: `compacted`. */
async function compact(store) {
  for (let round = 0; round < times; round++) {
    await store.compact();
    say('compacted');
    if (pause > 0) await sleep(Math.random() * pause);
  }
}

try {
  const store = await openFileStore(folder);
  say('open');
  await { write, claim, compact }[what](store);
  await store.close();
  say('end');
} catch (error) {
  say('failed', error.code, error.details?.applied, error.message.split('\n')[0]);
  process.exitCode = 3;
}

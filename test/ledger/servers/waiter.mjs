// A process in which many callers want one call, for tests that count what that costs the server.
//
//     node waiter.mjs <entry of the built package> <entry of the built driver> <url> <name of the store> <lease in ms>
//
// It reads lines: `call <id> <how many>`, `finish`, `exit`. It prints one JSON value per line: "ready", "body" when a body
// has begun, and the distinct results of a `call` with the number of callers.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [packageEntry, storeEntry, url, name, lease] = process.argv.slice(2);
const { ActionLedger, ledger } = await import(pathToFileURL(packageEntry).href);
const { openRedisStore, openPostgresStore } = await import(pathToFileURL(storeEntry).href);
const store = await (openRedisStore?.(url, { prefix: name }) ?? openPostgresStore(url, { schema: name }));
const home = new ActionLedger({ store });
const say = (value) => writeSync(1, `${JSON.stringify(value)}\n`);

let finish;
const finished = new Promise((resolve) => {
  finish = resolve;
});
const options = {
  name: 'wanted',
  effect: 'irreversible',
  idFrom: ['id'],
  lease: Number(lease),
  waitFor: '60s',
  ledger: home,
};
const wanted = ledger(options)(async ({ id, waits }) => {
  if (waits !== true) return id;
  say('body');
  await finished;
  return `${id} by ${process.pid}`;
});

// What is loaded and watched once in the life of a process is not what is counted.
for (let call = 0; call < 3; call++) {
  await wanted({ id: `warm ${process.pid}` });
  await new Promise((resolve) => setTimeout(resolve, 100));
}
say('ready');

for await (const line of createInterface({ input: process.stdin })) {
  const [what, id, count] = line.split(' ');
  if (what === 'finish') finish();
  if (what === 'exit') break;
  if (what === 'call') {
    Promise.all(Array.from({ length: Number(count) }, () => wanted({ id, waits: true }))).then(
      (results) => say({ results: [...new Set(results)], callers: results.length }),
      (error) => say({ error: String(error) }),
    );
  }
}
await home.close();
await store.close();

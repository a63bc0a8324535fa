// A process that uses a Redis store, for tests of how processes end. It prints a line when it is where it should be.
//
//     node process-life.mjs <entry of the built store> <url> <prefix> <what to do>
import { pathToFileURL } from 'node:url';

const [entry, url, prefix, what] = process.argv.slice(2);
const { openRedisStore } = await import(pathToFileURL(entry).href);
const key = { partition: 0, kind: 'call', id: 'one' };
const insert = { expect: [{ key, revision: undefined }], write: [{ key, value: 'v' }] };

if (what === 'refused') {
  await openRedisStore(url, { prefix }).catch(({ code }) => process.stdout.write(`${code}\n`));
} else {
  const durability = what === 'lanes' ? { durability: { replicas: 1, timeoutMs: 100 } } : {};
  const store = await openRedisStore(url, { prefix, ...durability });
  await store.transact(insert, 'n').catch(() => undefined);
  const watch = store.watch(key, '1:n', new AbortController().signal);
  process.stdout.write('open\n');
  // The test does to the server what it wants to, and says when.
  await new Promise((resolve) => process.stdin.once('data', resolve));
  process.stdin.destroy();
  const pending = store.renew([{ key, owner: 'w', fence: 1, ms: 1000 }]).catch(() => undefined);
  await store.close({ drain: what === 'drain' });
  await Promise.all([watch, pending]);
  process.stdout.write('closed\n');
}

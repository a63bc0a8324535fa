// A process that prunes, for tests that kill it. What it says on a line of its own is so.
//
//     node prune-process.mjs <folder of the built package> <folder of the store> [when it kills itself, as JSON]
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [built, folder, killing = '{}'] = process.argv.slice(2);
const { removal, when, delay } = JSON.parse(killing);
const load = (file) => import(pathToFileURL(join(built, file)).href);
const [{ openFileStore }, { ActionLedger }] = await Promise.all([
  load('store/file/file-store.js'),
  load('ledger/action-ledger.js'),
]);
const say = (...words) => writeSync(1, `${words.join(' ')}\n`);

const store = await openFileStore(folder);
if (removal !== undefined) {
  const transact = store.transact.bind(store);
  const die = () => process.kill(process.pid, 'SIGKILL');
  let removals = 0;
  store.transact = async (transaction, nonce) => {
    const reached = (transaction.remove ?? []).length > 0 && ++removals === removal;
    if (reached && when === 'before') die();
    const answer = transact(transaction, nonce);
    if (reached && when === 'during') setTimeout(die, delay);
    const answered = await answer;
    if (reached && when === 'after') die();
    return answered;
  };
}
const ledger = new ActionLedger({ store });
say('open');
const { pruned } = await ledger.prune({
  olderThan: '30d',
  by: String(process.pid),
  onProgress: ({ examined, pruned: until }) => say('page', examined, until),
});
say('end', pruned);
await store.close();

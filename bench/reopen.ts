import { openFileStore } from 'mycelium-runtime/store';

/** How long opening a folder takes in a fresh process, in milliseconds. */
export async function reopenProgram([folder]: readonly string[]): Promise<number> {
  const start = performance.now();
  const store = await openFileStore(folder ?? '');
  const { now } = await store.transact({ expect: [], write: [] }, 'reopened');
  const took = performance.now() - start;
  if (now === 0) throw new Error('the store has no clock');
  await store.close();
  return took;
}

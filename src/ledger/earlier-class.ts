import type { Dispatch } from './dispatch.js';
import type { Engine } from './engine.js';
import { decodeCall, mayHaveHappened } from './record.js';
import type { RecordedClass } from './transition.js';

const CONSEQUENTIAL: readonly RecordedClass[] = ['keyed_mutate', 'non_idempotent_mutate', 'irreversible'];

/**
 * A tool that is a read now may have been a payment before. What it did then is recorded without the run or period
 * by which reads are told apart, so a read with a business id looks there before it runs for the first time: the
 * stricter class decides, and loosening needs a release.
 *
 * @returns the dispatch, turned to the earlier record where there is one that counts.
 * @throws LedgerClosedError, StoreUnavailableError
 */
export async function heedEarlierClass(engine: Engine, dispatch: Dispatch): Promise<Dispatch> {
  const { unscoped: key, reference } = dispatch;
  if (key === undefined || engine.wasFinished(reference.id)) return dispatch;
  engine.assertOpen();
  const [stored] = await engine.read([key]);
  if (stored === undefined) return dispatch;
  const { record } = decodeCall(stored, engine.description);
  if (!CONSEQUENTIAL.includes(record.effect) || !mayHaveHappened(record)) return dispatch;
  return { ...dispatch, key, unscoped: undefined, reference: { ...reference, id: key.id } };
}

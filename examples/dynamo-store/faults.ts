/** What an error of the service says about the request it answers. */
import { MyceliumError } from 'mycelium-runtime';
import { StoreUnavailableError, UsageError } from 'mycelium-runtime/store';
import type { ServiceError } from './client.js';

/** Turned away before anything was done. */
const TURNED_AWAY: readonly string[] = [
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'TransactionCanceledException',
];

function reasonsOf(error: unknown): readonly string[] {
  return ((error as ServiceError).CancellationReasons ?? []).map(({ Code }) => Code).filter((code) => code !== 'None');
}

/** A condition did not hold. */
export function isRefusal(error: unknown): boolean {
  if ((error as ServiceError).name === 'ConditionalCheckFailedException') return true;
  const reasons = reasonsOf(error);
  return reasons.length > 0 && reasons.every((reason) => reason === 'ConditionalCheckFailed');
}

/** Another transaction was at the same items: sent again, it may pass. */
export function isConflict(error: unknown): boolean {
  const { name } = error as ServiceError;
  if (name === 'TransactionConflictException' || name === 'TransactionInProgressException') return true;
  const reasons = reasonsOf(error);
  const known = reasons.every((reason) => reason === 'TransactionConflict' || reason === 'ConditionalCheckFailed');
  return known && reasons.includes('TransactionConflict');
}

/** What a caller of the store is told. */
export function translated(store: string, during: string, error: unknown): Error {
  if (error instanceof MyceliumError) return error;
  const { name, $metadata } = error as ServiceError;
  if (name === 'ValidationException' || reasonsOf(error).includes('ValidationError')) {
    return new UsageError({
      place: during,
      problem: `DynamoDB takes no such request: ${(error as Error).message}`,
      remedy:
        'Keep less of the result (store: { result: "digest" }, or a smaller one); an item and a request have limits.',
    });
  }
  // Of several sendings the last was turned away; an earlier one may still have landed.
  const applied = TURNED_AWAY.includes(name) && $metadata?.attempts === 1 ? 'no' : 'unknown';
  return new StoreUnavailableError({ store, during, applied, cause: error });
}

/** Waits, longer from time to time and never for the same time as others. Ends early with the signal. */
export function backoff(attempt: number, firstMs: number, signal?: AbortSignal): Promise<void> {
  const longest = firstMs * Math.min(2 ** attempt, 8);
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, longest / 2 + (longest / 2) * Math.random());
    signal?.addEventListener('abort', done, { once: true });
    if (signal?.aborted === true) done();
  });
}

import { MyceliumError } from '../../errors/mycelium-error.js';
import { StoreLostError, StoreUnavailableError } from '../../errors/store.js';

/**
 * Answers by which Redis says that it has not begun: the first writing command of a script is refused, and with it the
 * whole of it. Anything else leaves open what was done.
 */
const NOT_BEGUN =
  /^(READONLY|LOADING|MASTERDOWN|OOM|MISCONF|NOREPLICAS|BUSY|CLUSTERDOWN|CROSSSLOT|MOVED|ASK|TRYAGAIN|NOAUTH|WRONGPASS|NOPERM|NOSCRIPT|UNBLOCKED|EXECABORT)\b/;

/** What an answer means for people, where Redis's own words do not say it. */
const MEANING: Readonly<Record<string, string>> = {
  READONLY: 'the server is a replica, which takes no writes',
  LOADING: 'the server is still loading its data',
  OOM: 'the server is at its maxmemory and takes nothing more',
  MISCONF: 'the server cannot persist and takes no writes',
  NOREPLICAS: 'the server has too few replicas to take writes',
  BUSY: 'the server is busy with a script of somebody',
  CLUSTERDOWN: 'the cluster is down',
};

/** Facts about a command that failed. */
export interface Failure {
  readonly store: string;
  readonly during: string;
  readonly error: unknown;
  /** Whether the answer can only be to the one sending: a connection that broke lets the driver send again. */
  readonly sentOnce: boolean;
}

/** The error that the store throws for what the driver or the server threw. */
export function redisError({ store, during, error, sentOnce }: Failure): MyceliumError {
  if (error instanceof MyceliumError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (message.startsWith('STORELOST')) return new StoreLostError({ store, what: 'the mark of the store is gone' });
  const word = NOT_BEGUN.exec(message)?.[1];
  const notBegun = word !== undefined && sentOnce;
  const meaning = word === undefined ? undefined : MEANING[word];
  return new StoreUnavailableError({
    store,
    during,
    applied: notBegun ? 'no' : 'unknown',
    cause: meaning === undefined ? error : new Error(meaning, { cause: error }),
  });
}

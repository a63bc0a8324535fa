import { MyceliumError } from '../../errors/mycelium-error.js';
import { StoreLostError, StoreUnavailableError } from '../../errors/store.js';

/**
 * Answers by which Redis says that it has not begun with a command: before a script starts, or at its first writing
 * command, and then nothing of the script is done. Anything else leaves open what was done.
 */
const NOT_BEGUN =
  /^(READONLY|LOADING|MASTERDOWN|OOM|MISCONF|NOREPLICAS|BUSY|CLUSTERDOWN|CROSSSLOT|MOVED|ASK|TRYAGAIN|NOAUTH|WRONGPASS|NOPERM|NOSCRIPT) /;

/** Those that say so only of the script as a whole: inside one, other commands may have gone before. */
const ONLY_OUTSIDE: ReadonlySet<string> = new Set(['NOPERM', 'BUSY', 'NOSCRIPT', 'NOAUTH', 'WRONGPASS']);

/** What an answer means for people, where Redis's own words do not say it. */
const MEANING: Readonly<Record<string, string>> = {
  READONLY: 'the server is a replica, which takes no writes',
  LOADING: 'the server is still loading its data',
  OOM: 'the server is at its maxmemory and takes nothing more',
  MISCONF: 'the server cannot persist and takes no writes',
  NOREPLICAS: 'the server has too few replicas to take writes',
  BUSY: 'the server is busy with a script of somebody',
  CLUSTERDOWN: 'the cluster is down',
  MOVED: 'the server is a node of a cluster, which is to be named with ?cluster=true',
};

const MOVING = 'the cluster is moving these records to another node';
/** What it means where the client knows the cluster. */
const MEANING_IN_CLUSTER: Readonly<Record<string, string>> = { MOVED: MOVING, ASK: MOVING, TRYAGAIN: MOVING };

/** Facts about a command that failed. */
export interface Failure {
  readonly store: string;
  readonly during: string;
  readonly error: unknown;
  readonly cluster: boolean;
  /** Whether the answer can only be to the one sending, and not to a second one of the same command. */
  readonly sentOnce: boolean;
}

/** The error that the store throws for what the driver or the server threw. */
export function redisError({ store, during, error, cluster, sentOnce }: Failure): MyceliumError {
  if (error instanceof MyceliumError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const mark = /^STORELOST (\S+)/.exec(message)?.[1];
  if (mark !== undefined) return new StoreLostError({ store, what: `the mark "${mark}" is gone or another store's` });
  const word = NOT_BEGUN.exec(message)?.[1];
  const meaning = word === undefined ? undefined : ((cluster ? MEANING_IN_CLUSTER[word] : undefined) ?? MEANING[word]);
  return new StoreUnavailableError({
    store,
    during,
    applied: sentOnce && saysNotBegun(message, word) ? 'no' : 'unknown',
    cause: meaning === undefined ? bareError(error) : new Error(meaning, { cause: bareError(error) }),
  });
}

function saysNotBegun(message: string, word: string | undefined): boolean {
  return word !== undefined && !(ONLY_OUTSIDE.has(word) && message.includes(' script: '));
}

/** Servers forget scripts: with a restart, a failover, SCRIPT FLUSH. Then it is sent in full. */
export function isForgotten(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/** Whether the server will take the command when it has read its data. */
export function isLoading(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('LOADING ');
}

/** Whether another node of the cluster is to be asked. */
export function isRedirected(error: unknown): boolean {
  return error instanceof Error && /^(MOVED|ASK) /.test(error.message);
}

/** Whether the driver never sent the command: its connection was gone already. */
export function isUnsent(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Stream isn't writeable");
}

/** Whether the connection broke while the command was on its way, so that nobody knows what became of it. */
export function isDropped(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, message } = error;
  return name === 'MaxRetriesPerRequestError' || name === 'AbortError' || message === 'Connection is closed.';
}

/**
 * What the driver threw, by its name and message alone. On its errors, and on those inside them, hang commands, with a
 * password or with what a call was given: that goes nowhere.
 */
export function bareError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof MyceliumError) return error;
  const why = whyOf(error);
  if (why !== undefined) return bareError(why);
  // What Redis does not know it repeats.
  const bare = new Error(error.message.replace(/,? with args beginning with:.*/s, ''));
  bare.name = error.name;
  return bare;
}

/** The reason that an error keeps beside a message which does not say it: of the last node, or the first address. */
function whyOf(error: Error): unknown {
  const { lastNodeError, errors } = error as { lastNodeError?: unknown; errors?: readonly unknown[] };
  // The driver asks each node on a connection of whose errors it keeps nothing.
  return isDropped(lastNodeError) ? new Error('no node takes a connection') : (lastNodeError ?? errors?.[0]);
}

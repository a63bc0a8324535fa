import { StoreNotFoundError } from '../errors/store.js';
import { UsageError } from '../errors/usage.js';
import type { Store } from './contract.js';

/** What `openStore` passes on to the store it opens. */
export interface OpenStoreOptions {
  /**
   * How many partitions a store is created with. A store that exists with another number is refused.
   * @default 16
   */
  readonly partitions?: number;
  /** `false`: open what is there, and create nothing. @default true */
  readonly create?: boolean;
  /** The machine's clock, in milliseconds since the epoch, for tests. @default Date.now */
  readonly clock?: () => number;
}

const supported = 'Use "memory:", "file:./directory" or "file:///absolute/directory".';

/** Written down so that a reader who tries them learns that the name is right and the time is not. */
const announced: ReadonlySet<string> = new Set(['redis', 'rediss', 'postgres', 'postgresql']);

/**
 * Opens the store that a URL names: `memory:` for one that ends with the process, `file:./directory`
 * (relative to the working directory) or `file:///absolute/directory` for one on this machine. The code
 * of a store is loaded only here, when it is asked for.
 *
 * Characters that a URL reserves (`%`, `?`, `#`) are written percent-encoded in a path.
 *
 * @throws UsageError when the URL names no store that this version can open.
 * @throws StoreNotFoundError when there is none, and `create` is false.
 * @throws StoreFormatError when the store was created by another version or with other settings.
 */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<Store> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined)
    throw refused('the URL has no scheme', `${supported} A bare path is written with "file:" before it.`);
  const rest = url.slice(scheme.length + 1);
  if (scheme === 'memory') {
    if (rest !== '' && rest !== '//')
      throw refused('a memory store has no address', 'Write "memory:" and nothing after it.');
    if (options.create === false) throw new StoreNotFoundError({ store: 'memory ends with its process' });
    const { memoryStore } = await import('./memory.js');
    return memoryStore(options);
  }
  if (scheme === 'file') {
    const [{ directoryOf }, { openFileStore }] = await Promise.all([
      import('./file/file-url.js'),
      import('./file/file-store.js'),
    ]);
    return openFileStore(directoryOf(rest, refused), options);
  }
  // Only the scheme is quoted: what follows may carry a password.
  if (announced.has(scheme)) throw refused(`"${scheme}:" stores are not in this version yet`, supported);
  throw refused(`"${scheme}:" is not a kind of store`, supported);
}

/** Quotes no more of a URL than its scheme: what follows may carry a password. */
function refused(problem: string, remedy: string): UsageError {
  return new UsageError({ place: 'openStore(url)', problem, remedy });
}

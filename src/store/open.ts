import { fileURLToPath } from 'node:url';
import { UsageError } from '../errors/usage.js';
import type { Store } from './contract.js';

/** What `openStore` passes on to the store it opens. */
export interface OpenStoreOptions {
  /**
   * How many partitions a store is created with. A store that exists with another number is refused.
   * @default 16
   */
  readonly partitions?: number;
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
    const { memoryStore } = await import('./memory.js');
    return memoryStore(options);
  }
  if (scheme === 'file') {
    const directory = directoryOf(rest);
    const { openFileStore } = await import('./file/file-store.js');
    return openFileStore(directory, options);
  }
  // Only the scheme is quoted: what follows may carry a password.
  if (announced.has(scheme)) throw refused(`"${scheme}:" stores are not in this version yet`, supported);
  throw refused(`"${scheme}:" is not a kind of store`, supported);
}

function directoryOf(rest: string): string {
  if (/[?#]/.test(rest)) {
    throw refused(
      'a file URL carries no "?" or "#" part',
      'Pass settings as the second argument; write "?" in a path as %3F and "#" as %23.',
    );
  }
  if (rest.startsWith('//')) {
    const host = rest.slice(2).split('/', 1)[0] ?? '';
    if (host !== '' && host !== 'localhost') {
      throw refused(
        `"${host}" stands where a file URL names a host`,
        'Write "file:./directory" for a relative path and "file:///directory" for an absolute one.',
      );
    }
  }
  let path: string;
  try {
    path = rest.startsWith('//') ? fileURLToPath(`file:${rest}`) : decodeURIComponent(rest);
  } catch (cause) {
    throw refused(
      `the path cannot be decoded (${cause instanceof Error ? cause.message : String(cause)})`,
      'Write a percent sign in a path as %25, and no encoded slashes.',
    );
  }
  if (path === '' || path.includes('\0'))
    throw refused('the URL names no directory', 'Write one after "file:", e.g. "file:./.mycelium".');
  return path;
}

function refused(problem: string, remedy: string): UsageError {
  return new UsageError({ place: 'openStore(url)', problem, remedy });
}

import { lstat, readlink, realpath } from 'node:fs/promises';
import { dirname, parse, sep } from 'node:path';

/** As many links as Linux follows. */
const MOST_LINKS = 40;

const SEPARATOR: string | RegExp = sep === '\\' ? /[\\/]/ : '/';

type Kind = 'missing' | 'link' | 'folder' | 'other';

/**
 * Where paths end up on this disk, as the operating system would find it: through links to files and folders, and
 * through links whose target does not exist yet, because a write through one creates it. Remembers what it
 * looked at, so it serves one check and is thrown away.
 */
export class PathResolver {
  readonly #real = new Map<string, Promise<string>>();
  readonly #kinds = new Map<string, Promise<Kind>>();

  /**
   * @param path - absolute, and not normalized: `link/..` is the parent of where the link leads.
   * @returns undefined when it cannot be known: a loop, no permission, a file used as a folder, anything else.
   */
  async resolve(path: string): Promise<string | undefined> {
    try {
      return unless(await this.#realpath(path));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') return undefined;
    }
    try {
      return unless(await this.#walk(path));
    } catch {
      return undefined;
    }
  }

  /** For what does not exist, or not yet: the deepest folder that does, and the rest of the names. */
  async #walk(path: string): Promise<string | undefined> {
    const rest = partsOf(path);
    const missing: string[] = [];
    let real = parse(path).root;
    let links = 0;
    for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (missing.pop() === undefined) real = dirname(real);
        continue;
      }
      const next = under(real, part);
      const kind = missing.length > 0 ? 'missing' : await this.#kind(next);
      if (kind === 'missing') {
        missing.push(part);
      } else if (kind === 'link') {
        if (++links > MOST_LINKS) return undefined;
        const target = unless(await readlink(next));
        if (target === undefined) return undefined;
        const { root } = parse(target);
        if (root !== '') real = root;
        rest.push(...partsOf(target));
      } else {
        if (kind === 'other' && rest.length > 0) return undefined;
        real = next;
      }
    }
    // Once more as a whole: only the disk knows how it spells the names that it finds under several.
    const found = await this.#realpath(real);
    return missing.reduce(under, found);
  }

  #realpath(path: string): Promise<string> {
    return remembered(this.#real, path, (each) => realpath(each));
  }

  #kind(path: string): Promise<Kind> {
    return remembered(this.#kinds, path, kindOf);
  }
}

async function kindOf(path: string): Promise<Kind> {
  try {
    const found = await lstat(path);
    if (found.isSymbolicLink()) return 'link';
    return found.isDirectory() ? 'folder' : 'other';
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'missing';
    throw error;
  }
}

function remembered<Result>(
  known: Map<string, Promise<Result>>,
  path: string,
  look: (path: string) => Promise<Result>,
): Promise<Result> {
  let result = known.get(path);
  if (result === undefined) {
    result = look(path);
    known.set(path, result);
  }
  return result;
}

/** The last part first, to be taken from the end. */
function partsOf(path: string): string[] {
  return path.slice(parse(path).root.length).split(SEPARATOR).reverse();
}

function under(folder: string, name: string): string {
  return folder.endsWith(sep) ? folder + name : folder + sep + name;
}

/** Names on disk that are no UTF-8 all read alike, so two of them could be taken for one. */
function unless(path: string | undefined): string | undefined {
  return path?.includes('\ufffd') === true ? undefined : path;
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

/** Whether a path is a folder or below it. Both are absolute and without links. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

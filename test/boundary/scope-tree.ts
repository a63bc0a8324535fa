import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real tree with every kind of link. Deep enough that a few `..` never leave it. */
export interface Tree {
  /** What may be thrown away. */
  readonly top: string;
  /** Where relative paths start. */
  readonly base: string;
  /** As options name them: a folder, a link to a folder, one file, and a folder that does not exist. */
  readonly roots: readonly string[];
  /** The same, as they are on disk. */
  readonly inside: readonly string[];
  remove(): void;
}

export function makeTree(): Tree {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'mycelium-scope-')));
  const area = join(top, 'l1/l2/l3/l4/l5/l6/l7/l8/l9/l10/area');
  const at = (path: string): string => join(area, path);
  for (const folder of [
    'base/workspace/sub/deep',
    'base/workspace_evil',
    'base/other',
    'outside/dir',
    'linked/inner',
  ]) {
    mkdirSync(at(folder), { recursive: true });
  }
  for (const file of [
    'base/workspace/a.txt',
    'base/workspace/sub/b.txt',
    'base/workspace/sub/deep/c.txt',
    'base/workspace/100%.txt',
    'base/workspace/My%20File.txt',
    'base/workspace_evil/x.txt',
    'base/other/x.txt',
    'base/one.txt',
    'outside/secret.txt',
    'outside/dir/secret.txt',
    'linked/inner/d.txt',
  ]) {
    writeFileSync(at(file), file);
  }
  const links: Readonly<Record<string, string>> = {
    'base/workspace/in-dir': 'sub',
    'base/workspace/in-deep': './sub/deep/',
    'base/workspace/in-file': 'sub/b.txt',
    'base/workspace/in-absolute': at('base/workspace/sub'),
    'base/workspace/self': '.',
    'base/workspace/up': '..',
    'base/workspace/to-linked': '../../linked',
    'base/workspace/out-dir': '../../outside',
    'base/workspace/out-file': '../../outside/secret.txt',
    'base/workspace/out-absolute': at('outside/dir'),
    'base/workspace/out-new': '../../outside/new.txt',
    'base/workspace/out-new-deep': at('outside/none/new.txt'),
    'base/workspace/in-new': 'sub/new.txt',
    'base/workspace/in-new-deep': 'none/new.txt',
    'base/workspace/chain': 'chain-2',
    'base/workspace/chain-2': 'sub/chain-3',
    'base/workspace/sub/chain-3': '../out-dir',
    'base/workspace/dangling-chain': 'out-new',
    'base/workspace/loop-1': 'loop-2',
    'base/workspace/loop-2': 'loop-1',
    'base/workspace/loop-self': 'loop-self/x',
    'base/entry': 'workspace/sub',
    'base/root-link': '../linked',
    'outside/back': '../base/workspace',
  };
  for (const [link, target] of Object.entries(links)) symlinkSync(target, at(link));
  return {
    top,
    base: at('base'),
    roots: ['workspace', 'root-link', 'one.txt', at('base/not-yet')],
    inside: ['base/workspace', 'linked', 'base/one.txt', 'base/not-yet'].map(at),
    remove: () => rmSync(top, { recursive: true, force: true }),
  };
}

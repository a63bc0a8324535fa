import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../package/package-files.js';
import { type Block, fencedBlocks } from './blocks.js';

/** The fenced blocks of the README. */
export const readme: readonly Block[] = fencedBlocks(readFileSync(join(root, 'README.md'), 'utf8'), 'README.md');

/** The name of the file that a block is, from its first line: `// app.js`, `# mycelium.yaml`. */
export function fileName({ code }: Block): string | undefined {
  return /^(?:\/\/|#) ([\w.-]+\.(?:js|ts|yaml))$/.exec(code.split('\n', 1)[0] ?? '')?.[1];
}

/** The first walk: its files are made and its commands are run as they stand, by test/walk. */
export const firstWalk: readonly Block[] = readme.filter(({ scope }) => scope.endsWith('From an empty folder'));

/** The command lines of a block, without their comments. */
export function commandLines({ code }: Block): string[] {
  return code
    .split('\n')
    .map((line) => line.replace(/(^|\s+)#.*$/, '').trim())
    .filter((line) => line !== '');
}

import { closeSync, constants, mkdirSync, openSync, readlinkSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compileScope } from '../../src/boundary/scope/scope.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { makeTree, type Tree } from './scope-tree.js';

const CASES = 10_000;
const SEED = 20_251;

/** As many as one check tells of. */
const AT_ONCE = 100;

type Place = 'inside' | 'outside' | 'nowhere';

interface Generated {
  readonly text: string;
  /** It has one of the forms that the documentation lists as refused. */
  readonly ambiguous: boolean;
}

const tree = makeTree();
afterAll(() => tree.remove());

/** What the tree has, and what it has not. None of it is ambiguous. */
const NAMES = [
  ...['workspace', 'workspace_evil', 'other', 'outside', 'linked', 'inner', 'sub', 'deep', 'dir', 'not-yet', 'base'],
  ...['in-dir', 'in-deep', 'in-file', 'in-absolute', 'self', 'up', 'to-linked', 'in-new', 'in-new-deep', 'entry'],
  ...['out-dir', 'out-file', 'out-absolute', 'out-new', 'out-new-deep', 'chain', 'chain-2', 'dangling-chain', 'back'],
  ...['loop-1', 'loop-self', 'root-link', 'a.txt', 'b.txt', 'c.txt', 'x.txt', 'secret.txt', 'one.txt', '100%.txt'],
  ...['new', 'new.txt', '.env', '...x', 'a~', '$HOME', '*', '-rf', 'a b', 'cafe\u0301', 'caf\u00e9', '\u{1f600}'],
  ...['My%20File.txt', '50%.txt', 'console', 'a%', '%zz', '\u6587\u66f8'],
];

const AMBIGUOUS_PARTS = [
  ...['%2e%2e', '%2E.', '..%2f..', '%252e%252e', '..%5c', '%c0%ae%c0%ae', '%u002e', '%00', 'x%3ay', '%ef%bc%8f'],
  ...['\uff0e\uff0e', '\u2024\u2024', '\u2025', '.\ufe52', '..\uff0f..', '..\u2215..', '..\u2044', '\u2216', '\ufe68'],
  ...['.\u200b.', '..\u00ad', '\u202e', '.\u2060.', '\ufeff..', '..\0', '..\n', '\x7f', '..\ud800', '\udfff'],
  ...[
    '..\\..',
    '\\',
    'C:',
    'a.txt:x',
    '::$DATA',
    '.. ',
    '...',
    'a.',
    'a ',
    '. .',
    'NUL',
    'con.txt',
    'com1',
    'LPT\u00b2',
  ],
];

const AMBIGUOUS_STARTS = [
  '~/',
  '~root/',
  'file://',
  'file:',
  'C:/',
  'C:\\',
  '\\\\?\\',
  '//',
  '///',
  ' ',
  '\t',
  '\uff5e/',
];

/** Two of the roots, folders beside them, and nothing: where a path begins. */
function starts({ base }: Tree): readonly string[] {
  const outside = join(base, '../outside');
  const below = ['', 'workspace/', 'root-link/', './', '../base/', '../', 'workspace/sub/', 'workspace/sub/deep/'];
  return [...below, ...below, `${base}/`, `${base}/workspace/`, `${base}/not-yet/`, `${outside}/`, `${base}_evil/`];
}

function* generate(count: number): Generator<Generated> {
  const random = seededRandom(SEED);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;
  const begins = starts(tree);
  for (let made = 0; made < count; made++) {
    const parts: string[] = [];
    // At most so many steps up as the tree is deep.
    for (let length = 1 + below(6); parts.length < length; ) {
      const kind = random();
      parts.push(kind < 0.22 ? '..' : kind < 0.28 ? '.' : kind < 0.32 ? '' : pick(NAMES));
    }
    if (parts[0] === '') parts[0] = '.';
    const ambiguity = random();
    if (ambiguity < 0.2) parts.splice(below(parts.length + 1), 0, pick(AMBIGUOUS_PARTS));
    const start = ambiguity >= 0.2 && ambiguity < 0.27 ? pick(AMBIGUOUS_STARTS) + pick(begins) : pick(begins);
    yield { text: start + parts.join('/'), ambiguous: ambiguity < 0.27 };
  }
}

/** Opens the path, creating what is missing as a tool might, and asks the system which file it has. */
function place(path: string): Place {
  const made: { path: string; folder: boolean }[] = [];
  try {
    const landed = land(path, made);
    return tree.inside.some((root) => landed === root || landed.startsWith(`${root}/`)) ? 'inside' : 'outside';
  } catch {
    return 'nowhere';
  } finally {
    for (const each of made.reverse()) each.folder ? rmdirSync(each.path) : unlinkSync(each.path);
  }
}

function land(path: string, made: { path: string; folder: boolean }[]): string {
  const whole = opened(path, constants.O_RDONLY);
  if (whole !== undefined) return whole;
  // The base is no link, so what is there already need not be looked at step by step.
  const start = path.startsWith(`${tree.base}/`) ? tree.base : '';
  const parts = path.slice(start.length).split('/');
  let reached = start;
  for (let at = 1; at < parts.length; at++) {
    const last = at === parts.length - 1;
    const prefix = start + parts.slice(0, at + 1).join('/');
    let found = opened(prefix, last ? constants.O_RDONLY : constants.O_RDONLY | constants.O_DIRECTORY);
    if (found === undefined) {
      // Nothing is ever created outside of what is thrown away.
      if (!reached.startsWith(tree.top)) return reached;
      if (last) {
        found = opened(prefix, constants.O_WRONLY | constants.O_CREAT);
        if (found !== undefined) made.push({ path: found, folder: false });
      } else {
        mkdirSync(prefix);
        found = opened(prefix, constants.O_RDONLY | constants.O_DIRECTORY);
        if (found !== undefined) made.push({ path: found, folder: true });
      }
    }
    if (found === undefined) throw new Error('a link to what cannot be created');
    reached = found;
  }
  return reached;
}

/** The path of the open file, as the system knows it; undefined when there is none. */
function opened(path: string, flags: number): string | undefined {
  let file: number;
  try {
    file = openSync(path, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return readlinkSync(`/proc/self/fd/${file}`);
  } finally {
    closeSync(file);
  }
}

/** The text as the system reads it, and as a program does that takes `name/..` away first. */
function places(text: string): readonly Place[] {
  const raw = text.startsWith('/') ? text : `${tree.base}/${text}`;
  return [place(raw), place(resolve(tree.base, text))];
}

/** What programs make of a text that they do not take as it is. */
function readings(text: string): readonly string[] {
  const decoded = text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString());
  const parts = text.split('/').map((part) => (/^\.{1,2}$/.test(part) ? part : part.replace(/[. ]+$/, '')));
  return [
    decoded,
    decoded.normalize('NFKC'),
    text.normalize('NFKC'),
    text.normalize('NFC'),
    text.replaceAll('\\', '/'),
    text.replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, ''),
    text.replace(/\0.*/s, ''),
    text.replace(/^file:(?:\/\/)?/, ''),
    text.trim(),
    parts.join('/'),
  ].filter((reading) => reading !== text && reading !== '' && !reading.includes('\0'));
}

describe.runIf(process.platform === 'linux')('generated paths', () => {
  it('get through exactly when every file that they can name is inside', { timeout: 180_000 }, async () => {
    const options = { fields: ['files'], roots: tree.roots, base: tree.base };
    const scope = compileScope({ allowedPaths: options }, 'bounded', {
      compilePattern: () => ({ matches: () => false }),
    });
    const counts = { inside: 0, outside: 0, nowhere: 0, ambiguous: 0, allowed: 0, readings: 0 };
    const wrong: unknown[] = [];
    const all = [...generate(CASES)];
    for (let start = 0; start < all.length; start += AT_ONCE) {
      const some = all.slice(start, start + AT_ONCE);
      const issues = await scope?.check({ files: some.map(({ text }) => text) });
      const codes = new Map(issues?.map(({ path, code }) => [path, code]));
      for (const [index, { text, ambiguous }] of some.entries()) {
        const code = codes.get(`files[${index}]`);
        if (code === undefined) counts.allowed++;
        if (ambiguous !== (code === 'path-malformed')) wrong.push({ text, code, ambiguous });
        if (ambiguous) {
          counts.ambiguous++;
          continue;
        }
        const found = places(text);
        const truth = found.includes('outside') ? 'outside' : found.includes('nowhere') ? 'nowhere' : 'inside';
        counts[truth]++;
        if (truth === 'inside' && code !== undefined) wrong.push({ text, code, truth });
        // One that the system cannot open may be called so, as long as it is refused.
        const expected = found.includes('nowhere') ? (code ?? 'a refusal') : 'path-outside';
        if (truth === 'outside' && code !== expected) wrong.push({ text, code, truth });
        if (code !== undefined) continue;
        for (const reading of readings(text)) {
          counts.readings++;
          if (places(reading).includes('outside')) wrong.push({ text, reading });
        }
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(counts.inside).toBeGreaterThan(2000);
    expect(counts.outside).toBeGreaterThan(2000);
    expect(counts.ambiguous).toBeGreaterThan(2000);
    expect(counts.nowhere).toBeLessThan(CASES / 4);
    expect(counts.readings).toBeGreaterThan(200);
    expect(dirname(tree.base).split('/').length).toBeGreaterThan(12);
  });
});

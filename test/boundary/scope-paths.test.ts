import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { pathFlaw } from '../../src/boundary/scope/path-text.js';
import { isWithin } from '../../src/boundary/scope/resolve-path.js';
import { compileScope, type Scope } from '../../src/boundary/scope/scope.js';
import type { BoundaryIssue } from '../../src/errors/boundary.js';
import { makeTree } from './scope-tree.js';

const tree = makeTree();
afterAll(() => tree.remove());

const compilePattern = () => ({ matches: () => false });

function pathScope(
  roots: readonly string[] = tree.roots,
  fields: readonly string[] = ['path'],
  base = tree.base,
): Scope {
  const scope = compileScope({ allowedPaths: { fields, roots, base } }, 'bounded', { compilePattern });
  if (scope === undefined) throw new Error('no scope');
  return scope;
}

async function issuesOf(path: unknown, scope = pathScope()): Promise<readonly BoundaryIssue[]> {
  return scope.check({ path });
}

async function codeOf(path: unknown, scope?: Scope): Promise<string> {
  return (await issuesOf(path, scope))[0]?.code ?? 'allowed';
}

const area = join(tree.base, '..');

describe('a path inside', () => {
  it.each([
    ['a file', 'workspace/a.txt'],
    ['the root itself', 'workspace'],
    ['the root with a slash at the end', 'workspace/'],
    ['a file that is not there yet', 'workspace/new.txt'],
    ['a folder that is not there yet', 'workspace/new/deep/file.txt'],
    ['an absolute path', join(tree.base, 'workspace/sub/b.txt')],
    ['dots that stay inside', './workspace/./sub/../a.txt'],
    ['dots behind what is not there yet', 'workspace/none/../a.txt'],
    ['two slashes within', 'workspace//sub///b.txt'],
    ['leaving and coming back', '../base/workspace/a.txt'],
    ['a link to a folder inside', 'workspace/in-dir/b.txt'],
    ['a link to a file inside', 'workspace/in-file'],
    ['an absolute link inside', 'workspace/in-absolute/b.txt'],
    ['a link whose target inside is not there yet', 'workspace/in-new'],
    ['a link into a folder that is not there yet', 'workspace/in-new-deep'],
    ['a link from inside to another root', 'workspace/to-linked/inner/d.txt'],
    ['a link outside the roots that leads inside', 'entry/b.txt'],
    ['a root that is a link', 'root-link/inner/d.txt'],
    ['the real folder of a root that is a link', '../linked/inner/new.txt'],
    ['dots behind a link, inside either way', 'workspace/in-deep/../b.txt'],
    ['a root that is a file', 'one.txt'],
    ['a root that does not exist', 'not-yet'],
    ['a file in a root that does not exist', 'not-yet/file.txt'],
    ['a percent sign', 'workspace/100%.txt'],
    ['an escaped space, which is a plain name', 'workspace/My%20File.txt'],
    ['hidden files', 'workspace/.env'],
    ['three dots in front', 'workspace/...x'],
    ['a tilde within', 'workspace/a~/~b'],
    ['a variable, which is a plain name', 'workspace/$HOME'],
    ['a composed and a decomposed letter', 'workspace/caf\u00e9 cafe\u0301'],
    ['other scripts', 'workspace/\u6587\u66f8/\ud83d\ude00.txt'],
    ['names that begin like devices', 'workspace/console/auxiliary.nul/com10'],
  ])('%s', async (_name, path) => {
    expect(await issuesOf(path)).toEqual([]);
  });
});

describe('a path that reaches outside', () => {
  it.each([
    ['dots', 'workspace/../../outside/secret.txt'],
    ['dots to a sibling', 'workspace/../other/x.txt'],
    ['an absolute path', '/etc/passwd'],
    ['an absolute path with dots', `${tree.base}/workspace/../../outside/secret.txt`],
    ['a sibling whose name begins alike', 'workspace_evil/x.txt'],
    ['a sibling, absolute', `${tree.base}/workspace_evil`],
    ['a sibling of a root that does not exist', 'not-yet-2/x'],
    ['the folder that relative paths start from', '.'],
    ['its parent', '..'],
    ['the root of the disk', '/'],
    ['a link to a folder', 'workspace/out-dir/secret.txt'],
    ['a link to a folder, and a new file there', 'workspace/out-dir/new.txt'],
    ['the link to a folder itself', 'workspace/out-dir'],
    ['a link to a file', 'workspace/out-file'],
    ['an absolute link', 'workspace/out-absolute/secret.txt'],
    ['a chain of links', 'workspace/chain/secret.txt'],
    ['a link whose target is not there yet', 'workspace/out-new'],
    ['a link whose folder is not there yet', 'workspace/out-new-deep'],
    ['a chain that ends in what is not there yet', 'workspace/dangling-chain'],
    ['below a link whose target is not there yet', 'workspace/out-new/x'],
    ['dots behind what is not there yet, through a link', 'workspace/none/../out-dir/secret.txt'],
    ['dots behind a link, outside for the system only', 'workspace/out-dir/../outside/secret.txt'],
    ['dots behind a link, outside as text only', 'workspace/in-deep/../../other/x.txt'],
    ['a link that goes up', 'workspace/up/other/x.txt'],
    ['a link that goes up, twice', 'workspace/up/workspace/up/other/x.txt'],
    ['a link that leads back, then up', 'workspace/out-dir/back/../../outside/secret.txt'],
    ['beside a file that is a root', 'one.txt.bak'],
  ])('%s', async (_name, path) => {
    expect(await codeOf(path)).toBe('path-outside');
  });

  it.runIf(process.platform === 'linux')('another case, where case counts', async () => {
    expect(await codeOf('Workspace/a.txt')).toBe('path-outside');
  });

  it('says the allowed folders as they were written, and nothing of where the path led', async () => {
    expect(await issuesOf('workspace/out-file')).toEqual([
      {
        path: 'path',
        code: 'path-outside',
        expected: `a path inside "workspace", "root-link", "one.txt" or 1 more`,
        received: '"workspace/out-file"',
      },
    ]);
  });

  it('is everything when no root is given', async () => {
    const scope = pathScope([]);
    expect((await issuesOf('workspace/a.txt', scope))[0]).toMatchObject({
      code: 'path-outside',
      expected: 'no path: this tool may open none',
    });
    expect(await codeOf('/', scope)).toBe('path-outside');
  });

  it('is nothing when the root is the root of the disk', async () => {
    expect(await codeOf('/etc/passwd', pathScope(['/']))).toBe('allowed');
  });
});

describe('a path that cannot be resolved', () => {
  it.each([
    ['a loop of links', 'workspace/loop-1'],
    ['below a loop', 'workspace/loop-2/x'],
    ['a loop behind what is not there', 'workspace/none/../loop-1'],
    ['a link that grows', 'workspace/loop-self'],
    ['a file used as a folder', 'workspace/a.txt/x'],
    ['a file with a slash at the end', 'workspace/a.txt/'],
    ['dots behind a file', 'workspace/a.txt/../a.txt'],
    ['a file as a folder behind what is not there', 'workspace/none/../a.txt/x'],
    ['the same with a dot', 'workspace/none/../a.txt/.'],
    ['the same with dots', 'workspace/none/../a.txt/../a.txt'],
    ['a name that is too long', `workspace/${'x'.repeat(300)}`],
  ])('%s', async (_name, path) => {
    expect(await codeOf(path)).toBe('path-unresolvable');
  });

  it('does not tell what exists outside', async () => {
    expect(await codeOf('../outside/secret.txt/x')).toBe('path-outside');
    expect(await codeOf('../outside/none/x')).toBe('path-outside');
  });

  it('a folder that may not be read', async () => {
    const locked = join(tree.base, 'workspace/locked');
    mkdirSync(join(locked, 'in'), { recursive: true });
    // Root may read everything, so the look is taken as somebody else.
    const root = process.getuid?.() === 0;
    chmodSync(tree.top, 0o755);
    chmodSync(locked, 0);
    if (root) process.seteuid?.(65_534);
    try {
      expect(await codeOf('workspace/locked/in/x')).toBe('path-unresolvable');
      expect(await codeOf('workspace/locked/../a.txt')).toBe('allowed');
    } finally {
      if (root) process.seteuid?.(0);
      chmodSync(locked, 0o755);
      rmSync(locked, { recursive: true });
    }
  });

  it.runIf(process.platform === 'linux')(
    'a name on disk that is no UTF-8, which reads like any other such name',
    async () => {
      const odd = join(tree.base, 'workspace/odd');
      symlinkSync(Buffer.from('in\xff', 'latin1'), odd);
      const target = Buffer.concat([Buffer.from(join(tree.base, 'workspace/in')), Buffer.from([0xff])]);
      try {
        expect(await codeOf('workspace/odd')).toBe('path-unresolvable');
        mkdirSync(target);
        expect(await codeOf('workspace/odd')).toBe('path-unresolvable');
      } finally {
        rmSync(odd);
        rmSync(target, { recursive: true, force: true });
      }
    },
  );

  it('a root that cannot be resolved allows nothing', async () => {
    expect(await codeOf('workspace/a.txt', pathScope(['workspace/loop-1']))).toBe('path-outside');
    expect(await codeOf('workspace/loop-1', pathScope(['workspace/loop-1']))).toBe('path-unresolvable');
  });
});

describe('a path that programs read differently', () => {
  it.each([
    ['nothing', '', 'empty'],
    ['a space', ' ', 'space'],
    ['more than a path can hold', `workspace/${'x/'.repeat(100)}${'y'.repeat(4000)}`, 'long'],
    ['more than a path can hold, in bytes', `workspace/${'\u6587'.repeat(1400)}`, 'long'],
    ['more parts than anybody needs', `workspace/${'a/../'.repeat(200)}a.txt`, 'long'],
    ['NUL', 'workspace/a.txt\0/../../x', 'control'],
    ['a line break', 'workspace/a\n.txt', 'control'],
    ['a control character of the second block', 'workspace/a\u0085', 'control'],
    ['a line separator', 'workspace/a\u2028b', 'control'],
    ['half a character', 'workspace/\ud800', 'surrogate'],
    ['the other half', 'workspace/\udc00x', 'surrogate'],
    ['zero width in the dots', 'workspace/.\u200b./x', 'invisible'],
    ['text that turns around', 'workspace/\u202etxt.a', 'invisible'],
    ['a soft hyphen', 'workspace/..\u00ad/x', 'invisible'],
    ['a byte order mark', '\ufeffworkspace/a.txt', 'invisible'],
    ['a variation selector', 'workspace/a\ufe0f', 'invisible'],
    ['a tag character', 'workspace/a\u{e0041}', 'invisible'],
    ['fullwidth slash', 'workspace\uff0f..\uff0f..\uff0fx', 'lookalike'],
    ['fullwidth dots', 'workspace/\uff0e\uff0e/x', 'lookalike'],
    ['one-dot leaders', 'workspace/\u2024\u2024/x', 'lookalike'],
    ['two-dot leader', 'workspace/\u2025/x', 'lookalike'],
    ['small full stops', 'workspace/\ufe52\ufe52/x', 'lookalike'],
    ['a dot and a lookalike', 'workspace/.\uff0e/x', 'lookalike'],
    ['division slash', 'workspace\u2215..\u2215x', 'lookalike'],
    ['fraction slash', 'workspace\u2044x', 'lookalike'],
    ['set minus', 'workspace\u2216x', 'lookalike'],
    ['big solidus', 'workspace\u29f8x', 'lookalike'],
    ['fullwidth backslash', 'workspace\uff3c..x', 'lookalike'],
    ['small backslash', 'workspace\ufe68..x', 'lookalike'],
    ['a sign with a slash in it', 'workspace/\u2100', 'lookalike'],
    ['fullwidth colon', 'C\uff1ax', 'lookalike'],
    ['fullwidth tilde in front', '\uff5e/x', 'lookalike'],
    ['fullwidth percent signs', 'workspace/\uff052e\uff052e/x', 'lookalike'],
    ['a device in fullwidth letters', 'workspace/\uff23\uff2f\uff2e', 'lookalike'],
    ['a device with a raised digit', 'workspace/COM\u00b9', 'lookalike'],
    ['a no-break space at the end of a part', 'workspace/..\u00a0/x', 'lookalike'],
    ['a leading space', ' workspace/a.txt', 'space'],
    ['a trailing space', 'workspace/a.txt ', 'space'],
    ['a space before an absolute path', ' /etc/passwd', 'space'],
    ['a Windows path', 'C:\\Windows\\system.ini', 'backslash'],
    ['Windows dots', 'workspace\\..\\..\\x', 'backslash'],
    ['a server share', '\\\\server\\share', 'backslash'],
    ['a device path', '\\\\?\\C:\\x', 'backslash'],
    ['a backslash in a name', 'workspace/a\\b', 'backslash'],
    ['a drive with slashes', 'C:/Windows', 'colon'],
    ['relative to a drive', 'C:x', 'colon'],
    ['an alternate stream', 'workspace/a.txt:x', 'colon'],
    ['an alternate stream of a folder', 'workspace::$INDEX_ALLOCATION/x', 'colon'],
    ['a file URL', `file://${tree.base}/workspace/a.txt`, 'colon'],
    ['a short file URL', 'file:workspace/a.txt', 'colon'],
    ['a web URL', 'https://example.com/x', 'colon'],
    ['a list of paths', 'workspace/a.txt:/etc/passwd', 'colon'],
    ['two slashes in front', '//server/share', 'root'],
    ['three slashes in front', '///etc/passwd', 'root'],
    ['a Windows device with slashes', '//./pipe/x', 'root'],
    ['home', '~', 'home'],
    ['below home', '~/x', 'home'],
    ['the home of somebody', '~root/x', 'home'],
    ['escaped dots', 'workspace/%2e%2e/x', 'escape'],
    ['escaped slashes', 'workspace/..%2F..%2fx', 'escape'],
    ['one escaped dot', 'workspace/.%2E/x', 'escape'],
    ['escaped twice', 'workspace/%252e%252e/x', 'escape'],
    ['an escaped backslash', 'workspace/..%5cx', 'escape'],
    ['an escaped NUL', 'workspace/a%00.txt', 'escape'],
    ['an escaped tilde', '%7e/x', 'escape'],
    ['an overlong slash', 'workspace/..%c0%afx', 'escape'],
    ['an overlong dot of three bytes', 'workspace/%e0%80%ae', 'escape'],
    ['an escaped fullwidth slash', 'workspace/..%ef%bc%8fx', 'escape'],
    ['an escaped division slash', 'workspace/..%e2%88%95x', 'escape'],
    ['an escaped zero width', 'workspace/.%e2%80%8b./x', 'escape'],
    ['a hexadecimal escape of another kind', 'workspace/%u002e%u002e/x', 'escape'],
    ['a dot at the end', 'workspace/a.txt.', 'ending'],
    ['dots and a space', 'workspace/.. /x', 'ending'],
    ['three dots', 'workspace/.../x', 'ending'],
    ['a space at the end of a folder', 'workspace/a /x', 'ending'],
    ['a device', 'workspace/NUL', 'device'],
    ['a device with an ending', 'workspace/con.txt', 'device'],
    ['a device with a number', 'COM1', 'device'],
    ['a device as a folder', 'workspace/aux/x', 'device'],
    ['a device and a space', 'workspace/lpt9 .txt', 'device'],
    ['a device with a dollar sign', 'workspace/conin$', 'device'],
  ])('%s', async (_name, path, flaw) => {
    expect(pathFlaw(path)).toBe(flaw);
    // Whatever would be allowed: the form alone refuses.
    expect(await codeOf(path, pathScope(['/']))).toBe('path-malformed');
  });

  it('a slash in front, where it depends on the current drive', () => {
    expect(pathFlaw('/etc', true)).toBe('drive');
    expect(pathFlaw('/etc', false)).toBeUndefined();
    expect(pathFlaw('etc', true)).toBeUndefined();
  });

  it('every character that folds to a slash, a backslash, a colon or to dots', () => {
    const missed: string[] = [];
    for (let code = 0x80; code <= 0x10ffff; code++) {
      const text = String.fromCodePoint(code);
      if (/[/\\:]|^\.{1,2}$/.test(text.normalize('NFKC')) && pathFlaw(`a/${text}/b`) === undefined) missed.push(text);
    }
    expect(missed).toEqual([]);
  });

  it.each([
    ['a number', 7],
    ['true', true],
    ['an object', { toString: () => 'workspace/a.txt' }],
    ['bytes', Buffer.from('/etc/passwd')],
    ['a URL object', new URL('file:///etc/passwd')],
    ['a function', () => 'x'],
  ])('%s is no path', async (_name, value) => {
    expect((await issuesOf(value, pathScope(['/'])))[0]).toMatchObject({
      path: 'path',
      code: 'path-malformed',
      expected: 'a path as text',
    });
  });
});

describe('the parameters', () => {
  const fields = ['source', 'options.target', 'files', 'edits.file'];

  it('are all looked at, in the order of the option and of the input', async () => {
    const issues = await pathScope(tree.roots, fields).check({
      edits: [{ file: 'workspace/x' }, {}, { file: '/etc/1' }, { file: ['workspace/y', '/etc/2'] }],
      files: ['workspace/a.txt', '~', ['/etc/3']],
      options: { target: 'workspace/out-file' },
      source: '/etc/0',
      ignored: '/etc/passwd',
    });
    expect(issues.map(({ path, code }) => `${path} ${code}`)).toEqual([
      'source path-outside',
      'options.target path-outside',
      'files[1] path-malformed',
      'files[2][0] path-outside',
      'edits[2].file path-outside',
      'edits[3].file[1] path-outside',
    ]);
  });

  it('may be absent, but an item of a list may not', async () => {
    const scope = pathScope(tree.roots, fields);
    expect(await scope.check({})).toEqual([]);
    expect(await scope.check({ source: undefined, options: null, files: null, edits: [null, {}] })).toEqual([]);
    expect(await scope.check({ files: [] })).toEqual([]);
    expect((await scope.check({ files: [null, undefined] })).map(({ path }) => path)).toEqual(['files[0]', 'files[1]']);
  });

  it('are found where a tool would find them, and refused where it is not known how', async () => {
    const scope = pathScope(tree.roots, fields);
    expect(await scope.check(Object.create({ source: '/etc/passwd' }))).toHaveLength(1);
    expect(await scope.check({ 'options.target': '/etc/passwd' })).toMatchObject([{ path: '["options.target"]' }]);
    expect(await scope.check({ options: '{"target":"/etc/passwd"}' })).toMatchObject([{ path: 'options' }]);
    expect(await scope.check({ options: new Map([['target', '/etc/passwd']]) })).toMatchObject([{ path: 'options' }]);
    expect(await scope.check('/etc/passwd')).toHaveLength(4);
    expect(await pathScope(tree.roots, ['toString']).check({})).toEqual([]);
  });

  it('hold many paths: looked at in one go, once each, up to a limit', async () => {
    const scope = pathScope(tree.roots, ['files']);
    const many = Array.from({ length: 10_000 }, (_, index) => `workspace/new-${index}/deep/file.txt`);
    const started = performance.now();
    expect(await scope.check({ files: many })).toEqual([]);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(await scope.check({ files: [...many, 'workspace/a.txt'] })).toMatchObject([
      { path: '', code: 'path-malformed', expected: 'at most 10000 paths in one call' },
    ]);
    expect(await scope.check({ files: many.map(() => '/etc/passwd') })).toHaveLength(100);
    const nested: unknown[] = [];
    for (let index = 0; index < 3; index++) nested.push(nested);
    expect(await scope.check({ files: nested })).toMatchObject([{ code: 'path-malformed' }]);
  });

  it('are told in few words, and not at all when they are secret', async () => {
    const scope = compileScope({ allowedPaths: { fields: ['a', 'b'], roots: [], base: '/' } }, 'bounded', {
      compilePattern,
      isSecret: (steps) => steps[0] === 'b',
    });
    const long = `\u202e"\n${'x'.repeat(200)}`;
    const issues = await scope?.check({ a: [long, { key: 'hunter2' }, ['hunter2'], Symbol('x')], b: 'hunter2' });
    expect(issues?.map(({ received }) => received)).toEqual([
      `"\\u202e\\"\\u000a${'x'.repeat(63)}…"`,
      'an object with 1 field',
      '"hunter2"',
      'a symbol',
      'a value',
    ]);
    for (const { received } of issues ?? []) expect(received?.length).toBeLessThanOrEqual(80);
  });
});

describe('the disk', () => {
  it('is looked at anew in every call', async () => {
    const scope = pathScope(['moving']);
    const moving = join(tree.base, 'moving');
    expect(await codeOf('moving/x', scope)).toBe('allowed');
    writeFileSync(moving, '');
    expect(await codeOf('moving/x', scope)).toBe('path-unresolvable');
    rmSync(moving);
    symlinkSync('other', moving);
    expect(await codeOf('moving/x', scope)).toBe('allowed');
    expect(await codeOf('other/x', scope)).toBe('allowed');
    renameSync(moving, `${moving}-away`);
    expect(await codeOf('other/x', scope)).toBe('path-outside');
    rmSync(`${moving}-away`);
  });

  it('may have a base that is a link, or has dots', async () => {
    const link = join(area, 'base-link');
    symlinkSync('base', link);
    expect(await codeOf('workspace/a.txt', pathScope(['workspace'], ['path'], link))).toBe('allowed');
    expect(await codeOf('../outside/secret.txt', pathScope(['workspace'], ['path'], link))).toBe('path-outside');
    expect(await codeOf('workspace/a.txt', pathScope(['./workspace/'], ['path'], `${area}/outside/../base/`))).toBe(
      'allowed',
    );
    rmSync(link);
  });

  it('has folders whose names begin alike', () => {
    expect(isWithin('/a', '/a')).toBe(true);
    expect(isWithin('/a/b', '/a')).toBe(true);
    expect(isWithin('/ab', '/a')).toBe(false);
    expect(isWithin('/', '/a')).toBe(false);
    expect(isWithin('/a', '/')).toBe(true);
  });
});

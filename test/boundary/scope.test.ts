import { describe, expect, it } from 'vitest';
import { wholeMatcher } from '../../src/boundary/scope/entities.js';
import { compileScope, type ScopeOptions } from '../../src/boundary/scope/scope.js';
import { UsageError } from '../../src/errors/usage.js';

/** Stands for the engine that compiles patterns in text form. */
const compilePattern = (source: string) => ({ matches: wholeMatcher(new RegExp(source, 'u')) });

function entityCodes(pattern: RegExp | string, id: unknown): string[] {
  const issues = compileScope({ entityPattern: { fields: ['id'], pattern } }, 'bounded', { compilePattern })?.check({
    id,
  });
  if (!Array.isArray(issues)) throw new Error('not answered at once');
  return issues.map(({ path, code }) => `${path} ${code}`);
}

describe('an entity', () => {
  it.each([
    ['text', /c\d+/, 'c1'],
    ['a number', /\d+/, 42],
    ['a large number', /\d+/, 2n ** 70n],
    ['a pattern as text', 'c\\d+', 'c1'],
    ['alternatives that begin alike', /a|ab/, 'ab'],
    ['anchors of its own', /^c\d+$/, 'c1'],
    ['flags', /c\d+/i, 'C1'],
    ['a back reference', /(a)(b)\2\1/, 'abba'],
    ['an empty list', /c\d+/, []],
    ['a list', /c\d+/, ['c1', 'c2', ['c3']]],
    ['nothing', /c\d+/, undefined],
    ['empty text that the pattern allows', /c*/, ''],
  ])('%s matches', (_name, pattern, id) => {
    expect(entityCodes(pattern, id)).toEqual([]);
  });

  it.each([
    ['something in front', /c\d+/, 'xx c1'],
    ['something behind', /c\d+/, 'c1; rm -rf /'],
    ['a line break behind', /c\d+/, 'c1\n'],
    ['a line break behind, with anchors', /^c\d+$/, 'c1\n'],
    ['another line', /^c\d+$/m, 'c1\nrm -rf /'],
    ['another line in front', /^c\d+$/m, 'rm -rf /\nc1'],
    ['alternatives without brackets', /c\d+|d/, 'c1x'],
    ['a pattern as text', 'c\\d+', 'c1 '],
    ['digits of another script', /c\d+/, 'c\u0661'],
    ['null', /null/, null],
    ['true', /true/, true],
    ['NaN', /NaN/, Number.NaN],
    ['infinity', /Infinity/, Infinity],
    ['an object', /.*/s, { toString: () => 'c1' }],
    ['a number in an exponent', /\d+/, 1e21],
    ['a text that is too long', /a*/, 'a'.repeat(1001)],
  ])('%s does not', (_name, pattern, id) => {
    expect(entityCodes(pattern, id)).toEqual(['id entity-mismatch']);
  });

  it('is every item of a list', () => {
    expect(entityCodes(/c\d+/, ['c1', 'x', null])).toEqual(['id[1] entity-mismatch', 'id[2] entity-mismatch']);
    expect(entityCodes(/c\d+/, Array(10_001).fill('c1'))).toEqual([' entity-mismatch']);
    expect(entityCodes(/c\d+/, Array(10_000).fill('x'))).toHaveLength(100);
  });

  it('is compared the same way in every call, whatever the pattern remembers', () => {
    for (const pattern of [/c\d+/g, /c\d+/y, /c\d+/gy]) {
      pattern.lastIndex = 2;
      const scope = compileScope({ entityPattern: { fields: ['id'], pattern } }, 'bounded', { compilePattern });
      for (let call = 0; call < 3; call++) expect(scope?.check({ id: 'c123' })).toEqual([]);
      expect(pattern.lastIndex).toBe(2);
    }
  });

  it('is told with the pattern', () => {
    const scope = compileScope({ entityPattern: { fields: ['order.id'], pattern: /c\d+/ } }, 'bounded', {
      compilePattern,
    });
    expect(scope?.check({ order: { id: 'x' } })).toEqual([
      {
        path: 'order.id',
        code: 'entity-mismatch',
        expected: 'text that matches "c\\\\d+" as a whole',
        received: '"x"',
      },
    ]);
  });
});

describe('a scope', () => {
  it('is nothing without an option', () => {
    expect(compileScope({}, 'bounded', { compilePattern })).toBeUndefined();
    expect(compileScope({ allowedPaths: undefined }, 'bounded', { compilePattern })).toBeUndefined();
  });

  it('tells the parameters that it names, and where', () => {
    const scope = compileScope(
      {
        allowedPaths: { fields: ['source', 'files', 'source'], roots: [], base: '/' },
        allowedHosts: { fields: ['options.url'], hosts: [] },
        entityPattern: { fields: ['id'], pattern: /x/ },
      },
      'bounded',
      { compilePattern },
    );
    expect(scope?.fields).toEqual([
      { name: 'source', place: 'bounded({ allowedPaths.fields })' },
      { name: 'files', place: 'bounded({ allowedPaths.fields })' },
      { name: 'options.url', place: 'bounded({ allowedHosts.fields })' },
      { name: 'id', place: 'bounded({ entityPattern.fields })' },
    ]);
  });

  it('finds everything at once, in a stable order', async () => {
    const scope = compileScope(
      {
        entityPattern: { fields: ['id'], pattern: /x/ },
        allowedHosts: { fields: ['b', 'a'], hosts: [] },
        allowedPaths: { fields: ['d', 'c'], roots: [], base: '/' },
      },
      'bounded',
      { compilePattern, isSecret: (steps) => steps[0] === 'a' },
    );
    const input = { a: 'https://evil.com', b: '//evil.com', c: '/etc', d: '~', id: 'y' };
    const issues = await scope?.check(input);
    expect(issues?.map(({ path, code, received }) => `${path} ${code} ${received}`)).toEqual([
      'd path-malformed "~"',
      'c path-outside "/etc"',
      'b url-malformed "//evil.com"',
      'a host-not-allowed a value',
      'id entity-mismatch "y"',
    ]);
    expect(await scope?.check(input)).toEqual(issues);
  });

  it('keeps what it was given', async () => {
    const roots = ['/nowhere'];
    const hosts = ['a.example'];
    const scope = compileScope(
      { allowedPaths: { fields: ['p'], roots, base: '/' }, allowedHosts: { fields: ['u'], hosts } },
      'bounded',
      { compilePattern },
    );
    roots.push('/');
    hosts.push('evil.com');
    expect(await scope?.check({ p: '/etc/passwd', u: 'https://evil.com' })).toHaveLength(2);
  });
});

describe('options that cannot be meant', () => {
  const paths = (change: object): unknown => ({ allowedPaths: { fields: ['p'], roots: ['x'], base: '/', ...change } });
  const hosts = (...entries: unknown[]): unknown => ({ allowedHosts: { fields: ['u'], hosts: entries } });
  const HOST = 'bounded({ allowedHosts.hosts[0] })';

  it.each<[string, unknown, string, RegExp]>([
    ['no object', { allowedPaths: ['x'] }, 'bounded({ allowedPaths })', /is of type object/],
    ['an unknown option', paths({ root: 'x' }), 'bounded({ allowedPaths.root })', /There are fields, roots, base/],
    ['no fields', paths({ fields: undefined }), 'bounded({ allowedPaths.fields })', /is missing, not a list/],
    ['a field without a list', paths({ fields: 'p' }), 'bounded({ allowedPaths.fields })', /"p", not a list/],
    ['an empty list of fields', paths({ fields: [] }), 'bounded({ allowedPaths.fields })', /checks nothing/],
    ['an empty field', paths({ fields: [''] }), 'bounded({ allowedPaths.fields[0] })', /is empty/],
    ['a field with an empty part', paths({ fields: ['a', 'b.'] }), 'bounded({ allowedPaths.fields[1] })', /empty part/],
    ['a field with brackets', paths({ fields: ['a[]'] }), 'bounded({ allowedPaths.fields[0] })', /brackets/],
    [
      'a field that is a number',
      paths({ fields: [0] }),
      'bounded({ allowedPaths.fields[0] })',
      /type number, not text/,
    ],
    ['no base', paths({ base: undefined }), 'bounded({ allowedPaths.base })', /is missing/],
    ['a relative base', paths({ base: 'x' }), 'bounded({ allowedPaths.base })', /not an absolute folder/],
    ['a base with NUL', paths({ base: '/x\0' }), 'bounded({ allowedPaths.base })', /not an absolute folder/],
    ['roots without a list', paths({ roots: '/x' }), 'bounded({ allowedPaths.roots })', /not a list/],
    ['an empty root', paths({ roots: ['x', ''] }), 'bounded({ allowedPaths.roots[1] })', /is empty/],
    ['a root with NUL', paths({ roots: ['x\0'] }), 'bounded({ allowedPaths.roots[0] })', /NUL/],
    ['a root at home', paths({ roots: ['~/x'] }), 'bounded({ allowedPaths.roots[0] })', /not expanded/],
    ['a root that is a URL', paths({ roots: ['file:///x'] }), 'bounded({ allowedPaths.roots[0] })', /fileURLToPath/],
    [
      'hosts without a list',
      { allowedHosts: { fields: ['u'], hosts: 'x' } },
      'bounded({ allowedHosts.hosts })',
      /list/,
    ],
    ['a URL for a host', hosts('https://api.example.com'), HOST, /is a URL or a path/],
    ['a host with a path', hosts('api.example.com/v1'), HOST, /is a URL or a path/],
    ['a host with a user', hosts('me@api.example.com'), HOST, /user name/],
    ['a host with a scheme', hosts('https:api.example.com'), HOST, /not a host/],
    ['an empty host', hosts(''), HOST, /is empty/],
    ['a host that is a number', hosts(1), HOST, /type number/],
    ['a star alone', hosts('*'), HOST, /not a wildcard/],
    ['a star in a label', hosts('api-*.example.com'), HOST, /not a wildcard/],
    ['a star without a dot', hosts('*example.com'), HOST, /not a wildcard/],
    ['a star in the middle', hosts('a.*.example.com'), HOST, /not a wildcard/],
    ['two stars', hosts('*.*.example.com'), HOST, /not a wildcard/],
    ['a star and nothing', hosts('*.'), HOST, /not a wildcard/],
    ['a star over an address', hosts('*.10.0.0.5'), HOST, /not a wildcard/],
    ['a star over the end of an address', hosts('*.0.5'), HOST, /not a wildcard/],
    ['a star over IPv6', hosts('*.[::1]'), HOST, /not a wildcard/],
    ['a star over everything under a top-level domain', hosts('*.com'), HOST, /top-level domain/],
    ['IPv6 without brackets', hosts('::1'), HOST, /IPv6 in brackets/],
    ['an address in hexadecimal', hosts('0x7f.1'), HOST, /four decimal numbers/],
    ['a port with leading zeros', hosts('api.example.com:0443'), HOST, /not a host/],
    ['a port that is too large', hosts('api.example.com:70000'), HOST, /not a host/],
    ['a sharp s', hosts('stra\u00dfe.example'), HOST, /xn--/],
    ['a dot in front', hosts('.example.com'), HOST, /not a host/],
    [
      'no scheme',
      { allowedHosts: { fields: ['u'], hosts: [], schemes: [] } },
      'bounded({ allowedHosts.schemes })',
      /no scheme/,
    ],
    [
      'a scheme without hosts',
      { allowedHosts: { fields: ['u'], hosts: [], schemes: ['file'] } },
      'bounded({ allowedHosts.schemes[0] })',
      /"file" is not one of https, http/,
    ],
    [
      'an inherited name for a scheme',
      { allowedHosts: { fields: ['u'], hosts: [], schemes: ['toString'] } },
      'bounded({ allowedHosts.schemes[0] })',
      /is not one of/,
    ],
    [
      'a scheme with a colon',
      { allowedHosts: { fields: ['u'], hosts: [], schemes: ['https:'] } },
      'bounded({ allowedHosts.schemes[0] })',
      /without a colon/,
    ],
    ['no pattern', { entityPattern: { fields: ['id'] } }, 'bounded({ entityPattern.pattern })', /Give a RegExp/],
    ['no entity', { entityPattern: { pattern: /x/ } }, 'bounded({ entityPattern.fields })', /is missing/],
  ])('%s', (_name, options, place, words) => {
    let thrown: unknown;
    try {
      compileScope(options as ScopeOptions, 'bounded', { compilePattern });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UsageError);
    expect(thrown).toMatchObject({ details: { place } });
    expect((thrown as Error).message).toMatch(words);
  });
});

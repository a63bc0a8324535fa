import { describe, expect, it } from 'vitest';
import { readHost } from '../../src/boundary/scope/host-text.js';
import { readUrl } from '../../src/boundary/scope/hosts.js';
import { type AllowedHosts, compileScope } from '../../src/boundary/scope/scope.js';
import type { BoundaryIssue } from '../../src/errors/boundary.js';

const HOSTS = [
  'api.example.com',
  '*.wild.example.com',
  '10.0.0.5:8443',
  '192.0.2.1',
  '[::1]',
  '[2001:db8::5]:8443',
  'ported.example.com:8080',
  'b\u00fccher.example',
  'localhost',
  'UPPER.Example.com.',
];

function issuesOf(url: unknown, options: Partial<AllowedHosts> = {}): readonly BoundaryIssue[] {
  const scope = compileScope({ allowedHosts: { fields: ['url'], hosts: HOSTS, ...options } }, 'bounded', {
    compilePattern: () => ({ matches: () => false }),
  });
  const issues = scope?.check({ url });
  if (!Array.isArray(issues)) throw new Error('not answered at once');
  return issues;
}

describe('a URL that leads to an allowed host', () => {
  it.each([
    ['a host', 'https://api.example.com'],
    ['a path, a query and a fragment', 'https://api.example.com/a/b?c=d#e'],
    ['a query without a path', 'https://api.example.com?c=d'],
    ['a fragment without a path', 'https://api.example.com#e'],
    ['an address of a person in the path', 'https://api.example.com/users/@evil.com'],
    ['another URL in the query', 'https://api.example.com/?next=https://evil.com/@x'],
    ['another URL in the fragment', 'https://api.example.com/#@evil.com'],
    ['two slashes in the path', 'https://api.example.com//evil.com'],
    ['dots in the path', 'https://api.example.com/../..//evil.com'],
    ['escapes in the path', 'https://api.example.com/%2e%2e%2f%40'],
    ['other scripts in the path', 'https://api.example.com/\u6587?q=\u00fc'],
    ['capitals in the scheme and the host', 'HTTPS://API.Example.COM/'],
    ['a dot at the end of the host', 'https://api.example.com./x'],
    ['an entry with capitals and a dot', 'https://upper.example.com/'],
    ['the default port', 'https://api.example.com:443/'],
    ['below a wildcard', 'https://a.wild.example.com/'],
    ['far below a wildcard', 'https://a.b.c.wild.example.com/'],
    ['a host with its port', 'https://ported.example.com:8080/'],
    ['an address with its port', 'https://10.0.0.5:8443/'],
    ['an address', 'https://192.0.2.1/'],
    ['an IPv6 address', 'https://[::1]/'],
    ['an IPv6 address, spelled out', 'https://[0:0:0:0:0:0:0:1]/'],
    ['an IPv6 address with its port', 'https://[2001:DB8:0::5]:8443/'],
    ['another script', 'https://b\u00fccher.example/'],
    ['another script in punycode', 'https://xn--bcher-kva.example/'],
    ['a name of one label', 'https://localhost/'],
  ])('%s', (_name, url) => {
    expect(issuesOf(url)).toEqual([]);
  });
});

describe('a URL that leads elsewhere', () => {
  it.each([
    ['another host', 'https://evil.com/'],
    ['an allowed host in front', 'https://api.example.com.evil.com/'],
    ['an allowed host behind', 'https://evilapi.example.com/'],
    ['an allowed host in the path', 'https://evil.com/api.example.com'],
    ['an allowed host in the query', 'https://evil.com/?api.example.com'],
    ['an allowed host in the fragment', 'https://evil.com/#api.example.com'],
    ['above an allowed host', 'https://example.com/'],
    ['below a host without a wildcard', 'https://a.api.example.com/'],
    ['the domain of a wildcard', 'https://wild.example.com/'],
    ['a name that only ends like a wildcard', 'https://evilwild.example.com/'],
    ['another port', 'https://api.example.com:8443/'],
    ['the default port of another scheme', 'https://api.example.com:80/'],
    ['without the port of the entry', 'https://ported.example.com/'],
    ['a wildcard at another port', 'https://a.wild.example.com:8443/'],
    ['port zero', 'https://api.example.com:0/'],
    ['an address at another port', 'https://10.0.0.5/'],
    ['an IPv4 address written as IPv6', 'https://[::ffff:192.0.2.1]/'],
    ['the same in hexadecimal', 'https://[::ffff:c000:201]/'],
    ['an IPv4-compatible address', 'https://[::192.0.2.1]/'],
    ['another address', 'https://127.0.0.1/'],
    ['an internal address', 'https://169.254.169.254/latest/meta-data'],
    ['letters that look alike', 'https://\u0430pi.example.com/'],
    ['the same in punycode', 'https://xn--pi-7kc.example.com/'],
    ['another scheme', 'http://api.example.com/'],
    ['a socket', 'wss://api.example.com/'],
    ['a file', 'file://api.example.com/etc/passwd'],
    ['a program', 'javascript://api.example.com/%0aalert(1)'],
    ['an unknown scheme', 'gopher://api.example.com/'],
  ])('%s', (_name, url) => {
    expect(issuesOf(url)[0]?.code).toBe('host-not-allowed');
  });

  it('is told with what is allowed', () => {
    expect(issuesOf('http://api.example.com/')).toEqual([
      {
        path: 'url',
        code: 'host-not-allowed',
        expected: 'a URL with https at "api.example.com", "*.wild.example.com", "10.0.0.5:8443" or 7 more',
        received: '"http://api.example.com/"',
        hint: 'Use https.',
      },
    ]);
    expect(issuesOf('https://api.example.com/', { hosts: [] })[0]).toMatchObject({
      code: 'host-not-allowed',
      expected: 'no URL: this tool may reach none',
    });
  });
});

describe('a URL that parsers read differently', () => {
  it.each([
    ['nothing', '', 'scheme'],
    ['no scheme', 'api.example.com/x', 'scheme'],
    ['no scheme, but a port', 'api.example.com:443/x', 'scheme'],
    ['no scheme, but slashes', '//api.example.com/x', 'scheme'],
    ['a path', '/x', 'scheme'],
    ['no slashes', 'https:api.example.com', 'scheme'],
    ['one slash', 'https:/api.example.com', 'scheme'],
    ['a program', 'javascript:alert(1)', 'scheme'],
    ['data', 'data:text/html,x', 'scheme'],
    ['a number in front', '1https://api.example.com', 'scheme'],
    ['three slashes', 'https:///api.example.com', 'host'],
    ['no host', 'https://', 'host'],
    ['a port only', 'https://:443/', 'host'],
    ['a user', 'https://user@api.example.com/', 'user'],
    ['a user and a password', 'https://user:pw@api.example.com/', 'user'],
    ['an empty user', 'https://@api.example.com/', 'user'],
    ['an allowed host as a user', 'https://api.example.com@evil.com/', 'user'],
    ['an allowed host as a user with a password', 'https://api.example.com:443@evil.com/', 'user'],
    ['two users', 'https://a@api.example.com@evil.com/', 'user'],
    ['an escaped user', 'https://api.example.com%40evil.com/', 'host'],
    ['a query that ends the host, or a user', 'https://api.example.com?@evil.com/', 'mark'],
    ['a fragment that ends the host, or a user', 'https://api.example.com#@evil.com/', 'mark'],
    ['a backslash for a slash', 'https:\\\\api.example.com', 'backslash'],
    ['a backslash that ends the host', 'https://api.example.com\\@evil.com/', 'backslash'],
    ['a backslash in front of a host', 'https://evil.com\\.api.example.com/', 'backslash'],
    ['a backslash in the path', 'https://api.example.com/\\evil.com', 'backslash'],
    ['a tab in the host', 'https://api.exa\tmple.com/', 'space'],
    ['a tab in the scheme', 'ht\ttps://api.example.com/', 'space'],
    ['a line break in the host', 'https://api.example.com\n.evil.com/', 'space'],
    ['a header behind a line break', 'https://api.example.com/x\r\nHost: evil.com', 'space'],
    ['a space in front', ' https://api.example.com/', 'space'],
    ['a space at the end', 'https://api.example.com/ ', 'space'],
    ['a space in the host', 'https://api.example.com .evil.com/', 'space'],
    ['a space in the path', 'https://api.example.com/a b', 'space'],
    ['NUL', 'https://api.example.com\0.evil.com/', 'space'],
    ['a control character in front', '\u0001https://api.example.com/', 'space'],
    ['a control character of the second block', 'https://api.example.com/\u0085', 'space'],
    ['an ideographic space', 'https://api.example.com/\u3000', 'space'],
    ['half a character', 'https://api.example.com/\ud800', 'surrogate'],
    ['a very long one', `https://api.example.com/${'x'.repeat(8192)}`, 'long'],
    ['an ideographic dot', 'https://api\u3002example.com/', 'host'],
    ['a fullwidth dot', 'https://api\uff0eexample.com/', 'host'],
    ['a halfwidth dot', 'https://api\uff61example.com/', 'host'],
    ['fullwidth letters', 'https://\uff41pi.example.com/', 'host'],
    ['a fullwidth slash', 'https://evil.com\uff0f.api.example.com/', 'host'],
    ['a fraction slash', 'https://evil.com\u2044.wild.example.com/', 'host'],
    ['a symbol', 'https://\u2615.wild.example.com/', 'host'],
    ['a letter that folds to k', 'https://boo\u212a.example/', 'host'],
    ['a long s', 'https://api.example.com/'.replace('s', '\u017f'), 'scheme'],
    ['a sharp s', 'https://stra\u00dfe.example/', 'host'],
    ['a final sigma', 'https://\u03b2\u03cc\u03bb\u03bf\u03c2.example/', 'host'],
    ['capitals of another script', 'https://B\u00dcCHER.example/', 'host'],
    ['a decomposed letter', 'https://bu\u0308cher.example/', 'host'],
    ['a sign with a slash in it', 'https://evil.c\u2100.example.com/', 'host'],
    ['zero width in the host', 'https://api.exam\u200bple.com/', 'host'],
    ['a soft hyphen in the host', 'https://api.exam\u00adple.com/', 'host'],
    ['an escaped dot', 'https://api%2eexample.com/', 'host'],
    ['an escaped letter', 'https://%61pi.example.com/', 'host'],
    ['an escaped slash', 'https://evil.com%2f.api.example.com/', 'host'],
    ['an escaped NUL', 'https://api.example.com%00.evil.com/', 'host'],
    ['broken punycode', 'https://xn--a/', 'host'],
    ['an empty label', 'https://api..example.com/', 'host'],
    ['an empty label in front', 'https://.wild.example.com/', 'host'],
    ['two dots at the end', 'https://api.example.com../', 'host'],
    ['a dot alone', 'https://./', 'host'],
    ['a label that is too long', `https://${'a'.repeat(64)}.wild.example.com/`, 'host'],
    ['a name that is too long', `https://${'a.'.repeat(130)}wild.example.com/`, 'host'],
    ['an address as one number', 'https://3221225985/', 'host'],
    ['an address in hexadecimal', 'https://0xc0000201/', 'host'],
    ['an address in hexadecimal parts', 'https://0xc0.0.2.1/', 'host'],
    ['an address in octal', 'https://0300.0.02.01/', 'host'],
    ['an address with leading zeros', 'https://192.000.002.001/', 'host'],
    ['a short address', 'https://192.0.513/', 'host'],
    ['an address with a dot at the end', 'https://192.0.2.1./', 'host'],
    ['an address in fullwidth digits', 'https://\uff11\uff19\uff12.0.2.1/', 'host'],
    ['an address of five numbers', 'https://192.0.2.1.5/', 'host'],
    ['a name that ends in a number', 'https://api.example.1/', 'host'],
    ['IPv6 without brackets', 'https://::1/', 'host'],
    ['IPv6 with a zone', 'https://[fe80::1%25eth0]/', 'host'],
    ['brackets around a name', 'https://[api.example.com]/', 'host'],
    ['text behind brackets', 'https://[::1].evil.com/', 'host'],
    ['text in front of brackets', 'https://evil[::1]/', 'host'],
    ['a future address', 'https://[v1.x]/', 'host'],
    ['an empty port', 'https://api.example.com:/', 'host'],
    ['a port with leading zeros', 'https://api.example.com:0443/', 'host'],
    ['a port that is too large', 'https://api.example.com:65979/', 'host'],
    ['a port with six digits', 'https://api.example.com:655360/', 'host'],
    ['a port that is no number', 'https://api.example.com:https/', 'host'],
    ['two ports', 'https://api.example.com:443:443/', 'host'],
    ['a comma', 'https://api.example.com,evil.com/', 'host'],
    ['a semicolon', 'https://api.example.com;.evil.com/', 'host'],
    ['an ampersand', 'https://api.example.com&.evil.com/', 'host'],
    ['a star', 'https://*.wild.example.com/', 'host'],
    ['a dollar sign', 'https://$api.example.com/', 'host'],
  ])('%s', (_name, url, flaw) => {
    expect(readUrl(url)).toBe(flaw);
    expect(issuesOf(url)[0]?.code).toBe('url-malformed');
  });

  it.each([
    ['a number', 7],
    ['a URL object', new URL('https://api.example.com')],
    ['an object', { href: 'https://api.example.com' }],
  ])('%s is no URL', (_name, value) => {
    expect(issuesOf(value)).toMatchObject([{ code: 'url-malformed', expected: 'a URL as text' }]);
  });
});

describe('the options', () => {
  it('may allow other schemes, each with its default port', () => {
    const schemes = ['http', 'ws'] as const;
    expect(issuesOf('http://api.example.com/', { schemes })).toEqual([]);
    expect(issuesOf('http://api.example.com:80/', { schemes })).toEqual([]);
    expect(issuesOf('ws://api.example.com/', { schemes })).toEqual([]);
    expect(issuesOf('http://api.example.com:443/', { schemes })).toHaveLength(1);
    expect(issuesOf('https://api.example.com/', { schemes })[0]).toMatchObject({ hint: 'Use http or ws.' });
    expect(issuesOf('http://ported.example.com:8080/', { schemes })).toEqual([]);
  });

  it('know addresses, below which there is nothing for a wildcard', () => {
    expect(readHost('1.2.3.4')).toEqual({ name: '1.2.3.4', isAddress: true, port: undefined });
    expect(readHost('1.2.3.4.example.com')?.isAddress).toBe(false);
    expect(readHost('[::1]:80')).toEqual({ name: '[::1]', isAddress: true, port: 80 });
  });

  it('look at lists and leave out what is absent', () => {
    expect(issuesOf(undefined)).toEqual([]);
    expect(issuesOf(null)).toEqual([]);
    expect(issuesOf(['https://api.example.com', null, 'https://evil.com'])).toMatchObject([
      { path: 'url[1]', code: 'url-malformed' },
      { path: 'url[2]', code: 'host-not-allowed' },
    ]);
    expect(issuesOf(Array(10_001).fill('https://api.example.com'))).toMatchObject([
      { expected: 'at most 10000 URLs in one call' },
    ]);
    expect(issuesOf(Array(10_000).fill('x'))).toHaveLength(100);
  });
});

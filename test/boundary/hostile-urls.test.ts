import { domainToASCII } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compileScope } from '../../src/boundary/scope/scope.js';
import { seededRandom } from '../../src/testing/seeded-random.js';

const CASES = 12_000;
const SEED = 20_252;

/** As many as one check tells of. */
const AT_ONCE = 100;

const ALLOWED = [
  'api.example.com',
  '*.wild.example.com',
  'ported.example.com:8443',
  '192.0.2.1',
  '[2001:db8::5]',
  'b\u00fccher.example',
];

/** Hosts whose truth is known, each as it can be written plainly. */
const GOOD = [
  ...['api.example.com', 'API.example.COM', 'api.example.com.', 'api.example.com:443', 'a.wild.example.com'],
  ...['x-1.a_b.wild.example.com', 'xn--bcher-kva.wild.example.com', 'ported.example.com:8443', '192.0.2.1'],
  ...['[2001:db8::5]', '[2001:DB8:0:0::5]', 'b\u00fccher.example', 'xn--bcher-kva.example', '192.0.2.1:443'],
];
const EVIL = [
  ...['evil.com', 'api.example.com.evil.com', 'evilapi.example.com', 'wild.example.com', 'evilwild.example.com'],
  ...['example.com', 'ported.example.com', 'ported.example.com:443', 'api.example.com:8443', '127.0.0.1', '192.0.2.10'],
  ...[
    '[::1]',
    '[::ffff:192.0.2.1]',
    '[2001:db8::5]:8443',
    'a.b\u00fccher.example',
    '\u0430pi.example.com',
    'localhost',
  ],
  ...[
    '169.254.169.254',
    'api.example.com-evil.com',
    'api-example.com',
    'api.example.co',
    'com',
    'a.wild.example.com:1',
  ],
];

/** What may follow a host and changes nothing about it; `@` stands for another host. */
const TAILS = [
  ...['', '/', '/a/b', '?q=1', '#f', '/?u=https://@/', '/@', '/x@@', '/#@@', '//@/', '/..//@', '/%2f%40@', '/a:80@@'],
  ...['/;@', '/\u6587', '/?\u00fc=\u20ac', '?q=https://x/', '/a%20b', '/%00', '/%0d%0aHost:%20@', '/[x]', '/{a}|b'],
];

/** `G`: an allowed host, `E`: another. Some parser finds `E` in each, or fails, so none may get through. */
const TRICKS = [
  ...[
    'https://G@E/',
    'https://E@G/',
    'https://G:443@E/',
    'https://u:p@G/',
    'https://@G/',
    'https://G:@E',
    'https://a@G@E/',
  ],
  ...['https://E\\@G/', 'https://G\\@E/', 'https:\\\\G/', 'https://E\\.G/', 'https:/\\G/', 'https://G/\\E', '\\\\G/'],
  ...['https://E?@G/', 'https://G?@E/', 'https://G#@E/', 'https://E#@G/', 'https://G?x=1@E/', 'https://G#x:y@E'],
  ...['//G/', 'G/', 'https:G', 'https:/G', 'https:///G', 'https:////G/', '/G', 'https//G', '://G/', ':G', 'https:'],
  ...['javascript:alert("G")', 'javascript://G/%0aalert(1)', 'data:text/html,G', 'data://G/x', 'file://G/etc/passwd'],
  ...['http://G/', 'ws://G/', 'ftp://G/', 'httpss://G/', 'gopher://G/', 'view-source:https://G/', 'blob:https://G/x'],
  ...[
    ' https://G/',
    'https://G/ ',
    '\thttps://G/',
    'ht\ntps://G/',
    'https://G/\r\nHost: E',
    'https:// G/',
    'https://G /',
  ],
  ...['https://E%00.G/', 'https://E%2f.G/', 'https://E%23.G/', 'https://E%3f.G/', 'https://E%5c.G/', 'https://E%40G/'],
  ...['https://E\u3002G/', 'https://E\uff0f.G/', 'https://E\uff03.G/', 'https://E\uff20G/', 'https://E\u2044.G/'],
  ...['https://E\u2100.G/', 'https://E,G/', 'https://E;G/', 'https://E&G/', 'https://G:443:1@E/', 'https://E:G/'],
  ...['https://[G]/', 'https://[::1].G/', 'https://G[::1]/', 'https://[::1%25G]/', 'https://G:', 'https://E:80:G'],
  ...['https://..G/', 'https://.G/', 'https://G../', 'https://E..G/', 'https://G:0443/', 'https://G:00443@E'],
  ...['https://0x7f.1/', 'https://2130706433/', 'https://0177.0.0.1/', 'https://127.1/', 'https://3221225985/'],
  ...['https://0xc0000201/', 'https://192.0.513/', 'https://192.0.02.1/', 'https://192.0.2.1./', 'https://\u2460.1/'],
];

/** Put anywhere up to the end of the host, each of these makes a URL that no check may pass. */
const SPOILERS = [
  ...[
    '\t',
    '\n',
    '\r',
    ' ',
    '\0',
    '\u00a0',
    '\u0085',
    '\u2028',
    '\u3000',
    '\ufeff',
    '\u200b',
    '\u00ad',
    '\u202e',
    '\\',
  ],
  ...[
    '@',
    '%2e',
    '%00',
    '%2f',
    '\u3002',
    '\uff0e',
    '\uff61',
    '\uff0f',
    '\uff3c',
    '\u2044',
    '\ud800',
    '\udc00',
    '<',
    '^',
    '|',
  ],
];

interface Generated {
  readonly text: string;
  readonly truth: 'good' | 'evil' | 'trick';
}

function* generate(count: number): Generator<Generated> {
  const random = seededRandom(SEED);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const scheme = (): string => pick(['https', 'https', 'HTTPS', 'Https']);
  for (let made = 0; made < count; made++) {
    const kind = random();
    if (kind < 0.6) {
      const good = random() < 0.6;
      const tail = pick(TAILS).replaceAll('@', () => `@${pick(good ? EVIL : GOOD)}`);
      const text = `${scheme()}://${pick(good ? GOOD : EVIL)}${tail}`;
      yield { text, truth: good ? 'good' : 'evil' };
    } else if (kind < 0.8) {
      yield {
        text: pick(TRICKS)
          .replaceAll('G', () => pick(GOOD))
          .replaceAll('E', () => pick(EVIL)),
        truth: 'trick',
      };
    } else {
      const front = `${scheme()}://${pick(GOOD)}`;
      const at = Math.floor(random() * (front.length + 1));
      yield { text: `${front.slice(0, at)}${pick(SPOILERS)}${front.slice(at)}/x`, truth: 'trick' };
    }
  }
}

/** The hosts, with their ports, that parsers of different kinds find in a text that got through. */
function hostsIn(text: string): readonly string[] {
  const lenient = text
    .replace(/[\t\r\n]/g, '')
    .trim()
    .replaceAll('\\', '/');
  const authorities = [
    // RFC 3986, appendix B.
    /^(?:[^:/?#]+:)?(?:\/\/([^/?#]*))?/.exec(text)?.[1],
    // Older: only a slash ends the authority.
    /^[^:]*:\/\/([^/]*)/.exec(text)?.[1]?.replace(/[?#][^@]*$/, ''),
    // Browsers.
    /^[^:]*:\/*([^/?#]*)/.exec(lenient)?.[1],
    // What a log or a regular expression takes for the host.
    /\/\/([^/?#:]*(?::\d+)?|\[[^\]]*\](?::\d+)?)(?=[/?#]|$)/.exec(text)?.[1],
  ];
  return authorities.flatMap((authority = '') => {
    const last = authority.slice(authority.lastIndexOf('@') + 1);
    const first = authority.slice(authority.indexOf('@') + 1);
    return [last, first, decodeURIComponent(last), last.normalize('NFKC')];
  });
}

/** Written without the code under test: the hosts above, compared as text. */
function isAllowed(authority: string): boolean {
  const [, host = '', port = '443'] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority.toLowerCase()) ?? [];
  if (host.startsWith('[')) return /^\[2001:db8:(?:0:0)?:+5\]$/.test(host) && port === '443';
  const name = domainToASCII(host).replace(/\.$/, '');
  if (name === 'ported.example.com') return port === '8443';
  if (port !== '443') return false;
  if (['api.example.com', '192.0.2.1', 'xn--bcher-kva.example'].includes(name)) return true;
  return /^(?:[a-z0-9_-]+\.)+wild\.example\.com$/.test(name);
}

describe('generated URLs', () => {
  it('get through exactly when every parser finds an allowed host', () => {
    const scope = compileScope({ allowedHosts: { fields: ['urls'], hosts: ALLOWED } }, 'bounded', {
      compilePattern: () => ({ matches: () => false }),
    });
    const counts = { good: 0, evil: 0, trick: 0, allowed: 0 };
    const wrong: unknown[] = [];
    const all = [...generate(CASES)];
    for (let start = 0; start < all.length; start += AT_ONCE) {
      const some = all.slice(start, start + AT_ONCE);
      const issues = scope?.check({ urls: some.map(({ text }) => text) });
      if (!Array.isArray(issues)) throw new Error('not answered at once');
      const codes = new Map(issues.map(({ path, code }) => [path, code]));
      for (const [index, { text, truth }] of some.entries()) {
        const code = codes.get(`urls[${index}]`);
        counts[truth]++;
        if (code === undefined) counts.allowed++;
        if ((truth === 'good') !== (code === undefined)) wrong.push({ text, code, truth });
        if (truth === 'evil' && code !== 'host-not-allowed') wrong.push({ text, code, truth });
        if (code === undefined && !hostsIn(text).every(isAllowed)) wrong.push({ text, hosts: hostsIn(text) });
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(counts.good).toBeGreaterThan(3000);
    expect(counts.evil).toBeGreaterThan(2000);
    expect(counts.trick).toBeGreaterThan(3000);
    expect(counts.allowed).toBe(counts.good);
  });
});

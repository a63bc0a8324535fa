import type { BoundaryIssue } from '../../errors/boundary.js';
import { type Host, readHost } from './host-text.js';
import { type Field, findValues } from './values.js';
import { type IsSecret, issueAt, MOST_ISSUES, someOf, tooMany, type Verdict } from './words.js';

/** Schemes whose URLs begin with a host, with the port that they stand for. */
export const DEFAULT_PORTS = { https: 443, http: 80, wss: 443, ws: 80, ftp: 21 } as const;

/** A scheme that `allowedHosts` can allow. */
export type UrlScheme = keyof typeof DEFAULT_PORTS;

/** One entry of `allowedHosts`, checked. */
export interface HostEntry extends Host {
  /** `*.example.com`: every host below, and not the domain itself. Below an address there is nothing. */
  readonly below: boolean;
}

/** The option `allowedHosts`, checked. */
export interface HostRule {
  readonly fields: readonly Field[];
  readonly entries: readonly HostEntry[];
  /** As they were written, for a model. */
  readonly hosts: readonly string[];
  readonly schemes: readonly UrlScheme[];
}

const LONGEST_URL = 8192;
const URL_PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is;

/** What is wrong with a text as a URL. Each is a form that parsers read differently. */
export type UrlFlaw = 'long' | 'surrogate' | 'space' | 'backslash' | 'scheme' | 'user' | 'host' | 'mark';

/** What to do about it, for a model. */
const URL_FLAWS: Readonly<Record<UrlFlaw, string>> = {
  long: `Give a URL of at most ${LONGEST_URL} characters.`,
  surrogate: 'Leave out the half of a character that is in it.',
  space: 'Leave out white space and control characters; inside a path a space is %20.',
  backslash: 'Use forward slashes.',
  scheme: 'Begin with the scheme and two slashes, e.g. https://.',
  user: 'Leave out the user name and the password.',
  host: 'Write the host plainly: lower case, no escapes, an IPv4 address as four decimal numbers.',
  mark: 'Put a slash after the host.',
};

interface Target {
  readonly scheme: string;
  readonly host: Host;
}

/**
 * Which URLs of a call lead to a host that is not allowed. Only the text is looked at: a name is not resolved, so
 * an allowed name that points to a private address is not found here, nor is a redirect that a server answers
 * with. Let the tool refuse redirects, or check where they lead.
 */
export function checkHosts(rule: HostRule, input: unknown, isSecret: IsSecret | undefined): readonly BoundaryIssue[] {
  const found = findValues(input, rule.fields);
  if (found === undefined) return [tooMany('url-malformed', 'URLs')];
  const issues: BoundaryIssue[] = [];
  for (const { steps, value, item } of found) {
    if (issues.length === MOST_ISSUES) break;
    const verdict = value === null && !item ? undefined : judgeUrl(rule, value);
    if (verdict !== undefined) issues.push(issueAt(steps, withoutSecrets(value), verdict, isSecret));
  }
  return issues;
}

/** A URL carries keys in front of its host and behind its path: what is told of it leaves them out. */
function withoutSecrets(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.replace(/[^/\\]*@/g, '…@').replace(/[?#][\s\S]+$/, (rest) => `${rest.slice(0, 1)}…`);
}

function judgeUrl(rule: HostRule, value: unknown): Verdict | undefined {
  if (typeof value !== 'string') return { code: 'url-malformed', expected: 'a URL as text' };
  const target = readUrl(value);
  if (typeof target === 'string') {
    return { code: 'url-malformed', expected: 'a plain URL with a host', hint: URL_FLAWS[target] };
  }
  const scheme = rule.schemes.find((allowed) => allowed === target.scheme);
  if (scheme !== undefined && rule.entries.some((entry) => allows(entry, target.host, DEFAULT_PORTS[scheme]))) {
    return undefined;
  }
  const schemes = rule.schemes.join(' or ');
  return {
    code: 'host-not-allowed',
    expected:
      rule.hosts.length === 0 ? 'no URL: this tool may reach none' : `a URL with ${schemes} at ${someOf(rule.hosts)}`,
    hint: scheme === undefined ? `Use ${schemes}.` : undefined,
  };
}

/** An entry without a port allows the one that the scheme stands for. */
function allows(entry: HostEntry, host: Host, defaultPort: number): boolean {
  if ((host.port ?? defaultPort) !== (entry.port ?? defaultPort)) return false;
  return entry.below ? host.name.endsWith(`.${entry.name}`) : host.name === entry.name;
}

/** Scheme and host of a URL about which parsers agree; else why they may not. */
export function readUrl(text: string): Target | UrlFlaw {
  if (text.length > LONGEST_URL) return 'long';
  if (!text.isWellFormed()) return 'surrogate';
  if (/[\s\p{Cc}\p{Z}]/u.test(text)) return 'space';
  if (text.includes('\\')) return 'backslash';
  const [, scheme, authority, rest] = URL_PARTS.exec(text) ?? [];
  if (scheme === undefined || authority === undefined || rest === undefined) return 'scheme';
  if (authority.includes('@')) return 'user';
  const host = readHost(authority);
  if (host === undefined) return 'host';
  // To old parsers only a slash ends what stands before the host.
  if (/^[?#]/.test(rest) && rest.includes('@')) return 'mark';
  return agrees(text, host) ? { scheme: scheme.toLowerCase(), host } : 'host';
}

/** Whether the parser of the platform, which most tools use, finds the same host. */
function agrees(text: string, host: Host): boolean {
  if (!URL.canParse(text)) return false;
  const parsed = new URL(text);
  return parsed.hostname.replace(/\.$/, '') === host.name && parsed.username === '' && parsed.password === '';
}

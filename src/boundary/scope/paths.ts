import { resolve, sep } from 'node:path';
import type { BoundaryIssue } from '../../errors/boundary.js';
import { PATH_FLAWS, pathFlaw } from './path-text.js';
import { isWithin, PathResolver } from './resolve-path.js';
import { type Field, type Found, findValues } from './values.js';
import { type IsSecret, issueAt, MOST_ISSUES, someOf, tooMany, type Verdict } from './words.js';

/** Looks at the disk that are under way at once: enough to keep the thread pool busy. */
const AT_ONCE = 32;

/** The option `allowedPaths`, checked. */
export interface PathRule {
  readonly fields: readonly Field[];
  /** As they were written, for a model. */
  readonly roots: readonly string[];
  /** The same from the base on, absolute. */
  readonly folders: readonly string[];
  readonly base: string;
}

/**
 * What the paths of a call reach that they may not. Every file that the text could name must lie inside: with
 * `..`, what the operating system finds after following the links, and what a program finds that first takes
 * `link/..` away as text.
 *
 * A check before the call, not a sandbox: between it and the tool's own opening of the file somebody else can
 * move a link, hard links and mounts show nothing of where they come from, and a tool may resolve a relative path
 * from another folder than the base. Against code that works against you, use what the operating system offers.
 */
export async function checkPaths(
  rule: PathRule,
  input: unknown,
  isSecret: IsSecret | undefined,
): Promise<readonly BoundaryIssue[]> {
  const found = findValues(input, rule.fields);
  if (found === undefined) return [tooMany('path-malformed', 'paths')];
  const present = found.filter(({ value, item }) => item || value !== null);
  if (present.length === 0) return [];
  const resolver = new PathResolver();
  const inside = await insideOf(rule, resolver);
  const issues: BoundaryIssue[] = [];
  for (let start = 0; start < present.length && issues.length < MOST_ISSUES; start += AT_ONCE) {
    const some = present.slice(start, start + AT_ONCE);
    const verdicts = await Promise.all(some.map(({ value }) => judge(rule, value, resolver, inside)));
    for (const [at, verdict] of verdicts.entries()) {
      const { steps, value } = some[at] as Found;
      if (verdict !== undefined) issues.push(issueAt(steps, value, verdict, isSecret));
    }
  }
  return issues.slice(0, MOST_ISSUES);
}

/** The allowed folders as they are now: one that cannot be resolved allows nothing. */
async function insideOf(rule: PathRule, resolver: PathResolver): Promise<readonly string[]> {
  const real = await Promise.all(rule.folders.map((folder) => resolver.resolve(folder)));
  return real.filter((folder) => folder !== undefined);
}

async function judge(
  rule: PathRule,
  value: unknown,
  resolver: PathResolver,
  inside: readonly string[],
): Promise<Verdict | undefined> {
  if (typeof value !== 'string') return { code: 'path-malformed', expected: 'a path as text' };
  const flaw = pathFlaw(value);
  if (flaw !== undefined) {
    return { code: 'path-malformed', expected: 'a plain path', hint: PATH_FLAWS[flaw] };
  }
  const asText = resolve(rule.base, value);
  const asFound = value.startsWith('/') ? value : rule.base + sep + value;
  const real = await Promise.all([resolver.resolve(asFound), value.includes('..') ? resolver.resolve(asText) : '']);
  const known = real.filter((path) => path !== undefined);
  const isInside = known.every((path) => path === '' || isWithinOne(path, inside));
  if (isInside && known.length === real.length) return undefined;
  // What cannot be resolved is told apart only inside: elsewhere it would say what exists there.
  const unresolvable = isInside && isWithinOne(asText, [...inside, ...rule.folders]);
  return {
    code: unresolvable ? 'path-unresolvable' : 'path-outside',
    expected: rule.roots.length === 0 ? 'no path: this tool may open none' : `a path inside ${someOf(rule.roots)}`,
    hint: unresolvable
      ? 'It cannot be resolved: a loop of links, a file used as a folder, or no permission.'
      : undefined,
  };
}

function isWithinOne(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => isWithin(path, folder));
}

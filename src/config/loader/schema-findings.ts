import type { z } from 'zod';
import { nearest } from '../../encoding/nearest.js';
import { habitOf, spoken, type YamlTree } from './document.js';
import { durationMeant } from './habits.js';
import { dotted, type Finding, type Path } from './issues.js';
import { RENAMED_VALUES } from './other-versions.js';
import { SECTIONS } from './schema.js';
import type { Range } from './source.js';
import type { Written } from './tree-reader.js';
import { own, unknownKey } from './unknown-key.js';

/** One issue of the schema, whatever its kind. */
export interface Flat {
  readonly code: string;
  readonly path: Path;
  readonly expected?: string;
  readonly values?: readonly unknown[];
  /** What it may be instead of one of the values. */
  readonly otherwise?: string;
  readonly keys?: readonly string[];
  /** Of a number that is out of its range. */
  readonly minimum?: number;
  readonly maximum?: number;
  readonly inclusive?: boolean;
  readonly message: string;
  readonly params?: { readonly id: string; readonly remedy: string };
}

/** Of a union only the branch that was meant counts. */
export function flattened(issue: z.core.$ZodIssue, root: unknown, above: Path = []): Flat[] {
  const path = [...above, ...issue.path] as Path;
  if (issue.code !== 'invalid_union') return [{ ...(issue as unknown as Flat), path }];
  const value = valueAt(root, path);
  const meant = issue.errors.find(
    (branch) => !branch.some((one) => one.path.length === 0 && one.code !== 'unrecognized_keys'),
  );
  if (meant !== undefined) return meant.flatMap((one) => flattened(one, root, path));
  const named = typeof value === 'string' ? issue.errors.flat().find((one) => one.code === 'invalid_value') : undefined;
  const list = issue.errors.some(([one]) => one?.code === 'invalid_type' && one.expected === 'array');
  if (named !== undefined)
    return [{ ...(named as unknown as Flat), path, ...(list && { otherwise: 'a list of names' }) }];
  return [
    { code: 'invalid_type', path, expected: issue.errors.map(([one]) => expectedOf(one)).join(' or '), message: '' },
  ];
}

function expectedOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_type') return EXPECTED[issue.expected] ?? issue.expected;
  return issue?.code === 'invalid_value' ? issue.values.join(' or ') : 'another value';
}

/** What stands at a path, if anything. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<string | number, unknown> | undefined)?.[part], root);
}

const EXPECTED: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'a text',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
};

/** An issue of the schema in words, with its place. */
export function findings(issue: Flat, root: unknown, tree: YamlTree): Finding[] {
  const { code, path } = issue;
  if (code === 'unrecognized_keys') {
    return (issue.keys ?? []).map((key) => unknownKey([...path, key], tree.written([...path, key])?.key));
  }
  const value = valueAt(root, path);
  const written = tree.written(path);
  // Told already, when it was read.
  if (value === undefined && written !== undefined) return [];
  const at = written?.value ?? written?.key;
  const fromEnvironment = written !== undefined && written.variables.length > 0;
  const what = spoken(written, shown(value, written?.source));
  const where = dotted(path);
  const base = { at, path };
  if (isNoShare(issue)) return [noShare(base, where, what, fromEnvironment ? undefined : value)];
  switch (code) {
    case 'custom': {
      const { id = 'MYC201', remedy = '' } = issue.params ?? {};
      if (id === 'MYC208') return [{ ...base, id, problem: `${where} ${issue.message}`, remedy }];
      const problem = `${where} ${issue.message}: ${what}`;
      const hint = id === 'MYC203' ? (habitOf(written, value, 'a duration') ?? unitHint(value)) : undefined;
      return [
        {
          ...base,
          id,
          problem,
          suggestion:
            id === 'MYC203' && !fromEnvironment && typeof value === 'string' ? durationMeant(value) : undefined,
          remedy: hint === undefined ? remedy : `${sentence(hint)} ${remedy}`,
        },
      ];
    }
    case 'invalid_value':
      return [wrongValue(issue, base, where, written, value)];
    case 'too_big':
      return [
        {
          ...base,
          id: 'MYC201',
          problem: `${where} is ${what}, which is too large`,
          remedy: 'Write a smaller number.',
        },
      ];
    case 'too_small':
      return [
        Array.isArray(value)
          ? {
              ...base,
              id: 'MYC208',
              problem: `${where} is an empty list`,
              remedy: 'Name at least one, or leave the key out.',
            }
          : {
              ...base,
              id: 'MYC201',
              problem: `${where} is ${what}, and has to be at least 1`,
              remedy: 'Write a whole number from 1.',
            },
      ];
    case 'invalid_type': {
      const expected = EXPECTED[issue.expected ?? ''] ?? issue.expected ?? 'another value';
      const remedy = fromEnvironment
        ? environmentRemedy(value, expected)
        : (habitOf(written, value, expected) ?? namelessHint(path, expected) ?? remedyFor(expected, value));
      return [
        { ...base, id: 'MYC201', problem: `${where} is ${what}, and has to be ${expected}`, remedy: sentence(remedy) },
      ];
    }
    default:
      return [
        { ...base, id: 'MYC201', problem: `${where} is ${what}: ${issue.message}`, remedy: 'Write another value.' },
      ];
  }
}

/** Of a number that is a part of something, and out of its range. */
function isNoShare({ code, minimum, maximum, inclusive }: Flat): boolean {
  return (code === 'too_big' && maximum === 1) || (code === 'too_small' && minimum === 0 && inclusive === false);
}

function noShare(
  base: { readonly at: Range | undefined; readonly path: Path },
  where: string,
  what: string,
  value: unknown,
): Finding {
  // Who writes 90 thinks of percents.
  const suggestion = typeof value === 'number' && value > 1 && value <= 100 ? String(value / 100) : undefined;
  return {
    ...base,
    id: 'MYC201',
    problem: `${where} is ${what}, and has to be above 0 and at most 1`,
    suggestion,
    remedy: 'Write a share of the limit, e.g. 0.9.',
  };
}

/** What a value of the environment has to be, without a word of what it is. */
function environmentRemedy(value: unknown, expected: string): string {
  if (value === null) return `the variable is set to nothing: set it, or give a default, \${env:NAME:-…}`;
  if (expected === 'a text') return 'quote the reference, so that it stays a text';
  if (typeof value === 'string' && remedyFor(expected, value).includes('quotes'))
    return `set the variable to ${expected}, and write the reference without quotes`;
  return `the variable has to hold ${expected}`;
}

function unitHint(value: unknown): string | undefined {
  return typeof value === 'string' && NUMBER.test(value.trim()) ? 'in quotes a number needs a unit' : undefined;
}

/** Keys of a tool where its name should be. */
function namelessHint(path: Path, expected: string): string | undefined {
  const [group, name] = path;
  if (path.length > 2 || (group !== 'tools' && group !== 'tasks')) return undefined;
  const kind = group === 'tools' ? 'tool' : 'task';
  if (name === undefined) return `write the name of each ${kind} with a colon, and its keys below it`;
  return expected === 'a mapping' && SECTIONS[`${group}.*`]?.includes(String(name)) === true
    ? `the name of the ${kind} is missing: ${group}, below it the name, and below that ${name}`
    : undefined;
}

const NUMBER = /^\d+(\.\d+)?$/;

function wrongValue(
  issue: Flat,
  base: { at: Range | undefined; path: Path },
  where: string,
  written: Written | undefined,
  value: unknown,
): Finding {
  const allowed = (issue.values ?? []).map(String);
  const said = shown(value, written?.source);
  const what = spoken(written, said);
  // Of a value of the environment nothing is told, not even what it resembles.
  const text = typeof value === 'string' && what === said ? value : undefined;
  const suggestion = text === undefined ? undefined : (own(RENAMED_VALUES, text) ?? nearest(text, allowed));
  const { otherwise } = issue;
  const choice = allowed.length === 1 ? allowed.join() : `one of ${allowed.join(', ')}`;
  const list = text === undefined || text.length > LONGEST_SHOWN ? '' : `: [${text}]`;
  return {
    ...base,
    id: 'MYC202',
    problem: `${where} is ${what}, and has to be ${choice}${otherwise === undefined ? '' : ` or ${otherwise}`}`,
    suggestion: suggestion !== undefined && allowed.includes(suggestion) ? suggestion : undefined,
    remedy: otherwise === undefined ? 'Write one of them.' : `Write ${choice}, or a list${list}.`,
  };
}

function remedyFor(expected: string, value: unknown): string {
  switch (expected) {
    case 'a list':
      return typeof value === 'string' && value !== '' && value.length <= LONGEST_SHOWN
        ? `write a list: [${value}]`
        : 'write a list: [one, another]';
    case 'a mapping':
      return 'write keys with values below it, or leave it out';
    case 'true or false':
      return 'write true or false, without quotes';
    case 'a number':
    case 'a whole number':
      return typeof value === 'string' && NUMBER.test(value) ? `write ${value} without quotes` : `write ${expected}`;
    default:
      return `write ${expected}`;
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}

function shown(value: unknown, source: string | undefined): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string')
    return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value);
  return source ?? String(value);
}

const LONGEST_SHOWN = 40;

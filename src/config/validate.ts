import type { z } from 'zod';
import { habitOf, type YamlTree } from './document.js';
import { dotted, type Finding, type Issues, type Path } from './issues.js';
import { NOT_YET, RENAMED_KEYS, RENAMED_VALUES, STORAGE_NOT_YET } from './other-versions.js';
import { type ConfigData, configSchema, SECTIONS } from './schema.js';
import type { Range } from './source.js';
import { nearest } from './suggestion.js';

/** What of a configuration has the right shape. */
export interface Validated {
  readonly data: ConfigData;
  /** Tools and tasks whose class may have been meant by what was left out, as dotted paths. */
  readonly uncertain: ReadonlySet<string>;
}

/** What has not the right shape is told in `issues`, all of it, and left out. */
export function validate(tree: YamlTree, issues: Issues): Validated {
  const value = withoutEmpty(tree.value);
  const uncertain = new Set<string>();
  for (;;) {
    const result = configSchema.safeParse(value);
    if (result.success) return { data: result.data, uncertain };
    const wrong = result.error.issues.flatMap((issue) => flattened(issue, value));
    for (const issue of wrong) {
      for (const finding of findings(issue, value, tree)) issues.add(finding);
      if (issue.code === 'unrecognized_keys' || issue.path.at(-1) === 'side_effect_class')
        uncertain.add(dotted(issue.path.slice(0, 2)));
    }
    // Once more without them: what is right may still not go together, and is told at the same time.
    const removed = wrong.flatMap(({ path, keys }) =>
      keys === undefined ? [remove(value, path)] : keys.map((key) => remove(value, [...path, key])),
    );
    if (!removed.includes(true)) return { data: {}, uncertain };
  }
}

/** An empty section is none: `tools:` with nothing below it. */
function withoutEmpty(value: unknown): unknown {
  const root = structuredCopy(value) as Record<string, unknown>;
  for (const name of ['action_ledger', 'task_ledger', 'tools', 'tasks']) if (root[name] === null) delete root[name];
  for (const section of [root['tools'], root['tasks']]) {
    if (!isRecord(section)) continue;
    for (const [name, entry] of Object.entries(section)) if (entry === null) section[name] = {};
  }
  return root;
}

function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy);
  if (!isRecord(value)) return value;
  return Object.assign(
    Object.create(null),
    Object.fromEntries(Object.entries(value).map(([key, member]) => [key, structuredCopy(member)])),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One issue of the schema, whatever its kind. */
interface Flat {
  readonly code: string;
  readonly path: Path;
  readonly expected?: string;
  readonly values?: readonly unknown[];
  readonly keys?: readonly string[];
  readonly message: string;
  readonly params?: { readonly id: string; readonly remedy: string };
}

/** Of a union only the branch that was meant counts. */
function flattened(issue: z.core.$ZodIssue, root: unknown, above: Path = []): Flat[] {
  const path = [...above, ...issue.path] as Path;
  if (issue.code !== 'invalid_union') return [{ ...(issue as unknown as Flat), path }];
  const value = valueAt(root, path);
  const meant = issue.errors.find(
    (branch) => !branch.some((one) => one.path.length === 0 && one.code !== 'unrecognized_keys'),
  );
  if (meant !== undefined) return meant.flatMap((one) => flattened(one, root, path));
  const named = typeof value === 'string' ? issue.errors.flat().find((one) => one.code === 'invalid_value') : undefined;
  if (named !== undefined) return [{ ...(named as unknown as Flat), path }];
  return [
    { code: 'invalid_type', path, expected: issue.errors.map(([one]) => expectedOf(one)).join(' or '), message: '' },
  ];
}

function expectedOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_type') return EXPECTED[issue.expected] ?? issue.expected;
  return issue?.code === 'invalid_value'
    ? issue.values.map((one) => JSON.stringify(one)).join(' or ')
    : 'another value';
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<string | number, unknown> | undefined)?.[part], root);
}

function remove(root: unknown, path: Path): boolean {
  const last = path.at(-1);
  const above = valueAt(root, path.slice(0, -1));
  if (last === undefined || typeof above !== 'object' || above === null) return false;
  // An entry of a list goes with the whole list, so that no other one changes its number.
  if (Array.isArray(above)) return remove(root, path.slice(0, -1));
  return Object.hasOwn(above, last) && delete (above as Record<string, unknown>)[last as string];
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

function findings(issue: Flat, root: unknown, tree: YamlTree): Finding[] {
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
  const what = fromEnvironment
    ? `the value of ${written.variables.map((name) => `\${env:${name}}`).join(' and ')}`
    : shown(value, written?.source);
  const where = dotted(path);
  const hint = habitOf(written, value);
  const base = { at, path };
  switch (code) {
    case 'custom': {
      const { id = 'MYC201', remedy = '' } = issue.params ?? {};
      const problem = id === 'MYC208' ? `${where} is blank` : `${where} ${issue.message}: ${what}`;
      return [{ ...base, id, problem, remedy: hint === undefined ? remedy : `${sentence(hint)} ${remedy}` }];
    }
    case 'invalid_value':
      return [wrongValue(issue, base, where, what, value, hint)];
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
      const quote = fromEnvironment && written.plain && expected === 'a text';
      return [
        {
          ...base,
          id: 'MYC201',
          problem: `${where} is ${what}, and has to be ${expected}`,
          remedy: sentence(quote ? 'quote the reference, so that it stays a text' : (hint ?? remedyFor(expected))),
        },
      ];
    }
    default:
      return [
        { ...base, id: 'MYC201', problem: `${where} is ${what}: ${issue.message}`, remedy: 'Write another value.' },
      ];
  }
}

function wrongValue(
  issue: Flat,
  base: { at: Range | undefined; path: Path },
  where: string,
  what: string,
  value: unknown,
  hint: string | undefined,
): Finding {
  const allowed = (issue.values ?? []).map(String);
  const isStorage = base.path.at(-1) === 'storage';
  if (isStorage && typeof value === 'string' && STORAGE_NOT_YET.has(value)) {
    return {
      ...base,
      id: 'MYC205',
      problem: `${where} is ${what}, which is not in this version yet`,
      remedy: 'Use file, which several processes of one machine can share, or memory.',
    };
  }
  const suggestion = typeof value === 'string' ? (own(RENAMED_VALUES, value) ?? nearest(value, allowed)) : undefined;
  return {
    ...base,
    id: 'MYC202',
    problem: `${where} is ${what}, and has to be one of ${allowed.join(', ')}`,
    suggestion: suggestion !== undefined && allowed.includes(suggestion) ? suggestion : undefined,
    remedy: hint === undefined ? 'Write one of them.' : sentence(hint),
  };
}

function remedyFor(expected: string): string {
  switch (expected) {
    case 'a list':
      return 'write a list: [one, another]';
    case 'a mapping':
      return 'write keys with values below it, or leave it out';
    case 'true or false':
      return 'write true or false, without quotes';
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
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  return source ?? String(value);
}

/** `tools.send_payment.ledger` → `tools.*.ledger` */
function sectionOf(path: Path): string {
  return path
    .map((part, index) => (index === 1 && (path[0] === 'tools' || path[0] === 'tasks') ? '*' : part))
    .join('.');
}

function unknownKey(path: Path, at: Range | undefined): Finding {
  const key = String(path.at(-1));
  const above = path.slice(0, -1);
  const section = sectionOf(above);
  const where = above.length === 0 ? 'the file' : dotted(above);
  if (NOT_YET[section]?.has(key) === true) {
    return {
      id: 'MYC205',
      at,
      path,
      problem: `${dotted(path)} is not in this version yet`,
      remedy: 'Remove it for now; it is refused rather than ignored, so that nothing is thought guarded that is not.',
    };
  }
  const known = SECTIONS[section] ?? [];
  const renamed = own(RENAMED_KEYS[section] ?? {}, key);
  const elsewhere = renamed !== undefined && !known.includes(renamed);
  const suggestion = elsewhere ? undefined : (renamed ?? nearest(key, known));
  const home = suggestion === undefined ? homeOf(key) : undefined;
  return {
    id: 'MYC204',
    at,
    path,
    problem: `unknown key ${JSON.stringify(key)} in ${where}`,
    suggestion,
    remedy: elsewhere
      ? `Here it is ${renamed}.`
      : home === undefined
        ? `The keys here are ${known.join(', ')}.`
        : `It belongs in ${home}.`,
  };
}

/** A member that is really there: keys of a file may be called `constructor`, too. */
function own(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Where a key would be right. */
function homeOf(key: string): string | undefined {
  const sections = Object.entries(SECTIONS).filter(([, keys]) => keys.includes(key));
  const [found] = sections.find(([section]) => section.startsWith('tools.')) ?? sections[0] ?? [];
  if (found === undefined) return undefined;
  return found === '' ? 'the first column of the file' : found.replace('*', '<name>');
}

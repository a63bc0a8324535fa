// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration look like that.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { read } from './broken-config.js';

/** The keys that may be written, said once more: this list is not taken from the schema. */
const COMMON = 'audit_receipt ledger side_effect_class id_from lease wait_for timeout max_attempts store';
const STORAGE = 'storage path url url_env prefix durability dsn dsn_env schema connections tls';
const KNOWN: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({
    root: 'profile action_ledger task_ledger state_flush audit_receipt registry runner history_guard message_validator tools tasks',
    action_ledger: `${STORAGE} retention strict tools`,
    task_ledger: `${STORAGE} retention tasks`,
    state_flush: `${STORAGE} flush_on flush_on_complete durable signals`,
    audit_receipt: 'agent_id signing_key signing_key_env signing_key_file auto values storage path seal_every',
    values: 'arguments result redact',
    registry: 'allowed auto',
    runner: 'max_llm_retries max_tool_retries max_turns concurrency backoff',
    history_guard: 'max_tokens max_messages warn_at repeats counter redact trim on_loss',
    message_validator: 'enabled provider unanswered orphan prefill',
    protect: 'entity_param ttl key tags negative_ttl max invalidates invalidates_tools invalidates_tags',
    bounded:
      'schema output_schema coerce unknown_fields redact entity_param entity_pattern allowed_paths path_param base allowed_hosts url_param url_schemes',
    tool: `${COMMON} protect bounded boundary key_valid_for settle_after replay_for`,
    task: COMMON,
    ledger: STORAGE,
    durability: 'replicas timeout',
    store: 'input result redact max_result_length',
  }).map(([section, keys]) => [section, keys.split(' ')]),
);
const WORDS = [...new Set(Object.values(KNOWN).flat())];

/** Keys of a loaded text that the list does not have. */
function unknownKeys(value: unknown): string[] {
  const found: string[] = [];
  const check = (section: string, part: unknown): [string, unknown][] => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return [];
    const entries = Object.entries(part);
    found.push(...entries.filter(([key]) => !KNOWN[section]?.includes(key)).map(([key]) => `${section}.${key}`));
    return entries;
  };
  const checkStorage = (section: string, part: unknown): void => {
    for (const [key, below] of check(section, part)) if (key === 'durability') check(key, below);
  };
  for (const [section, part] of check('root', value)) {
    if (['action_ledger', 'task_ledger', 'state_flush'].includes(section)) checkStorage(section, part);
    if (['registry', 'runner', 'history_guard', 'message_validator'].includes(section)) check(section, part);
    if (section === 'audit_receipt')
      for (const [key, below] of check(section, part)) if (key === 'values') check(key, below);
    if (section !== 'tools' && section !== 'tasks') continue;
    for (const entry of Object.values(part ?? {}))
      for (const [key, below] of check(section === 'tools' ? 'tool' : 'task', entry))
        if (key === 'ledger') checkStorage(key, below);
        else if (['store', 'bounded', 'protect'].includes(key)) check(key, below);
  }
  return found;
}

/** What holds for whatever text. */
function holds(text: string): void {
  const begun = performance.now();
  const { issues } = read(text);
  const rendered = issues.text();
  const lasted = performance.now() - begun;
  // It takes some milliseconds; what grows with the square of the text took a minute. A busy machine takes its time.
  expect(lasted, 'milliseconds').toBeLessThan(5000);
  // biome-ignore format: one character class
  expect(rendered).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
  const plain = text.replace(/^\ufeff+/, '');
  const lines = plain.split('\n');
  let last = 0;
  for (const { id, problem, remedy, line = 0, column = 0, severity } of issues.all) {
    // That nothing is there is at no place.
    if (id === 'MYC350') continue;
    expect(id).toMatch(severity === 'error' ? /^MYC(1[01]|20|3[0-4])\d$/ : /^MYC3[56]\d$/);
    expect(problem).not.toBe('');
    expect(remedy).toMatch(/\S/);
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines.length);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
    expect(line * 1e6 + column).toBeGreaterThanOrEqual(last);
    last = line * 1e6 + column;
  }
  if (issues.errors) return;
  const value: unknown = parse(plain, { logLevel: 'silent' });
  expect(value === null || (typeof value === 'object' && !Array.isArray(value))).toBe(true);
  expect(unknownKeys(value)).toEqual([]);
}

/** Runs a property for about so long; on failure fast-check prints the seed and the text. */
function check(milliseconds: number, texts: fc.Arbitrary<string>): void {
  fc.assert(fc.property(texts, holds), {
    numRuns: 100_000,
    interruptAfterTimeLimit: milliseconds,
    markInterruptAsFailure: false,
  });
}

const VALID = [
  `# what is guarded
action_ledger: { storage: file, path: ./.mycelium/ledger, strict: false, tools: all }
task_ledger:
  storage: memory
  tasks: [bill]
tools:
  send_payment:
    side_effect_class: keyed_mutate
    key_valid_for: 24h
    id_from: [invoice_id, "to"]
    ledger: true
    store: { input: redacted, redact: [card], max_result_length: 100 }
  fetch: &read
    side_effect_class: read
    replay_for: 15m
  other: *read
tasks:
  bill:
    id_from:
      - order
    lease: "\${env:WAIT}"
`,
  `tools: {pay: {ledger: {storage: file, path: "\${env:HOME}/x"}, boundary: explicit, settle_after: 5}, get: {ledger: false}}
tasks: {t: {wait_for: 1.5, timeout: 250ms, max_attempts: 3, store: {input: full, result: digest}}}
`,
  `profile: development
action_ledger: { storage: redis, url: "redis://u:pw@h:6379/1", prefix: "a:b", durability: { replicas: 1, timeout: 1s }, tls: true, retention: 30d }
task_ledger: { storage: postgres, dsn_env: DATABASE_URL, schema: s, connections: 3 }
tools: { pay: { ledger: { storage: redis, url_env: REDIS_URL } } }
`,
  'action_ledger:\n  path: |\n    a\n  tools:\n  - x\ntools:\n  ? x\n  : ledger: yes\n',
];

const SNIPPETS = [
  '\t',
  ': ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  ',',
  '"',
  "'",
  '&a ',
  '*a',
  '!!str ',
  '!x ',
  '|',
  '>',
  '#',
  '%',
  '@',
  '? ',
  '---\n',
  '...\n',
  '<<: ',
  '$',
  '${env:',
  '${env:WAIT}',
  '~',
  'null',
  'true',
  '1e9',
  '\r',
  '\n',
  '\n  ',
  '\0',
  '\x1b',
  '\ufeff',
  '\u2028',
  '😀',
  '__proto__: 1\n',
  'constructor: ',
  '%YAML 1.1\n---\n',
  ...WORDS.map((word) => `${word}: `),
];

const mutation = fc.record({
  kind: fc.constantFrom('insert', 'delete', 'double', 'swap', 'line out', 'line twice', 'lines swapped', 'indent'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  to: fc.double({ min: 0, max: 1, noNaN: true }),
  snippet: fc.oneof(fc.constantFrom(...SNIPPETS), fc.string({ maxLength: 3, unit: 'binary' })),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutated(text: string, { kind, at, to, snippet }: Mutation): string {
  const index = Math.floor(at * text.length);
  const lines = text.split('\n');
  const one = Math.floor(at * (lines.length - 1));
  const two = Math.floor(to * (lines.length - 1));
  const length = 1 + Math.floor(to * 8);
  switch (kind) {
    case 'insert':
      return text.slice(0, index) + snippet + text.slice(index);
    case 'delete':
      return text.slice(0, index) + text.slice(index + length);
    case 'double':
      return text.slice(0, index + length) + text.slice(index);
    case 'swap':
      return (
        text.slice(0, index) +
        text
          .slice(index, index + 2)
          .split('')
          .reverse()
          .join('') +
        text.slice(index + 2)
      );
    case 'line out':
      return lines.filter((_, number) => number !== one).join('\n');
    case 'line twice':
      return lines.flatMap((line, number) => (number === one ? [line, line] : [line])).join('\n');
    case 'lines swapped':
      return lines
        .map((line, number) => lines[number === one ? two : number === two ? one : number] ?? line)
        .join('\n');
    default:
      return lines.map((line, number) => (number === one ? ` ${line}` : line)).join('\n');
  }
}

const word = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...WORDS) },
  fc.constantFrom('pay', 'get', '__proto__', 'toString', '<<', 'url', '1', 'true', ''),
  fc.string({ maxLength: 6 }),
);
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    'file',
    'memory',
    'redis',
    'postgres',
    'redis://u:pw@h',
    'REDIS_URL',
    'read',
    'keyed_mutate',
    'all',
    'full',
    'explicit',
    '5s',
    './x',
    'pay',
    '${env:WAIT}',
    '$HOME',
    true,
    false,
    null,
    0,
    1,
    2026.1,
    -3,
  ),
  fc.string({ maxLength: 8, unit: 'binary' }),
  fc.double(),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.array(fc.tuple(word, tie('tree')), { maxLength: 6 }).map((entries) => new Map(entries)),
  ),
}));
const options = {
  indent: fc.constantFrom(2, 4),
  defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE'),
};
const dumped = fc
  .tuple(fc.array(fc.tuple(word, tree), { maxLength: 5 }), fc.record(options), fc.boolean())
  .map(([entries, style, flow]) =>
    stringify(new Map(entries), { ...(style as object), ...(flow ? { collectionStyle: 'flow' } : {}) }),
  );

/** A key of whatever name put at a place of whatever valid configuration. */
const withKey = fc
  .tuple(fc.constantFrom(...VALID.slice(0, 3)), word, fc.nat(), fc.boolean())
  .map(([text, key, place, inside]) => {
    const root = parse(text) as object;
    const maps: object[] = [];
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      if (!Array.isArray(value)) maps.push(value);
      Object.values(value).forEach(walk);
    };
    walk(root);
    const target = maps[place % maps.length] ?? root;
    Object.defineProperty(target, key, { value: inside ? {} : 1, enumerable: true, configurable: true });
    return stringify(root, { aliasDuplicateObjects: place % 2 === 0 });
  });

describe('whatever is written, the loader answers', () => {
  it('to what is valid', () => {
    for (const text of VALID.slice(0, 3)) expect(read(text).issues.text('error')).toBe('');
    for (const text of VALID) holds(text);
  });

  it('to any text', () => {
    check(1500, fc.oneof(fc.string({ maxLength: 200, unit: 'binary' }), fc.string({ maxLength: 200 })));
    check(
      1500,
      fc.array(fc.constantFrom(...SNIPPETS, 'a', 'tools'), { maxLength: 40 }).map((parts) => parts.join('')),
    );
  });

  it('to valid configurations with a few changes', () => {
    check(
      3000,
      fc
        .tuple(fc.constantFrom(...VALID), fc.array(mutation, { minLength: 1, maxLength: 5 }))
        .map(([text, mutations]) => mutations.reduce(mutated, text)),
    );
  });

  it('to trees of whatever shape', () => {
    check(2500, dumped);
  });

  it('to a key at whatever place', () => {
    check(1500, withKey);
  });

  it.each([
    ['brackets', '['.repeat(19_000)],
    ['braces', '{a: '.repeat(4800)],
    ['dashes', '- '.repeat(9500)],
    ['question marks', '? '.repeat(9500)],
    ['deeper and deeper', Array.from({ length: 190 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['aliases', `tools: {pay: {id_from: [&a x, ${'*a, '.repeat(4700)}]}}`],
    ['unknown keys', Array.from({ length: 2000 }, (_, index) => `k${index}: 1`).join('\n')],
    ['unknown keys in one line', `{${Array.from({ length: 2000 }, (_, index) => `k${index}: 1`).join(', ')}}`],
    ['tools', `tools:\n${Array.from({ length: 1500 }, (_, index) => `  k${index}: {}`).join('\n')}`],
    ['names in a list', `action_ledger: { tools: [${'abcdefg, '.repeat(2000)}] }\ntools: { abcdefh: {} }`],
    ['tags', `tools: [${'!a x, '.repeat(3000)}]`],
    ['the same key', 'a: 1\n'.repeat(3800)],
    ['the same tool', `tools:\n${'  a: {}\n'.repeat(2400)}`],
    ['anchors', `tools: [${'&a x, '.repeat(3000)}*a]`],
    ['tabs', `tools:\n${'\tx: 1\n'.repeat(3000)}`],
    ['documents', '---\na: 1\n'.repeat(2000)],
    ['dollars', `action_ledger: { path: "${'$A'.repeat(9000)}" }`],
    ['references', `action_ledger: { path: "${'${env:A:-'.repeat(2000)}" }`],
    [
      'variables',
      `action_ledger: { path: "${Array.from({ length: 1300 }, (_, index) => `\${env:V${index}}`).join('')}" }`,
    ],
    ['URLs', `action_ledger: { storge: "${'://'.repeat(6000)}" }`],
    ['at signs', `action_ledger: { storge: "a://${'@'.repeat(18_000)}" }`],
    ['secrets', 'token: '.repeat(2600)],
    ['spaces', `tools:${' '.repeat(19_000)}x`],
    ['quotes', '"'.repeat(19_000)],
  ])('soon to %s', (_, text) => {
    expect(text.length).toBeLessThan(20_000);
    holds(text);
  });
});

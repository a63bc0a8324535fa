// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration look like that.
import { describe, expect, it } from 'vitest';
import { read } from './broken-config.js';

/** What is shown of a text with something wrong in it. */
function shown(yaml: string): string {
  const { issues } = read(yaml);
  expect(issues.errors).toBe(true);
  return issues.text();
}

describe('what is shown of a file', () => {
  it('the line, a mark and what to do', () => {
    expect(shown('tools:\n  send_payment:\n    side_effects_class: keyed_mutate\n')).toBe(
      [
        'mycelium.yaml:3:5  error MYC204  unknown key "side_effects_class" in tools.send_payment',
        '    3 |     side_effects_class: keyed_mutate',
        '      |     ^^^^^^^^^^^^^^^^^^',
        '  did you mean side_effect_class?',
      ].join('\n'),
    );
  });

  it('a long line around what is meant', () => {
    const [, line, mark] = shown(`tools: { pay: { id_from: [${'a, '.repeat(100)}5] } }`).split('\n');
    expect(line?.length).toBeLessThan(130);
    expect(line?.charAt((mark ?? '').indexOf('^'))).toBe('5');
  });

  it('tabs stay tabs, so that the mark stands below', () => {
    const [, line, mark] = shown('tools: {\tpay:\t5 }').split('\n');
    expect(line).toBe('    1 | tools: {\tpay:\t5 }');
    expect(mark).toBe('      |         \t    \t^');
  });

  it.each(['\x1b[31m', '\x07', '\x00', '\x9b', '\u2028', '\u202e', '\u2066', '\ufeff'])('no %j', (character) => {
    const texts = [
      `tools: { pay: { ledgr: "${character}" } }`,
      `tools: { "pay${character}": { lease: x } }`,
      `"${character}": 1\n`,
      `action_ledger: { storage: "fi${character}le" }`,
      `action_ledger: { tools: ["${character}"] }`,
      `tools: { pay: { id_from: ["$\{${character}}"] } }`,
      `tools: { pay: *${character} }`,
      `tools: { pay: !${character} x }`,
      `tools: [${character}`,
    ];
    for (const text of texts) expect(read(text).issues.text()).not.toContain(character);
  });

  it('no control characters that are written as escapes', () => {
    const { issues } = read('"\\e[1m\\u202e\\n": 1\ntools: { "\\e[2m\\nx": { lease: "\\e[3m", "\\e": 1 } }\n');
    for (const { path, problem, remedy } of issues.all)
      expect(path + problem + remedy).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
  });
});

describe('secrets', () => {
  it.each([
    'audit_receipt: { signing_key: hunter2 }',
    'audit_receipt: { "signing_key": "hunter2" }',
    "signing_key: 'hunter2'",
    'tools: { pay: { api_key: hunter2, ledgr: true } }',
    'action_ledger: { url: redis://user:hunter2@host:6379 }',
    'action_ledger: { path: redis://user:hunter2@host, storage: fil }',
    'action_ledger: { path: [redis://user:hun/ter@hunter2@host] }',
    'action_ledger: { path: [redis://a:hunter2@host, redis://b:hunter2@host] }',
    'action_ledger: { storage: "redis://user:hunter2@host" }',
    'action_ledger: { tools: ["redis://user:hunter2@host"] }',
    'tools: { "redis://user:hunter2@host": { lease: x } }',
    '"redis://user:hunter2@host": 1',
    'tools: { pay: { id_from: ["postgres://user:hunter2@host", "postgres://user:hunter2@host"] } }',
    'password: *hunter2',
    'password: !hunter2 x',
    'password: "hunter2" hunter2',
    'password: hunter2: hunter2',
    'password: "\\hunter2"',
    'password: @hunter2',
    'token: ab$hunter2',
    'pwd: hunter2',
    'tools: { pay: { authorization: Bearer hunter2 } }',
    'credentials: [hunter2, other]',
    'token: ${hunter2}',
    'token: ${env:MISSING:-hunter2} $x',
    'token:\n  @hunter2\n',
    'token: |\n  hunter2\n \thunter2 [\n',
    'token:\n  - *hunter2\n',
    'dsn: >-\n  a\n  hunter2\n\t- x\n',
    'action_ledger: { url_env: hunter2 and more }',
    'action_ledger: { storage: redis, url_env: "redis://u:hunter2@h" }',
    'action_ledger: { storage: postgres, dsn_env: hunter2/x }',
    'action_ledger: { storage: "redis://h?password=hunter2&db=1" }',
    'action_ledger: { path: "postgres://h/d?sslpassword=hunter2" }',
    'action_ledger: { storage: redis, url: ">hunter2", urll: 1 }',
    'action_ledger:\n  storage: redis\n  url: >-\n    redis://u:hunter2@h\n    hunter2\n',
    'tools: { pay: { ledger: { storage: redis, url: "redis://u:hunter2@h:0", dsn: hunter2 } } }',
  ])('%j', (yaml) => {
    expect(shown(yaml)).not.toContain('hunter2');
    expect(JSON.stringify(read(yaml).issues.all)).not.toContain('hunter2');
  });

  it('a reference is none, nor is what stands below a name that ends like one', () => {
    expect(shown('audit_receipt: { signing_key: "${env:SIGNING_KEY}" }')).toContain('${env:SIGNING_KEY}');
    expect(shown('tools: { rotate_key: { ledgr: true } }')).toContain('rotate_key: { ledgr: true }');
    expect(shown('tools:\n  rotate_key:\n    ledgr: true\n')).toContain('    ledgr: true');
    expect(shown('tools: { pay: { key_valid_for: soon } }')).toContain('key_valid_for: soon');
    expect(shown('action_ledger: { storage: redis, url_env: NOWHERE }')).toContain('url_env: NOWHERE');
  });
});

import { describe, expect, it } from 'vitest';
import { loadConfigFromString } from '../../../src/config/load-config.js';
import { ENVIRONMENT, marked, read } from './broken-config.js';

/** A configuration that loads and gets a warning at each `▸`, and how to say that it is meant. */
interface Warned {
  readonly id: string;
  readonly name: string;
  readonly yaml: string;
  readonly path: string;
  readonly says: string;
  readonly gone: readonly string[];
}

const HARMLESS = 'tools: { get: { side_effect_class: read, ledger: false } }';

const WARNINGS: readonly Warned[] = [
  {
    id: 'MYC359',
    name: 'receipts that no tool asks for',
    yaml: `audit_receipt: { agent_id: a, signing_key_env: SIGNING_KEY, ▸auto: false }\n${HARMLESS}`,
    path: 'audit_receipt.auto',
    says: 'no tool asks for a receipt',
    gone: [
      `audit_receipt: { agent_id: a, signing_key_env: SIGNING_KEY }\n${HARMLESS}`,
      'audit_receipt: { agent_id: a, signing_key_env: SIGNING_KEY, auto: false }\ntools: { get: { side_effect_class: read, audit_receipt: true } }',
    ],
  },
  {
    id: 'MYC360',
    name: 'a signing key in the file',
    yaml: `audit_receipt: { agent_id: a, ▸signing_key: ${ENVIRONMENT['SIGNING_KEY']} }\n${HARMLESS}`,
    path: 'audit_receipt.signing_key',
    says: 'for whoever can read it',
    gone: [`audit_receipt: { agent_id: a, signing_key: "\${env:SIGNING_KEY}" }\n${HARMLESS}`],
  },
  {
    id: 'MYC358',
    name: 'states that are durable in memory',
    yaml: 'state_flush: { ▸durable: true, storage: memory }\ntools: { get: { side_effect_class: read, ledger: false } }',
    path: 'state_flush.durable',
    says: 'the states of runs end with the process',
    gone: [
      'state_flush: { durable: true }\ntools: { get: { side_effect_class: read, ledger: false } }',
      'state_flush: { storage: memory }\ntools: { get: { side_effect_class: read, ledger: false } }',
    ],
  },
  {
    id: 'MYC356',
    name: 'a key that is forgotten before a lost worker is noticed',
    yaml: 'tools: { ▸pay: { side_effect_class: keyed_mutate, key_valid_for: 30s, id_from: [order] } }',
    path: 'tools.pay',
    says: 'more than one lease',
    gone: [
      'tools: { pay: { side_effect_class: keyed_mutate, key_valid_for: 31s, id_from: [order] } }',
      'tools: { pay: { side_effect_class: keyed_mutate, key_valid_for: 30s, lease: 5s, id_from: [order] } }',
      'tools: { pay: { side_effect_class: keyed_mutate, key_valid_for: 30s, timeout: 20s, id_from: [order] } }',
    ],
  },
  {
    id: 'MYC351',
    name: 'a tool that nothing guards',
    yaml: 'tools: { ▸pay: {} }',
    path: 'tools.pay',
    says: 'nothing guards pay',
    gone: [
      'tools: { pay: { ledger: false } }',
      'tools: { pay: { ledger: true, side_effect_class: read } }',
      'action_ledger: { tools: all }\ntools: { pay: { side_effect_class: read } }',
    ],
  },
  {
    id: 'MYC351',
    name: 'a tool of which only a harmless class is said',
    yaml: 'tools: { ▸get: { side_effect_class: read } }',
    path: 'tools.get',
    says: 'Write ledger: true, or ledger: false',
    gone: [
      'tools: { get: { side_effect_class: read, ledger: false } }',
      'tools: { get: { side_effect_class: read, id_from: [order] } }',
    ],
  },
  {
    id: 'MYC351',
    name: 'a tool that the selector leaves out',
    yaml: 'action_ledger: { tools: [get] }\ntools: { get: { side_effect_class: read }, ▸pay: {} }',
    path: 'tools.pay',
    says: 'nothing guards pay',
    gone: ['action_ledger: { tools: [get] }\ntools: { get: { side_effect_class: read }, pay: { ledger: false } }'],
  },
  {
    id: 'MYC351',
    name: 'a task that nothing guards',
    yaml: 'tasks: { ▸bill: {} }',
    path: 'tasks.bill',
    says: 'nothing guards bill',
    gone: ['tasks: { bill: { id_from: [order] } }', 'tasks: { bill: { ledger: false } }'],
  },
  {
    id: 'MYC352',
    name: 'a task without an identity',
    yaml: 'tasks: { ▸bill: { ledger: true } }',
    path: 'tasks.bill',
    says: 'only a run with a runId finds bill again',
    gone: ['tasks: { bill: { ledger: true, id_from: [order] } }'],
  },
  {
    id: 'MYC352',
    name: 'a tool without an identity',
    yaml: 'tools: { ▸pay: { ledger: true, side_effect_class: irreversible } }',
    path: 'tools.pay',
    says: 'nothing in pay says what makes two calls the same',
    gone: [
      'tools: { pay: { ledger: true, side_effect_class: irreversible, id_from: [order] } }',
      'tools: { pay: { ledger: true, side_effect_class: read } }',
      'tools: { pay: { ledger: true, side_effect_class: idempotent_mutate } }',
    ],
  },
  {
    id: 'MYC353',
    name: 'a tool without a class',
    yaml: 'tools: { ▸pay: { id_from: [order] } }',
    path: 'tools.pay',
    says: 'Add side_effect_class',
    gone: ['tools: { pay: { id_from: [order], side_effect_class: irreversible } }'],
  },
  {
    id: 'MYC354',
    name: 'a key without an end',
    yaml: 'tools: { ▸pay: { id_from: [order], side_effect_class: keyed_mutate } }',
    path: 'tools.pay',
    says: 'Add key_valid_for, e.g. 24h',
    gone: ['tools: { pay: { id_from: [order], side_effect_class: keyed_mutate, key_valid_for: 24h } }'],
  },
  {
    id: 'MYC355',
    name: 'records in memory of what cannot be undone',
    yaml: 'action_ledger: { storage: memory }\ntools: { ▸pay: { id_from: [order], side_effect_class: irreversible } }',
    path: 'tools.pay',
    says: 'its records end with the process',
    gone: [
      'action_ledger: { storage: file }\ntools: { pay: { id_from: [order], side_effect_class: irreversible } }',
      'action_ledger: { storage: redis, url: "redis://h" }\ntools: { pay: { id_from: [order], side_effect_class: irreversible } }',
      'action_ledger: { storage: memory }\ntools: { pay: { id_from: [order], side_effect_class: irreversible, ledger: { storage: file } } }',
      'action_ledger: { storage: memory }\ntools: { pay: { id_from: [order], side_effect_class: read } }',
    ],
  },
  {
    id: 'MYC357',
    name: 'production that is not strict',
    yaml: 'profile: production\naction_ledger: { ▸strict: false }\ntools: { pay: { ledger: false } }',
    path: 'action_ledger.strict',
    says: 'Remove strict: production is strict.',
    gone: [
      'profile: production\ntools: { pay: { ledger: false } }',
      'profile: production\naction_ledger: { strict: true }\ntools: { pay: { ledger: false } }',
      'profile: development\naction_ledger: { strict: false }\ntools: { pay: { ledger: false } }',
    ],
  },
];

describe('warnings', () => {
  it.each(WARNINGS.map((row) => [row.id, row.name, row] as const))('%s, %s', async (id, _, row) => {
    const { text, places } = marked(row.yaml);
    const { issues } = read(text);
    expect(issues.errors).toBe(false);
    expect(issues.all.map((issue) => [`${issue.line}:${issue.column}`, issue.id, issue.severity, issue.path])).toEqual([
      [places[0], id, 'warning', row.path],
    ]);
    expect(`${issues.all[0]?.problem} | ${issues.all[0]?.remedy}`).toContain(row.says);
    const mycelium = await loadConfigFromString(text, { environment: { SIGNING_KEY: ENVIRONMENT['SIGNING_KEY'] } });
    await mycelium.close();
  });

  it.each(WARNINGS.flatMap(({ id, gone }) => gone.map((yaml) => [id, yaml] as const)))('%s is gone: %s', (_, yaml) => {
    expect(read(yaml).issues.all).toEqual([]);
  });

  it('several stand in the order of the file', () => {
    const { issues } = read(
      'action_ledger: { storage: memory }\ntools:\n  b: { ledger: true }\n  a: { ledger: true, side_effect_class: keyed_mutate }\n  c: {}\n',
    );
    expect(issues.all.map(({ id, path }) => [id, path])).toEqual([
      ['MYC353', 'tools.b'],
      ['MYC352', 'tools.a'],
      ['MYC354', 'tools.a'],
      ['MYC355', 'tools.a'],
      ['MYC351', 'tools.c'],
    ]);
  });

  it('a file that names no tool guards nothing', () => {
    for (const text of ['# nothing yet\n', 'tools:\n', 'action_ledger: { strict: true }\n'])
      expect(read(text).issues.all).toMatchObject([{ id: 'MYC350', severity: 'warning' }]);
    // Without any file there is nothing to warn of.
    expect(read('').issues.all).toEqual([]);
  });

  it('wait until the errors are gone', () => {
    const { issues } = read('tools: { pay: {}, get: { ledgr: true } }');
    expect(issues.all.map(({ id }) => id)).toEqual(['MYC204']);
  });

  it('look like this', () => {
    const { issues } = read('tools:\n  pay: { id_from: [order], side_effect_class: keyed_mutate }\n');
    expect(issues.text('warning')).toBe(
      [
        'mycelium.yaml:2:3  warning MYC354  pay does not say how long the provider honours its key',
        '    2 |   pay: { id_from: [order], side_effect_class: keyed_mutate }',
        '      |   ^^^',
        '  Add key_valid_for, e.g. 24h; without it a crash blocks the call.',
      ].join('\n'),
    );
    expect(issues.text('error')).toBe('');
  });
});

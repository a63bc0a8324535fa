// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration look like that.
import { describe, expect, it } from 'vitest';
import { marked, read } from './broken-config.js';

const FILE = { storage: 'file', directory: '/srv/app/x' };

const REDIS = { storage: 'redis', url: 'redis://u:pw@h' };
const POSTGRES = { storage: 'postgres', url: 'postgres://u:pw@h/db' };

/** What each key of a server resolves to, in whatever section. */
const SERVERS: readonly (readonly [key: string, yaml: string, location: object])[] = [
  ['url', 'storage: redis, url: "redis://u:pw@h"', REDIS],
  ['url_env', 'storage: redis, url_env: REDIS_URL', { ...REDIS, url: 'redis://ada:hunter2@cache:6379/1' }],
  [
    'prefix',
    'storage: redis, url: "redis://u:pw@h", prefix: "mycelium:action:"',
    { ...REDIS, prefix: 'mycelium:action:' },
  ],
  ['dsn', 'storage: postgres, dsn: "postgres://u:pw@h/db"', POSTGRES],
  ['dsn_env', 'storage: postgres, dsn_env: DATABASE_URL', { ...POSTGRES, url: 'postgres://ada:hunter2@db/agents' }],
];

/** Who signs, with a key that the environment has. */
const SIGNED = 'agent_id: payment-agent, signing_key_env: WORD';

/** What a key of version 1.1 of the Python library resolves to here. */
const WORKS: readonly (readonly [key: string, yaml: string, part: string, value: unknown])[] = [
  ['action_ledger.storage: file', 'action_ledger: { storage: file, path: x }', 'tool', FILE],
  ['action_ledger.storage: memory', 'action_ledger: { storage: memory }', 'tool', { storage: 'memory' }],
  ['action_ledger.path', 'action_ledger: { path: x }', 'tool', FILE],
  ['action_ledger.tools: all', 'action_ledger: { tools: all }\ntools: { a: {}, b: {} }', 'recorded', ['a', 'b']],
  ['action_ledger.tools: names', 'action_ledger: { tools: [b] }\ntools: { a: {}, b: {} }', 'recorded', ['b']],
  ['task_ledger.storage: file', 'task_ledger: { storage: file, path: x }', 'task', FILE],
  ['task_ledger.storage: memory', 'task_ledger: { storage: memory }', 'task', { storage: 'memory' }],
  ['task_ledger.path', 'task_ledger: { path: x }', 'task', FILE],
  ['task_ledger.tasks: all', 'task_ledger: { tasks: all }\ntasks: { a: {}, b: {} }', 'recorded', ['a', 'b']],
  ['task_ledger.tasks: names', 'task_ledger: { tasks: [b] }\ntasks: { a: {}, b: {} }', 'recorded', ['b']],
  ['tools', 'tools: { a: { ledger: true } }', 'recorded', ['a']],
  ['tools.*, empty', 'tools:\n  a:\n', 'recorded', []],
  ['tools.*.ledger: true', 'tools: { a: { ledger: true } }', 'recorded', ['a']],
  ['tools.*.ledger: false', 'action_ledger: { tools: all }\ntools: { a: { ledger: false } }', 'recorded', []],
  ['tools.*.ledger.storage', 'tools: { a: { ledger: { storage: memory } } }', 'own', { storage: 'memory' }],
  ['tools.*.ledger.path', 'tools: { a: { ledger: { path: x } } }', 'own', FILE],
  ['tasks', 'tasks: { a: { ledger: true } }', 'recorded', ['a']],
  ['tasks.*.ledger: true', 'tasks: { a: { ledger: true } }', 'recorded', ['a']],
  ['tasks.*.ledger: false', 'task_ledger: { tasks: all }\ntasks: { a: { ledger: false } }', 'recorded', []],
  ['tasks.*.ledger.storage', 'tasks: { a: { ledger: { storage: memory } } }', 'own', { storage: 'memory' }],
  ['tasks.*.ledger.path', 'tasks: { a: { ledger: { path: x } } }', 'own', FILE],
  ['tasks.*.id_from', 'tasks: { a: { id_from: [order] } }', 'idFrom', ['order']],
  ['state_flush, empty', 'action_ledger: { path: x }\nstate_flush:\n', 'state', FILE],
  ['state_flush.storage: memory', 'state_flush: { storage: memory }', 'state', { storage: 'memory' }],
  ['state_flush.storage: file', 'state_flush: { storage: file, path: x }', 'state', FILE],
  ['state_flush.path', 'state_flush: { path: x }', 'state', FILE],
  [
    'state_flush.flush_on',
    'state_flush: { flush_on: [cancel, disconnect, error] }',
    'flush',
    { flushOn: ['cancel', 'disconnect', 'error'] },
  ],
  ['state_flush.flush_on: none', 'state_flush: { flush_on: [] }', 'flush', { flushOn: [] }],
  ['state_flush.flush_on_complete', 'state_flush: { flush_on_complete: false }', 'flush', { flushOnComplete: false }],
  ['no state_flush', 'tools: {}', 'state', undefined],
  ['audit_receipt.agent_id', `audit_receipt: { ${SIGNED} }`, 'agent', 'payment-agent'],
  [
    'audit_receipt.signing_key',
    'audit_receipt: { agent_id: a, signing_key: "${env:WORD}" }',
    'key',
    { said: 'signing_key', source: 'hunter2' },
  ],
  [
    'audit_receipt.signing_key_env',
    `audit_receipt: { ${SIGNED} }`,
    'key',
    { said: 'signing_key_env', source: 'hunter2' },
  ],
  [
    'audit_receipt.storage: file',
    `audit_receipt: { ${SIGNED}, storage: file }`,
    'export',
    '/srv/app/mycelium-receipts.jsonl',
  ],
  ['audit_receipt.path', `audit_receipt: { ${SIGNED}, path: ./x.jsonl }`, 'export', '/srv/app/x.jsonl'],
  ['audit_receipt without either', `audit_receipt: { ${SIGNED} }`, 'export', undefined],
  [
    'audit_receipt.auto: true',
    `audit_receipt: { ${SIGNED}, auto: true }\ntools: { a: { ledger: true } }`,
    'receipt',
    undefined,
  ],
  [
    'audit_receipt.auto: false',
    `audit_receipt: { ${SIGNED}, auto: false }\ntools: { a: { ledger: true } }`,
    'receipt',
    false,
  ],
  [
    'tools.*.audit_receipt: true',
    `audit_receipt: { ${SIGNED}, auto: false }\ntools: { a: { audit_receipt: true } }`,
    'receipt',
    true,
  ],
  [
    'tools.*.audit_receipt: false',
    `audit_receipt: { ${SIGNED} }\ntools: { a: { ledger: true, audit_receipt: false } }`,
    'receipt',
    false,
  ],
  ...[
    { schema: { amount: { type: 'integer', required: true } } },
    { output_schema: { status: { type: 'string', pattern: '^ok$', min_length: 1, max_length: 9 } } },
    { entity_param: 'id', entity_pattern: '^c' },
    { allowed_paths: ['/tmp'], path_param: 'path' },
  ].map((bounded): [string, string, string, unknown] => [
    `tools.*.bounded, ${Object.keys(bounded).join(', ')}`,
    JSON.stringify({ tools: { a: { bounded } } }),
    'bounded',
    bounded,
  ]),
  [
    'tools.*.protect',
    'tools: { a: { protect: { entity_param: id, ttl: 300 } } }',
    'protect',
    { entity_param: 'id', ttl: 300_000 },
  ],
  ['runner.max_llm_retries', 'runner: { max_llm_retries: 2 }', 'runner', { max_llm_retries: 2 }],
  ['runner.max_tool_retries', 'runner: { max_tool_retries: 3 }', 'runner', { max_tool_retries: 3 }],
  ['history_guard.max_tokens', 'history_guard: { max_tokens: 100000 }', 'history', { max_tokens: 100_000 }],
  ['history_guard.max_messages', 'history_guard: { max_messages: 1000 }', 'history', { max_messages: 1000 }],
  ['history_guard.warn_at', 'history_guard: { warn_at: .9 }', 'history', { warn_at: 0.9 }],
  ['message_validator: true', 'message_validator: true', 'validator', {}],
  ['message_validator: false', 'message_validator: false', 'validator', undefined],
  ['message_validator.enabled', 'message_validator: { enabled: false }', 'validator', undefined],
  ['registry.allowed', 'registry: { allowed: [b] }\ntools: { a: {}, b: {} }', 'allowed', ['b']],
  ['registry.auto: true', 'registry: { auto: true }\ntools: { a: {}, b: {} }', 'allowed', ['a', 'b']],
  ['registry.auto: false', 'registry: { auto: false }\ntools: { a: {} }', 'allowed', []],
  [
    'tasks.*.audit_receipt',
    `audit_receipt: { ${SIGNED}, auto: false }\ntasks: { a: { audit_receipt: true } }`,
    'receipt',
    true,
  ],
  ['an empty document', '', 'recorded', []],
  ...SERVERS.flatMap(([key, yaml, location]): [string, string, string, unknown][] => [
    [`action_ledger.${key}`, `action_ledger: { ${yaml} }`, 'tool', location],
    [`state_flush.${key}`, `state_flush: { ${yaml} }`, 'state', location],
    [`task_ledger.${key}`, `task_ledger: { ${yaml} }`, 'task', location],
    [`tools.*.ledger.${key}`, `tools: { a: { ledger: { ${yaml} } } }`, 'own', location],
    [`tasks.*.ledger.${key}`, `tasks: { a: { ledger: { ${yaml} } } }`, 'own', location],
  ]),
];

describe('the configuration of version 1.1', () => {
  it.each(WORKS)('%s works', (_, yaml, part, value) => {
    const { config, issues } = read(yaml);
    expect(issues.text('error')).toBe('');
    const recorded = config.guards.filter(({ ledger }) => ledger !== undefined);
    const parts: Readonly<Record<string, unknown>> = {
      tool: config.locations.tool,
      task: config.locations.task,
      recorded: recorded.map(({ name }) => name),
      own: recorded[0]?.ledger?.location,
      state: config.stateFlush?.location,
      flush: config.stateFlush?.settings,
      idFrom: recorded[0]?.ledger?.options.idFrom,
      receipt: recorded[0]?.ledger?.options.receipt,
      bounded: config.guards[0]?.bounded,
      allowed: config.allowed,
      protect: config.guards[0]?.protect,
      runner: config.runner,
      history: config.historyGuard,
      validator: config.messageValidator,
      agent: config.audit?.agent,
      key: config.audit?.key,
      export: config.audit?.exportTo,
    };
    expect(parts[part]).toEqual(value);
  });

  it.each(['action_ledger', 'task_ledger', 'tools.a.ledger', 'tasks.a.ledger'])(
    '%s: what is otherwise here',
    (place) => {
      const keys = '{ storage: redis, url: "redis://u:pw@h", ▸in_flight_ttl: 3600, ▸table: mycelium_action_ledger }';
      const [first, second, third] = place.split('.');
      const section = third === undefined ? keys : `{ ${second}: { ${third}: ${keys} } }`;
      const { text, places } = marked(`${first}: ${section}`);
      const { issues } = read(text);
      expect(issues.all.map(({ id, line, column }) => [id, `${line}:${column}`])).toEqual(
        places.map((at) => ['MYC204', at]),
      );
      expect(issues.all.map(({ remedy }) => remedy)).toEqual([
        expect.stringMatching(/^Here it is lease, (of each tool|one level up)\.$/),
        'Here it is schema: the tables in it have names of their own.',
      ]);
      expect(issues.text()).not.toContain('pw@');
    },
  );

  it('tasks.*.ledger.id_from has moved', () => {
    const { issues } = read('tasks: { a: { ledger: { path: ./x, id_from: [order] } } }');
    expect(issues.all).toMatchObject([
      {
        id: 'MYC204',
        line: 1,
        column: 36,
        path: 'tasks.a.ledger.id_from',
        remedy: 'Here it is id_from, one level up.',
      },
    ]);
  });

  it('a whole file of it works', () => {
    const { issues } = read(`
action_ledger: { storage: file, path: ./ledger.jsonl, tools: [send_payment, delete_file] }
task_ledger: { storage: file, path: ./tasks.jsonl, tasks: [process_invoice] }
state_flush: { storage: file, path: ./state, flush_on: [cancel], flush_on_complete: true }
audit_receipt: { agent_id: payment-agent, signing_key_env: MYCELIUM_SIGNING_KEY, storage: file, auto: true }
tools:
  send_payment: { bounded: { schema: { amount: { type: integer } } }, ledger: true, audit_receipt: true }
  fetch_customer: { protect: { entity_param: customer_id, ttl: 300 }, bounded: { entity_param: customer_id, entity_pattern: 'c\\d+' } }
  delete_file: { bounded: { allowed_paths: [/tmp] } }
  search_docs: {}
tasks:
  process_invoice: { ledger: true, id_from: [invoice_id], audit_receipt: true }
registry: { auto: true }
runner: { max_llm_retries: 2 }
history_guard: { max_tokens: 100000 }
message_validator: true
`);
    expect(issues.text('error')).toBe('');
  });
});

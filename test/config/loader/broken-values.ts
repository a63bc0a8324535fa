// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration look like that.
import type { BrokenConfig, ExpectedError } from './broken-config.js';

const DURATIONS = ['lease', 'wait_for', 'timeout', 'key_valid_for', 'settle_after', 'replay_for'];

/** The same value for every duration of a tool. */
function durations(name: string, value: string, says: string, suggestion?: string): BrokenConfig {
  return {
    name,
    yaml: `tools:\n  pay: { ${DURATIONS.map((key) => `${key}: ▸${value}`).join(', ')} }\n`,
    errors: DURATIONS.map((key): ExpectedError => {
      const path = `tools.pay.${key}`;
      return suggestion === undefined ? ['MYC203', path, says] : ['MYC203', path, says, suggestion];
    }),
  };
}

/** Values of the wrong kind, or of none. */
export const BROKEN_VALUES: readonly BrokenConfig[] = [
  {
    name: 'shares that are none',
    yaml: 'history_guard: { warn_at: ▸90, max_messages: 9 }\n',
    errors: [['MYC201', 'history_guard.warn_at', 'is 90, and has to be above 0 and at most 1', '0.9']],
  },
  {
    name: 'no share at all',
    yaml: 'history_guard: { warn_at: ▸0, max_messages: 9 }\n',
    errors: [['MYC201', 'history_guard.warn_at', 'is 0, and has to be above 0 and at most 1']],
  },
  {
    name: 'far more than a share',
    yaml: 'history_guard: { warn_at: ▸90000, max_messages: 9 }\n',
    errors: [['MYC201', 'history_guard.warn_at', 'Write a share of the limit']],
  },
  {
    name: 'what becomes of a loss',
    yaml: 'history_guard: { on_loss: ▸warning }\n',
    errors: [['MYC202', 'history_guard.on_loss', 'has to be one of error, warn']],
  },
  {
    name: 'sections that are lists or texts',
    yaml: 'action_ledger: ▸file\ntask_ledger: ▸[all]\ntools: ▸[pay, get]\ntasks: ▸bill\n',
    errors: [
      ['MYC201', 'action_ledger', 'action_ledger is "file", and has to be a mapping'],
      ['MYC201', 'task_ledger', 'task_ledger is a list, and has to be a mapping'],
      ['MYC201', 'tools', 'Write the name of each tool with a colon, and its keys below it.'],
      ['MYC201', 'tasks', 'Write the name of each task with a colon'],
    ],
  },
  {
    name: 'sections that are numbers or switches',
    yaml: 'action_ledger: ▸true\ntask_ledger: ▸5\ntools: ▸1.5\ntasks: ▸false\n',
    errors: ['action_ledger', 'task_ledger', 'tools', 'tasks'].map((path) => ['MYC201', path, 'has to be a mapping']),
  },
  {
    name: 'tools and tasks that are no mappings',
    yaml: 'tools:\n  a: ▸true\n  b: ▸read\n  c: ▸[x]\n  d: ▸3\ntasks:\n  e: ▸yes\n',
    errors: [
      ['MYC201', 'tools.a', 'tools.a is true, and has to be a mapping'],
      ['MYC201', 'tools.b', 'tools.b is "read"'],
      ['MYC201', 'tools.c', 'tools.c is a list'],
      ['MYC201', 'tools.d', 'Write keys with values below it'],
      ['MYC201', 'tasks.e', 'tasks.e is "yes"'],
    ],
  },
  {
    name: 'no name between tools and the keys of one',
    yaml: 'tools:\n  side_effect_class: ▸read\n  id_from: ▸[a]\ntasks:\n  lease: ▸5s\n',
    errors: [
      ['MYC201', 'tools.side_effect_class', 'The name of the tool is missing'],
      ['MYC201', 'tools.id_from', 'The name of the tool is missing'],
      ['MYC201', 'tasks.lease', 'The name of the task is missing'],
    ],
  },
  {
    name: 'colons without a space',
    yaml: 'tools:\n  pay:\n    ▸ledger:true\n',
    errors: [['MYC201', 'tools.pay', 'YAML wants a space behind the colon: ledger:']],
  },
  {
    name: 'texts that go on in the next line, which is seldom meant',
    yaml: 'tools:\n  pay:\n    ▸ledger:true\n    lease:5s\n  get:\n    id_from:\n      - ▸a\n        - b\n',
    errors: [
      ['MYC201', 'tools.pay', 'with a space behind its colon or dash'],
      ['MYC201', 'tools.get.id_from[0]', 'tools.get.id_from[0] is a text that goes on in the next line'],
    ],
  },
  {
    name: 'numbers for every key that takes none',
    yaml: [
      'action_ledger: { storage: ▸5, path: ▸5, strict: ▸1, tools: ▸5 }',
      'tools:',
      '  pay: { ledger: ▸5, side_effect_class: ▸5, boundary: ▸5, id_from: ▸5, store: ▸5 }',
      '  get: { ledger: { storage: ▸5, path: ▸5 }, store: { input: ▸5, result: ▸5, redact: ▸5 } }',
    ].join('\n'),
    errors: [
      ['MYC202', 'action_ledger.storage', 'is 5, and has to be one of file, memory, redis, postgres'],
      ['MYC201', 'action_ledger.path', 'Quote it: "5".'],
      ['MYC201', 'action_ledger.strict', 'Write true or false, without quotes.'],
      ['MYC201', 'action_ledger.tools', 'is 5, and has to be all or a list'],
      ['MYC201', 'tools.pay.ledger', 'is 5, and has to be true or false or a mapping'],
      ['MYC202', 'tools.pay.side_effect_class', 'has to be one of read, idempotent_mutate, keyed_mutate'],
      ['MYC202', 'tools.pay.boundary', 'has to be one of implicit, explicit'],
      ['MYC201', 'tools.pay.id_from', 'is 5, and has to be a list'],
      ['MYC201', 'tools.pay.store', 'is 5, and has to be a mapping'],
      ['MYC202', 'tools.get.ledger.storage', 'has to be one of file, memory, redis, postgres'],
      ['MYC201', 'tools.get.ledger.path', 'has to be a text'],
      ['MYC202', 'tools.get.store.input', 'has to be one of full, redacted, digest'],
      ['MYC202', 'tools.get.store.result', 'Write one of them.'],
      ['MYC201', 'tools.get.store.redact', 'has to be a list'],
    ],
  },
  {
    name: 'lists for every key that takes none',
    yaml: [
      'action_ledger: { storage: ▸[file], path: ▸[a], strict: ▸[true] }',
      'tools:',
      '  pay: { ledger: ▸[true], side_effect_class: ▸[read], boundary: ▸[explicit], max_attempts: ▸[1], lease: ▸[5s] }',
      '  get: { store: { input: ▸[full], max_result_length: ▸[5] }, id_from: [▸[a]] }',
    ].join('\n'),
    errors: [
      ['MYC202', 'action_ledger.storage', 'is a list'],
      ['MYC201', 'action_ledger.path', 'is a list, and has to be a text'],
      ['MYC201', 'action_ledger.strict', 'is a list, and has to be true or false'],
      ['MYC201', 'tools.pay.ledger', 'is a list'],
      ['MYC202', 'tools.pay.side_effect_class', 'is a list'],
      ['MYC202', 'tools.pay.boundary', 'is a list'],
      ['MYC201', 'tools.pay.max_attempts', 'is a list, and has to be a number'],
      ['MYC203', 'tools.pay.lease', 'is no duration: a list'],
      ['MYC202', 'tools.get.store.input', 'is a list'],
      ['MYC201', 'tools.get.store.max_result_length', 'is a list, and has to be a number'],
      ['MYC201', 'tools.get.id_from[0]', 'is a list, and has to be a text'],
    ],
  },
  {
    name: 'mappings for every key that takes none',
    yaml: [
      'task_ledger: { storage: ▸{ a: 1 }, path: ▸{ a: 1 }, tasks: ▸{ a: 1 } }',
      'tasks:',
      '  bill: { id_from: ▸{ a: 1 }, side_effect_class: ▸{ a: 1 }, max_attempts: ▸{ a: 1 }, timeout: ▸{ a: 1 } }',
      '  send: { store: { redact: ▸{ a: 1 }, result: ▸{ a: 1 } }, id_from: [▸{ a: 1 }] }',
    ].join('\n'),
    errors: [
      ['MYC202', 'task_ledger.storage', 'is a mapping'],
      ['MYC201', 'task_ledger.path', 'is a mapping, and has to be a text'],
      ['MYC201', 'task_ledger.tasks', 'is a mapping, and has to be all or a list'],
      ['MYC201', 'tasks.bill.id_from', 'is a mapping, and has to be a list'],
      ['MYC202', 'tasks.bill.side_effect_class', 'is a mapping'],
      ['MYC201', 'tasks.bill.max_attempts', 'is a mapping, and has to be a number'],
      ['MYC203', 'tasks.bill.timeout', 'is no duration: a mapping'],
      ['MYC201', 'tasks.send.store.redact', 'is a mapping, and has to be a list'],
      ['MYC202', 'tasks.send.store.result', 'is a mapping'],
      ['MYC201', 'tasks.send.id_from[0]', 'is a mapping, and has to be a text'],
    ],
  },
  {
    name: 'values of the wrong kind for servers',
    yaml: [
      'profile: ▸prod',
      'action_ledger: { storage: redis, url: ▸5, prefix: ▸[a], durability: ▸2, tls: ▸yes, retention: ▸never }',
      'task_ledger: { storage: postgres, dsn: ▸true, schema: ▸5, connections: ▸0, tls: ▸"true", retention: ▸0 }',
      'tools:',
      '  a: { ledger: { storage: redis, url_env: ▸5, durability: { replicas: ▸0, timeout: ▸soon } } }',
      '  b: { ledger: { storage: postgres, dsn_env: ▸[x] , connections: ▸many } }',
      '  c: { ledger: { storage: redis, url_env: REDIS_URL, ▸durability: { timeout: 1s } } }',
    ].join('\n'),
    errors: [
      ['MYC202', 'profile', 'has to be one of development, production', 'production'],
      ['MYC201', 'action_ledger.url', 'action_ledger.url is 5, and has to be a text'],
      ['MYC201', 'action_ledger.prefix', 'is a list, and has to be a text'],
      ['MYC201', 'action_ledger.durability', 'is 2, and has to be a mapping'],
      ['MYC201', 'action_ledger.tls', 'YAML 1.2 reads yes as a text; write true.'],
      ['MYC203', 'action_ledger.retention', 'is no duration: "never"'],
      ['MYC201', 'task_ledger.dsn', 'has to be a text'],
      ['MYC201', 'task_ledger.schema', 'Quote it: "5".'],
      ['MYC201', 'task_ledger.connections', 'has to be at least 1'],
      ['MYC201', 'task_ledger.tls', 'Write true or false, without quotes.'],
      ['MYC203', 'task_ledger.retention', 'is less than a minute'],
      ['MYC201', 'tools.a.ledger.url_env', 'has to be a text'],
      ['MYC201', 'tools.a.ledger.durability.replicas', 'has to be at least 1'],
      ['MYC203', 'tools.a.ledger.durability.timeout', 'is no duration: "soon"'],
      ['MYC201', 'tools.b.ledger.dsn_env', 'is a list, and has to be a text'],
      ['MYC201', 'tools.b.ledger.connections', 'is "many", and has to be a number'],
      ['MYC319', 'tools.c.ledger.durability', 'does not say for how many replicas it waits'],
    ],
  },
  {
    name: 'blank addresses, and prefixes that would move keys of a cluster',
    yaml: 'action_ledger: { storage: redis, url: ▸" ", prefix: ▸"{a}" }\ntask_ledger: { storage: redis, url_env: ▸"", prefix: ▸"a b" }\ntools: { a: { ledger: { storage: postgres, dsn: ▸"", schema: ▸"  " } }, b: { ledger: { storage: postgres, dsn_env: DATABASE_URL, schema: ▸Agents } } }\n',
    errors: [
      ['MYC208', 'action_ledger.url', 'action_ledger.url is blank'],
      ['MYC201', 'action_ledger.prefix', 'has braces or blanks in it'],
      ['MYC208', 'task_ledger.url_env', 'is blank'],
      ['MYC201', 'task_ledger.prefix', 'braces decide where in a cluster a key lies'],
      ['MYC208', 'tools.a.ledger.dsn', 'is blank'],
      ['MYC208', 'tools.a.ledger.schema', 'is blank'],
      ['MYC201', 'tools.b.ledger.schema', 'cannot be the schema of a store: "Agents"'],
    ],
  },
  {
    name: 'keys with nothing behind them',
    yaml: [
      'action_ledger:',
      '  storage:▸',
      '  path:▸',
      '  strict:▸',
      '  tools:▸',
      'tools:',
      '  pay:',
      '    ledger:▸',
      '    side_effect_class:▸',
      '    id_from:▸',
      '    lease:▸',
      '    max_attempts:▸',
      '    store:▸',
    ].join('\n'),
    errors: [
      ['MYC202', 'action_ledger.storage', 'is empty'],
      ['MYC201', 'action_ledger.path', 'Leave the key out, or give it a value.'],
      ['MYC201', 'action_ledger.strict', 'is empty, and has to be true or false'],
      ['MYC201', 'action_ledger.tools', 'is empty, and has to be all or a list'],
      ['MYC201', 'tools.pay.ledger', 'is empty, and has to be true or false or a mapping'],
      ['MYC202', 'tools.pay.side_effect_class', 'is empty'],
      ['MYC201', 'tools.pay.id_from', 'is empty, and has to be a list'],
      ['MYC203', 'tools.pay.lease', 'is no duration: empty'],
      ['MYC201', 'tools.pay.max_attempts', 'is empty, and has to be a number'],
      ['MYC201', 'tools.pay.store', 'is empty, and has to be a mapping'],
    ],
  },
  {
    name: 'blank texts and empty lists',
    yaml: [
      `action_ledger: { path: ▸"", tools: ▸[] }`,
      `tools: { pay: { id_from: [a, ▸" ", ▸''], store: { redact: ▸[] } }, get: { id_from: ▸[], ledger: { path: ▸"\\t" } } }`,
    ].join('\n'),
    errors: [
      ['MYC208', 'action_ledger.path', 'action_ledger.path is blank'],
      ['MYC208', 'action_ledger.tools', 'is an empty list'],
      ['MYC208', 'tools.pay.id_from[1]', 'is blank'],
      ['MYC208', 'tools.pay.id_from[2]', 'is blank'],
      ['MYC208', 'tools.pay.store.redact', 'is an empty list'],
      ['MYC208', 'tools.get.id_from', 'Name at least one, or leave the key out.'],
      ['MYC208', 'tools.get.ledger.path', 'is blank'],
    ],
  },
  {
    name: 'fields that are no texts',
    yaml: 'tools:\n  pay:\n    id_from:\n      - ▸2026.10\n      - ▸true\n      - ▸~\n      - ▸7\n      - ok\n',
    errors: [
      ['MYC201', 'tools.pay.id_from[0]', 'YAML reads 2026.10 as the number 2026.1; quote it: "2026.10".'],
      ['MYC201', 'tools.pay.id_from[1]', 'quote it: "true"'],
      ['MYC201', 'tools.pay.id_from[2]', 'YAML reads ~ as no value; leave the key out, or quote it: "~".'],
      ['MYC201', 'tools.pay.id_from[3]', 'Quote it: "7".'],
    ],
  },
  {
    name: 'one field without a list',
    yaml: 'tools: { pay: { id_from: ▸order, store: { redact: ▸card } } }',
    errors: [
      ['MYC201', 'tools.pay.id_from', 'Write a list: [order].'],
      ['MYC201', 'tools.pay.store.redact', 'Write a list: [card].'],
    ],
  },
  {
    name: 'one name where all or a list is meant',
    yaml: 'action_ledger: { tools: ▸pay }\ntask_ledger: { tasks: ▸al }\ntools: { pay: { ledger: true } }',
    errors: [
      ['MYC202', 'action_ledger.tools', 'is "pay", and has to be all or a list of names'],
      ['MYC202', 'task_ledger.tasks', 'Write all, or a list: [al].', 'all'],
    ],
  },
  {
    name: 'misspelt values',
    yaml: [
      'action_ledger: { storage: ▸fle }',
      'task_ledger: { storage: ▸Memory }',
      'tools: { pay: { side_effect_class: ▸irreversable, boundary: ▸explict, store: { input: ▸redact, result: ▸hash } } }',
      'tasks: { bill: { side_effect_class: ▸idempotent-mutate } }',
    ].join('\n'),
    errors: [
      ['MYC202', 'action_ledger.storage', 'is "fle"', 'file'],
      ['MYC202', 'task_ledger.storage', 'is "Memory"', 'memory'],
      ['MYC202', 'tools.pay.side_effect_class', 'is "irreversable"', 'irreversible'],
      ['MYC202', 'tools.pay.boundary', 'is "explict"', 'explicit'],
      ['MYC202', 'tools.pay.store.input', 'is "redact"', 'redacted'],
      ['MYC202', 'tools.pay.store.result', 'Write one of them.'],
      ['MYC202', 'tasks.bill.side_effect_class', 'is "idempotent-mutate"', 'idempotent_mutate'],
    ],
  },
  {
    name: 'values of the Python library',
    yaml: [
      'action_ledger: { storage: ▸sqlite }',
      'tools:',
      ...[
        ['a', 'read_only'],
        ['b', 'idempotent_write'],
        ['c', 'external_api_mutation'],
        ['d', 'non_idempotent_write'],
        ['e', 'payment'],
        ['f', 'email'],
        ['g', 'subagent'],
        ['h', 'onchain_action'],
      ].map(([name, value]) => `  ${name}: { side_effect_class: ▸${value} }`),
    ].join('\n'),
    errors: [
      ['MYC202', 'action_ledger.storage', 'is "sqlite"', 'file'],
      ['MYC202', 'tools.a.side_effect_class', 'is "read_only"', 'read'],
      ['MYC202', 'tools.b.side_effect_class', 'is "idempotent_write"', 'idempotent_mutate'],
      ['MYC202', 'tools.c.side_effect_class', 'is "external_api_mutation"', 'keyed_mutate'],
      ['MYC202', 'tools.d.side_effect_class', 'is "non_idempotent_write"', 'non_idempotent_mutate'],
      ['MYC202', 'tools.e.side_effect_class', 'is "payment"', 'keyed_mutate'],
      ['MYC202', 'tools.f.side_effect_class', 'is "email"', 'non_idempotent_mutate'],
      ['MYC202', 'tools.g.side_effect_class', 'is "subagent"', 'non_idempotent_mutate'],
      ['MYC202', 'tools.h.side_effect_class', 'is "onchain_action"', 'irreversible'],
    ],
  },
  {
    name: 'a very long value',
    yaml: `action_ledger: { storage: ▸${'x'.repeat(500)} }`,
    errors: [['MYC202', 'action_ledger.storage', `is "${'x'.repeat(40)}…", and has to be one of file, memory`]],
  },
  {
    name: 'switches in quotes',
    yaml: `action_ledger: { strict: ▸"true" }\ntools: { pay: { ledger: ▸'false' } }\n`,
    errors: [
      ['MYC201', 'action_ledger.strict', 'Write true or false, without quotes.'],
      ['MYC201', 'tools.pay.ledger', 'is "false", and has to be true or false or a mapping'],
    ],
  },
  {
    name: 'counts',
    yaml: 'tools: { a: { max_attempts: ▸0 }, b: { max_attempts: ▸-1 }, c: { max_attempts: ▸1.5 }, d: { max_attempts: ▸"3" }, e: { max_attempts: ▸1e300 }, f: { store: { max_result_length: ▸0 } }, g: { max_attempts: ▸.nan }, h: { max_attempts: ▸many } }',
    errors: [
      ['MYC201', 'tools.a.max_attempts', 'is 0, and has to be at least 1'],
      ['MYC201', 'tools.b.max_attempts', 'Write a whole number from 1.'],
      ['MYC201', 'tools.c.max_attempts', 'is 1.5, and has to be a whole number'],
      ['MYC201', 'tools.d.max_attempts', 'Write 3 without quotes.'],
      ['MYC201', 'tools.e.max_attempts', 'which is too large'],
      ['MYC201', 'tools.f.store.max_result_length', 'at least 1'],
      ['MYC201', 'tools.g.max_attempts', 'is .nan, and has to be a number'],
      ['MYC201', 'tools.h.max_attempts', 'Write a number.'],
    ],
  },
  durations(
    'durations that are words',
    'soon',
    'Write a number of seconds, or a text such as 250ms, 30s, 15m, 24h or 7d.',
  ),
  durations('negative durations', '-5', 'is no duration: -5'),
  durations('durations without end', '.inf', 'is no duration: .inf'),
  durations('durations that are switches', 'true', 'is no duration: true'),
  durations('durations beyond all calendars', '40000d', 'is more than a hundred years: "40000d"'),
  durations('durations in two units', '1h30m', 'is no duration: "1h30m"'),
  durations('durations with a unit in words', '5 min', 'is no duration: "5 min"', '5m'),
  durations('durations in weeks', '2w', 'is no duration: "2w"', '14d'),
  durations('durations in capitals', '24H', 'is no duration', '24h'),
  durations('numbers in quotes', '"30"', 'In quotes a number needs a unit.'),
  {
    name: 'a NUL character',
    yaml: 'action_ledger: { path: ▸"a\\0b" }\ntools: { pay: { id_from: [▸"\\0"] } }\n',
    errors: [
      ['MYC201', 'action_ledger.path', 'has a NUL character in it'],
      ['MYC201', 'tools.pay.id_from[0]', 'Remove it.'],
    ],
  },
  {
    name: 'the home folder of a shell',
    yaml: 'action_ledger: { path: ▸~/ledger }\ntools: { pay: { ledger: { path: ▸"~" } } }\n',
    errors: [
      ['MYC207', 'action_ledger.path', 'Write ${env:HOME}'],
      ['MYC207', 'tools.pay.ledger.path', 'begins with ~, which is not your home folder here'],
    ],
  },
  {
    name: 'the URL of a store as a path',
    yaml: 'action_ledger: { path: ▸file:./.mycelium }\ntask_ledger: { path: ▸"memory:" }\n',
    errors: [
      ['MYC201', 'action_ledger.path', 'Write the path alone, e.g. ./.mycelium'],
      ['MYC201', 'task_ledger.path', 'begins like a URL, and is a path'],
    ],
  },
];

/** References to the environment. */
export const BROKEN_REFERENCES: readonly BrokenConfig[] = [
  {
    name: 'variables that are not set',
    yaml: 'action_ledger:\n  path: ▸${env:MISSING}\ntools:\n  pay: { id_from: [▸"${env:MISSING}", ▸"${env:toString}"], lease: ▸"${env:MISSING}" }\n',
    errors: [
      ['MYC206', 'action_ledger.path', 'Set MISSING, or give a default: ${env:MISSING:-…}.'],
      ['MYC206', 'tools.pay.id_from[0]', 'the environment has no MISSING'],
      ['MYC206', 'tools.pay.id_from[1]', 'the environment has no toString'],
      ['MYC206', 'tools.pay.lease', 'the environment has no MISSING'],
    ],
  },
  {
    name: 'two variables in one text',
    yaml: 'action_ledger: { path: ▸▸"/data/${env:ONE}/${env:TWO}/${env:ONE}" }\n',
    errors: [
      ['MYC206', 'action_ledger.path', 'the environment has no ONE'],
      ['MYC206', 'action_ledger.path', 'the environment has no TWO'],
    ],
  },
  {
    name: 'what a shell would understand',
    yaml: `action_ledger:\n  path: ▸$HOME/ledger\ntask_ledger:\n  path: ▸'\${HOME}/ledger'\ntools: { pay: { id_from: [▸"\${HOME:-x}"] } }\n`,
    errors: [
      ['MYC207', 'action_ledger.path', 'Write ${env:HOME} for the variable HOME of the environment'],
      ['MYC207', 'task_ledger.path', '${HOME} is no reference'],
      ['MYC207', 'tools.pay.id_from[0]', '${HOME:-x} is no reference'],
    ],
  },
  {
    name: 'malformed references',
    yaml: 'tools: { pay: { id_from: [▸"${env:}", ▸"${env:A-B}", ▸"${env:A", ▸"${}", ▸"${ENV:A}", ▸"${env:1A}", ▸"${env: A}"] } }\n',
    errors: [
      ['MYC207', 'tools.pay.id_from[0]', 'Write ${env:NAME} for a variable of the environment'],
      ['MYC207', 'tools.pay.id_from[1]', '${env:A-B} is no reference'],
      ['MYC207', 'tools.pay.id_from[2]', '${env:A is no reference'],
      ['MYC207', 'tools.pay.id_from[3]', '${} is no reference'],
      ['MYC207', 'tools.pay.id_from[4]', '${ENV:A} is no reference'],
      ['MYC207', 'tools.pay.id_from[5]', '${env:1A} is no reference'],
      ['MYC207', 'tools.pay.id_from[6]', '${env: A} is no reference'],
    ],
  },
  {
    name: 'a class that is not set has no consequences',
    yaml: 'action_ledger: { strict: true }\ntools: { pay: { side_effect_class: ▸"${env:MISSING}", replay_for: 5s, key_valid_for: 24h } }\n',
    errors: [['MYC206', 'tools.pay.side_effect_class', 'the environment has no MISSING']],
  },
  {
    name: 'a number that has to stay a text',
    yaml: 'tools:\n  pay:\n    id_from:\n      - ▸${env:NUMBER}\n      - ▸${env:YES}\n',
    errors: [
      ['MYC201', 'tools.pay.id_from[0]', 'Quote the reference, so that it stays a text.'],
      ['MYC201', 'tools.pay.id_from[1]', 'is the value of ${env:YES}, and has to be a text'],
    ],
  },
  {
    name: 'a text that has to be a number or a switch',
    yaml: 'action_ledger: { strict: ▸"${env:YES}" }\ntools: { pay: { max_attempts: ▸"${env:NUMBER}", lease: ▸"${env:NUMBER}" } }\n',
    errors: [
      ['MYC201', 'action_ledger.strict', 'write the reference without quotes'],
      ['MYC201', 'tools.pay.max_attempts', 'write the reference without quotes'],
      ['MYC203', 'tools.pay.lease', 'In quotes a number needs a unit.'],
    ],
  },
  {
    name: 'a variable that is set to nothing',
    yaml: 'action_ledger:\n  path: ▸${env:EMPTY}\ntask_ledger:\n  path: ▸"${env:EMPTY}"\n',
    errors: [
      ['MYC201', 'action_ledger.path', 'The variable is set to nothing'],
      ['MYC208', 'task_ledger.path', 'task_ledger.path is blank'],
    ],
  },
  {
    name: 'no value of the environment is told',
    yaml: [
      'action_ledger: { storage: ▸"${env:WORD}", strict: ▸"${env:WORD}", tools: [▸"${env:OTHER_TOOL}"] }',
      'task_ledger: { tasks: ▸"${env:WORD}" }',
      'tools:',
      '  pay: { side_effect_class: ▸"${env:WORD}", lease: ▸"${env:WORD}", max_attempts: ▸"${env:WORD}", store: ▸"${env:WORD}" }',
      '  get: { id_from: ["${env:WORD}", ▸"${env:WORD}"], ledger: ▸"${env:WORD}" }',
      '  put: ▸"${env:WORD}"',
    ].join('\n'),
    errors: [
      ['MYC202', 'action_ledger.storage', 'is the value of ${env:WORD}'],
      ['MYC201', 'action_ledger.strict', 'is the value of ${env:WORD}'],
      ['MYC305', 'action_ledger.tools[0]', 'the value of ${env:OTHER_TOOL} is not one of the tools'],
      ['MYC202', 'task_ledger.tasks', 'is the value of ${env:WORD}'],
      ['MYC202', 'tools.pay.side_effect_class', 'is the value of ${env:WORD}'],
      ['MYC203', 'tools.pay.lease', 'is no duration: the value of ${env:WORD}'],
      ['MYC201', 'tools.pay.max_attempts', 'is the value of ${env:WORD}'],
      ['MYC201', 'tools.pay.store', 'is the value of ${env:WORD}'],
      ['MYC310', 'tools.get.id_from[1]', 'the value of ${env:WORD} is named twice'],
      ['MYC201', 'tools.get.ledger', 'is the value of ${env:WORD}'],
      ['MYC201', 'tools.put', 'is the value of ${env:WORD}'],
    ],
  },
];

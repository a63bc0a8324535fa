// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration look like that.
import type { BrokenConfig } from './broken-config.js';

/** Keys that are not known where they stand. */
export const BROKEN_KEYS: readonly BrokenConfig[] = [
  {
    name: 'misspelt keys in every section, in the order of the file',
    yaml: [
      'task_ledger: { ▸pth: ./t, ▸taks: all }',
      'tools:',
      '  pay: { ▸side_effects_class: read, ▸id_form: [a], ledger: { ▸storge: file }, store: { ▸inputs: full } }',
      'tasks:',
      '  bill: { ▸wait_fro: 5s, ledger: { ▸paht: ./x }, store: { ▸reslut: full } }',
      'action_ledger: { ▸strct: true, ▸storag: file, ▸tool: all }',
      '▸action_legder: {}',
    ].join('\n'),
    errors: [
      ['MYC204', 'task_ledger.pth', 'unknown key "pth" in task_ledger', 'path'],
      ['MYC204', 'task_ledger.taks', 'unknown key "taks" in task_ledger', 'tasks'],
      ['MYC204', 'tools.pay.side_effects_class', 'in tools.pay', 'side_effect_class'],
      ['MYC204', 'tools.pay.id_form', 'in tools.pay', 'id_from'],
      ['MYC204', 'tools.pay.ledger.storge', 'in tools.pay.ledger', 'storage'],
      ['MYC204', 'tools.pay.store.inputs', 'in tools.pay.store', 'input'],
      ['MYC204', 'tasks.bill.wait_fro', 'in tasks.bill', 'wait_for'],
      ['MYC204', 'tasks.bill.ledger.paht', 'in tasks.bill.ledger', 'path'],
      ['MYC204', 'tasks.bill.store.reslut', 'in tasks.bill.store', 'result'],
      ['MYC204', 'action_ledger.strct', 'in action_ledger', 'strict'],
      ['MYC204', 'action_ledger.storag', 'in action_ledger', 'storage'],
      ['MYC204', 'action_ledger.tool', 'in action_ledger', 'tools'],
      ['MYC204', 'action_legder', 'in the file', 'action_ledger'],
    ],
  },
  {
    name: 'names as they are in code',
    yaml: 'tools: { pay: { ▸sideEffectClass: read, ▸keyValidFor: 24h, ▸idFrom: [a], ▸Ledger: true, ▸max-attempts: 2 } }',
    errors: [
      ['MYC204', 'tools.pay.sideEffectClass', 'unknown key', 'side_effect_class'],
      ['MYC204', 'tools.pay.keyValidFor', 'unknown key', 'key_valid_for'],
      ['MYC204', 'tools.pay.idFrom', 'unknown key', 'id_from'],
      ['MYC204', 'tools.pay.Ledger', 'unknown key', 'ledger'],
      ['MYC204', 'tools.pay.max-attempts', 'unknown key', 'max_attempts'],
    ],
  },
  {
    name: 'a key that resembles nothing',
    yaml: '▸frobnicate: 1\ntools: { pay: { ▸xyzzy: 1 } }',
    errors: [
      [
        'MYC204',
        'frobnicate',
        'The sections are profile, action_ledger, task_ledger, state_flush, audit_receipt, registry, runner, history_guard, message_validator, tools, tasks; a tool',
      ],
      ['MYC204', 'tools.pay.xyzzy', 'The keys here are ledger, side_effect_class, id_from,'],
    ],
  },
  {
    name: 'a tool in the first column',
    yaml: 'tools:\n▸pay:\n  ledger: true\n',
    errors: [['MYC204', 'pay', 'a tool or a task stands below its section, further to the right']],
  },
  {
    name: 'colons without a space between braces',
    yaml: 'tools: { pay: { ▸lease:5s, ▸ledger:true } }\n',
    errors: [
      ['MYC204', 'tools.pay.lease:5s', 'YAML wants a space behind the colon: lease: …'],
      ['MYC204', 'tools.pay.ledger:true', 'YAML wants a space behind the colon: ledger: …'],
    ],
  },
  {
    name: 'a very long key',
    yaml: `▸${'long'.repeat(200)}: 1\n`,
    errors: [['MYC204', 'long'.repeat(200), '…']],
  },
  {
    name: 'keys of tools in the first column',
    yaml: '▸ledger: true\n▸side_effect_class: read\n▸storage: file\n▸strict: true\n',
    errors: [
      ['MYC204', 'ledger', 'It belongs in tools.<name>.'],
      ['MYC204', 'side_effect_class', 'It belongs in tools.<name>.'],
      ['MYC204', 'storage', 'It belongs in action_ledger.'],
      ['MYC204', 'strict', 'It belongs in action_ledger.'],
    ],
  },
  {
    name: 'keys of the ledger in a tool, and of a tool in its ledger',
    yaml: 'tools: { pay: { ▸storage: file, ▸strict: true, ▸tools: all, ▸input: full, ledger: { path: ./x, ▸lease: 5s, ▸tools: [a] } } }',
    errors: [
      ['MYC204', 'tools.pay.storage', 'It belongs in tools.<name>.ledger.'],
      ['MYC204', 'tools.pay.strict', 'It belongs in action_ledger.'],
      ['MYC204', 'tools.pay.tools', 'It belongs in the first column of the file.'],
      ['MYC204', 'tools.pay.input', 'It belongs in tools.<name>.store.'],
      ['MYC204', 'tools.pay.ledger.lease', 'It belongs in tools.<name>.'],
      ['MYC204', 'tools.pay.ledger.tools', 'It belongs in the first column of the file.'],
    ],
  },
  {
    name: 'keys of one ledger in the other, and of a tool in a ledger',
    yaml: 'action_ledger: { ▸tasks: all, ▸lease: 5s }\ntask_ledger: { ▸tools: all, ▸strict: true }\n',
    errors: [
      ['MYC204', 'action_ledger.tasks', 'It belongs in task_ledger.'],
      ['MYC204', 'action_ledger.lease', 'It belongs in tools.<name>.'],
      ['MYC204', 'task_ledger.tools', 'It belongs in action_ledger.'],
      ['MYC204', 'task_ledger.strict', 'It belongs in action_ledger.'],
    ],
  },
  {
    name: 'keys of a tool in a task',
    yaml: 'tasks: { bill: { id_from: [a], ▸boundary: explicit, ▸key_valid_for: 24h, ▸settle_after: 5s, ▸replay_for: 5s } }',
    errors: ['boundary', 'key_valid_for', 'settle_after', 'replay_for'].map((key) => [
      'MYC204',
      `tasks.bill.${key}`,
      'It belongs in tools.<name>.',
    ]),
  },
  {
    name: 'a key of a task, one level too deep',
    yaml: 'tasks: { bill: { ledger: { path: ./x, ▸lease: 5s, ▸id_from: [a] }, store: { ▸max_attempts: 2 } } }',
    errors: [
      ['MYC204', 'tasks.bill.ledger.lease', 'It belongs in tasks.<name>.'],
      ['MYC204', 'tasks.bill.ledger.id_from', 'Here it is id_from, one level up.'],
      ['MYC204', 'tasks.bill.store.max_attempts', 'It belongs in tasks.<name>.'],
    ],
  },
  {
    name: 'members of every object',
    yaml: '▸constructor: 1\n▸toString: {}\ntools: { hasOwnProperty: { ▸valueOf: 1, ledger: false } }\naction_ledger: { ▸toString: 1 }\n',
    errors: [
      ['MYC204', 'constructor', 'unknown key "constructor"'],
      ['MYC204', 'toString', 'unknown key "toString"'],
      ['MYC204', 'tools.hasOwnProperty.valueOf', 'unknown key "valueOf"'],
      ['MYC204', 'action_ledger.toString', 'unknown key "toString"'],
    ],
  },
  {
    name: 'merge keys',
    yaml: 'tools:\n  get: &common { side_effect_class: read }\n  pay:\n    ▸<<: *common\n    store: { ▸<<: { input: full } }\n▸<<: {}\n',
    errors: [
      ['MYC204', 'tools.pay.<<', 'YAML 1.2 has no merge keys: write the keys out.'],
      ['MYC204', 'tools.pay.store.<<', 'YAML 1.2 has no merge keys'],
      ['MYC204', '<<', 'YAML 1.2 has no merge keys'],
    ],
  },
  {
    name: 'numbers and nothing as keys',
    yaml: 'tools: { pay: { ▸1: x, ▸2026.10: y, ▸true: z, ▸null: n } }\n',
    errors: [
      ['MYC204', 'tools.pay.1', 'unknown key "1"'],
      ['MYC204', 'tools.pay.2026.10', 'unknown key "2026.10"'],
      ['MYC204', 'tools.pay.true', 'unknown key "true"'],
      ['MYC204', 'tools.pay.null', 'unknown key "null"'],
    ],
  },
  {
    name: 'sections of the Python library',
    yaml: '▸transition: { agent_id: a, lease_ttl: 5 }\n▸loop_guard: { storage: file }\n▸budget: { max_usd: 5 }\n▸verify: {}\n',
    errors: [
      ['MYC204', 'transition', 'Here it is lease, wait_for and side_effect_class of each tool.'],
      ['MYC204', 'loop_guard', 'The Python library has it'],
      ['MYC204', 'budget', 'The Python library has it'],
      ['MYC204', 'verify', 'Remove it.'],
    ],
  },
  {
    name: 'keys of the Python library in a ledger',
    yaml: 'action_ledger: { ▸unclassified_policy: strict, ▸request_identity_policy: derived, ▸on_args_drift: off, ▸lease_ttl: 5, ▸memory_storage_policy: warn }',
    errors: [
      ['MYC204', 'action_ledger.unclassified_policy', 'Here it is strict: true'],
      ['MYC204', 'action_ledger.request_identity_policy', 'Here it is strict: true'],
      ['MYC204', 'action_ledger.on_args_drift', 'always hard'],
      ['MYC204', 'action_ledger.lease_ttl', 'Here it is lease, of each tool.'],
      ['MYC204', 'action_ledger.memory_storage_policy', 'there is nothing like it here'],
    ],
  },
  {
    name: 'keys of the Python library in a tool',
    yaml: 'tools:\n  pay: { ▸request_id_from: order, ▸provider_idempotency_key_ttl: 5, ▸side_effect_boundary: crossed, ▸lease_ttl: 5, ▸poll_timeout: 5, ▸effect: read }\n  get: { ▸callable: "pkg.mod:fn", ▸provider_idempotency_key_param: key, ▸capability: blind }\n',
    errors: [
      ['MYC204', 'tools.pay.request_id_from', 'Here it is id_from.', 'id_from'],
      ['MYC204', 'tools.pay.provider_idempotency_key_ttl', 'Here it is', 'key_valid_for'],
      ['MYC204', 'tools.pay.side_effect_boundary', 'Here it is', 'boundary'],
      ['MYC204', 'tools.pay.lease_ttl', 'Here it is', 'lease'],
      ['MYC204', 'tools.pay.poll_timeout', 'Here it is', 'wait_for'],
      ['MYC204', 'tools.pay.effect', 'Here it is', 'side_effect_class'],
      ['MYC204', 'tools.get.callable', 'mycelium.instrument(tools)'],
      ['MYC204', 'tools.get.provider_idempotency_key_param', 'call.idempotencyKey'],
      ['MYC204', 'tools.get.capability', 'Remove it.'],
    ],
  },
  {
    name: 'keys of the Python library in a task',
    yaml: 'tasks: { bill: { id_from: [a], ▸callable: "pkg.mod:fn", ▸lease_ttl: 5, ▸effect: read } }',
    errors: [
      ['MYC204', 'tasks.bill.callable', 'said in code'],
      ['MYC204', 'tasks.bill.lease_ttl', 'Here it is', 'lease'],
      ['MYC204', 'tasks.bill.effect', 'Here it is', 'side_effect_class'],
    ],
  },
  {
    name: 'an unknown key tells nothing of its value',
    yaml: 'tools: { pay: { ▸ledgr: "${env:MISSING}", ledger: false } }',
    errors: [['MYC204', 'tools.pay.ledgr', 'unknown key', 'ledger']],
  },
  {
    name: 'misspelt keys of servers',
    yaml: [
      'action_ledger: { storage: redis, ▸ulr: "redis://u:hunter2@h", ▸prefx: a, durability: { ▸replica: 1, replicas: 1, ▸timout: 1s } }',
      'task_ledger: { storage: postgres, ▸dns: "postgres://u:hunter2@h/d", ▸scema: a, ▸conections: 5, ▸retenton: 30d }',
      '▸profil: production',
    ].join('\n'),
    errors: [
      ['MYC204', 'action_ledger.ulr', 'unknown key', 'url'],
      ['MYC204', 'action_ledger.prefx', 'unknown key', 'prefix'],
      ['MYC204', 'action_ledger.durability.replica', 'unknown key', 'replicas'],
      ['MYC204', 'action_ledger.durability.timout', 'in action_ledger.durability', 'timeout'],
      ['MYC204', 'task_ledger.dns', 'unknown key', 'dsn'],
      ['MYC204', 'task_ledger.scema', 'unknown key', 'schema'],
      ['MYC204', 'task_ledger.conections', 'unknown key', 'connections'],
      ['MYC204', 'task_ledger.retenton', 'unknown key', 'retention'],
      ['MYC204', 'profil', 'unknown key', 'profile'],
    ],
  },
  {
    name: 'what is a part of the address, and keys that stand one level off',
    yaml: [
      'action_ledger: { storage: redis, url_env: REDIS_URL, ▸host: h, ▸port: 6379, ▸password: hunter2, ▸db: 1, ▸cluster: true, ▸ssl: true, ▸key_prefix: a, ▸replicas: 1, ▸profile: production }',
      'tools: { pay: { ▸url: "redis://u:hunter2@h", ▸retention: 30d, ledger: { storage: redis, url_env: REDIS_URL, ▸retention: 30d } } }',
    ].join('\n'),
    errors: [
      ['MYC204', 'action_ledger.host', 'Here it is a part of url (redis) or dsn (postgres).'],
      ['MYC204', 'action_ledger.port', 'a part of url'],
      ['MYC204', 'action_ledger.password', 'a part of url'],
      ['MYC204', 'action_ledger.db', 'a part of url'],
      ['MYC204', 'action_ledger.cluster', '?cluster=true'],
      ['MYC204', 'action_ledger.ssl', 'Here it is tls.', 'tls'],
      ['MYC204', 'action_ledger.key_prefix', 'Here it is prefix.', 'prefix'],
      ['MYC204', 'action_ledger.replicas', 'It belongs in action_ledger.durability.'],
      ['MYC204', 'action_ledger.profile', 'It belongs in the first column of the file.'],
      ['MYC204', 'tools.pay.url', 'It belongs in tools.<name>.ledger.'],
      ['MYC204', 'tools.pay.retention', 'It belongs in action_ledger.'],
      ['MYC204', 'tools.pay.ledger.retention', 'It belongs in action_ledger.'],
    ],
  },
];

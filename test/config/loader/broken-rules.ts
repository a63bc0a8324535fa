// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration look like that.
import type { BrokenConfig } from './broken-config.js';

/** What has the right shape and does not go together. */
export const BROKEN_RULES: readonly BrokenConfig[] = [
  {
    name: 'names that are none',
    yaml: `tools:\n  ▸2026.10: { ledger: true }\n  ▸1: { ledger: true }\n  ▸'': { ledger: true }\n  ▸"two words": { ledger: true }\n  ▸-x: { ledger: true }\ntasks:\n  ▸~: { id_from: [a] }\n`,
    errors: [
      ['MYC301', 'tools.2026.10', '"2026.10" is no name for a tool'],
      ['MYC301', 'tools.1', 'Begin with a letter'],
      ['MYC301', 'tools.', '"" is no name for a tool'],
      ['MYC301', 'tools.two words', '"two words" is no name'],
      ['MYC301', 'tools.-x', '"-x" is no name'],
      ['MYC301', 'tasks.~', '"~" is no name for a task'],
    ],
  },
  {
    name: 'two spellings of one name',
    yaml: 'tools:\n  send_payment: { ledger: true }\n  ▸sendPayment: { ledger: true }\n',
    errors: [['MYC302', 'tools.sendPayment', 'send_payment and sendPayment are the same name in code']],
  },
  {
    name: 'a tool and a task of the same name',
    yaml: 'tasks: { ▸bill: { id_from: [a] } }\ntools: { bill: { ledger: true } }\n',
    errors: [['MYC302', 'tasks.bill', 'bill is a tool and a task']],
  },
  {
    name: 'a path for what is in memory',
    yaml: 'action_ledger: { storage: memory, ▸path: ./a }\ntask_ledger: { storage: memory, ▸path: ./b }\ntools: { pay: { ledger: { storage: memory, ▸path: ./c } } }\n',
    errors: [
      ['MYC303', 'action_ledger.path', 'action_ledger.path has no effect: storage is memory'],
      ['MYC303', 'task_ledger.path', 'Write storage: file, or remove the path.'],
      ['MYC303', 'tools.pay.ledger.path', 'has no effect'],
    ],
  },
  {
    name: 'keys of another storage',
    yaml: [
      'action_ledger: { storage: redis, url_env: REDIS_URL, ▸path: ./a, ▸schema: s, ▸connections: 3 }',
      'task_ledger: { storage: postgres, dsn_env: DATABASE_URL, ▸path: ./b, ▸prefix: p, ▸durability: { replicas: 1 } }',
      'tools:',
      '  a: { ledger: { storage: file, path: ./c, ▸url_env: REDIS_URL, ▸tls: true } }',
      '  b: { ledger: { storage: memory, ▸dsn_env: DATABASE_URL } }',
      '  c: { ledger: { ▸url: "redis://u:hunter2@h" } }',
      '  d: { ledger: { path: ./d, ▸dsn: "postgres://u:hunter2@h/d" } }',
    ].join('\n'),
    errors: [
      ['MYC303', 'action_ledger.path', 'has no effect: storage is redis'],
      ['MYC303', 'action_ledger.schema', 'redis takes prefix, and postgres takes schema.', 'prefix'],
      ['MYC303', 'action_ledger.connections', 'Write storage: postgres, or remove the connections.'],
      ['MYC303', 'task_ledger.path', 'has no effect: storage is postgres'],
      ['MYC303', 'task_ledger.prefix', 'postgres takes schema', 'schema'],
      ['MYC303', 'task_ledger.durability', 'Write storage: redis, or remove the durability.'],
      ['MYC303', 'tools.a.ledger.url_env', 'has no effect: storage is file'],
      ['MYC303', 'tools.a.ledger.tls', 'Write storage: redis or postgres, or remove the tls.'],
      ['MYC303', 'tools.b.ledger.dsn_env', 'has no effect: storage is memory'],
      ['MYC303', 'tools.c.ledger.url', 'storage is file when nothing else is said'],
      ['MYC303', 'tools.d.ledger.dsn', 'Write storage: postgres, or remove the dsn.'],
    ],
  },
  {
    name: 'the address of the other server',
    yaml: 'action_ledger: { storage: redis, ▸dsn: "redis://u:hunter2@h" }\ntask_ledger: { storage: postgres, ▸url_env: DATABASE_URL }\ntools: { a: { ledger: { storage: redis, url_env: REDIS_URL, ▸dsn_env: DATABASE_URL } } }\n',
    errors: [
      ['MYC303', 'action_ledger.dsn', 'redis takes url, and postgres takes dsn.', 'url'],
      ['MYC303', 'task_ledger.url_env', 'postgres takes dsn_env, and redis takes url_env.', 'dsn_env'],
      ['MYC303', 'tools.a.ledger.dsn_env', 'Write storage: postgres, or remove the dsn_env.'],
    ],
  },
  {
    name: 'servers that are nowhere, or twice',
    yaml: [
      'action_ledger: { ▸storage: redis, prefix: a }',
      'task_ledger: { ▸storage: postgres }',
      'tools:',
      '  a: { ledger: { storage: redis, url: "redis://h", ▸url_env: REDIS_URL } }',
      '  b: { ledger: { storage: postgres, dsn: "postgres://u:hunter2@h/d", ▸dsn_env: DATABASE_URL } }',
    ].join('\n'),
    errors: [
      ['MYC314', 'action_ledger.storage', 'action_ledger does not say where its redis is'],
      ['MYC314', 'task_ledger.storage', 'Add dsn, or dsn_env with the name of a variable'],
      ['MYC315', 'tools.a.ledger.url_env', 'tools.a.ledger has url and url_env'],
      ['MYC315', 'tools.b.ledger.dsn_env', 'Keep one of them'],
    ],
  },
  {
    name: 'an address that is wrong elsewhere is not missing, too',
    yaml: 'action_ledger: { storage: redis, ▸ulr: "redis://u:hunter2@h" }\ntask_ledger: { storage: redis, url: ▸"${env:NONE}" }\ntools: { a: { ledger: { storage: ▸redi, url: "redis://h" } } }\n',
    errors: [
      ['MYC204', 'action_ledger.ulr', 'unknown key', 'url'],
      ['MYC206', 'task_ledger.url', 'the environment has no NONE'],
      ['MYC202', 'tools.a.ledger.storage', 'is "redi"', 'redis'],
    ],
  },
  {
    name: 'variables that are not set, and what is no name of one',
    yaml: [
      'action_ledger: { storage: redis, url_env: ▸NONE }',
      'task_ledger: { storage: postgres, dsn_env: ▸EMPTY }',
      'tools:',
      '  a: { ledger: { storage: redis, url_env: ▸"redis://u:hunter2@h" } }',
      '  b: { ledger: { storage: postgres, dsn_env: ▸"host=db password=hunter2" } }',
      '  c: { ledger: { storage: redis, url_env: ▸toString } }',
      '  d: { ledger: { storage: redis, url_env: ▸"${env:WORD}" } }',
    ].join('\n'),
    errors: [
      ['MYC206', 'action_ledger.url_env', 'the environment has no NONE | Set NONE.'],
      ['MYC206', 'task_ledger.dsn_env', 'EMPTY is set to nothing'],
      ['MYC317', 'tools.a.ledger.url_env', 'is not the name of a variable'],
      ['MYC317', 'tools.b.ledger.dsn_env', 'the address itself is written as dsn'],
      ['MYC206', 'tools.c.ledger.url_env', 'the environment has no toString'],
      [
        'MYC206',
        'tools.d.ledger.url_env',
        'the environment has no variable of the name that tools.d.ledger.url_env gives',
      ],
    ],
  },
  {
    name: 'addresses that name no server, of which nothing is told',
    yaml: [
      'action_ledger: { storage: redis, url: ▸"postgres://u:hunter2@h/d" }',
      'task_ledger: { storage: postgres, dsn: ▸"redis://u:hunter2@h" }',
      'tools:',
      '  a: { ledger: { storage: redis, url: ▸"redis://u:hunter2@h:99999" } }',
      '  b: { ledger: { storage: redis, url: ▸"redis://u:hunter2@h/cache" } }',
      '  c: { ledger: { storage: redis, url: ▸"redis://h?password=hunter2" } }',
      '  d: { ledger: { storage: redis, url_env: ▸BAD_REDIS_URL } }',
      '  e: { ledger: { storage: redis, url: ▸"${env:BAD_REDIS_URL}" } }',
      '  f: { ledger: { storage: redis, url: ▸hunter2 } }',
      '  g: { ledger: { storage: redis, url: ▸"hunter2://h" } }',
      '  h: { ledger: { storage: redis, url: ▸"redis://u:hun ter2@h" } }',
      '  i: { ledger: { storage: postgres, dsn: ▸"host=h password=hunter2" } }',
      '  j: { ledger: { storage: postgres, dsn: ▸"postgres:hunter2" } }',
      '  k: { ledger: { storage: redis, url: ▸"redis://u:hunter2%@h" } }',
      '  l: { ledger: { storage: redis, url: ▸"redis://u:hunter2@a,b" } }',
      '  m: { ledger: { storage: postgres, dsn: ▸"postgres://u:hunter2@h:0/d" } }',
      '  n: { ledger: { storage: postgres, dsn: ▸"postgres://h/d?password=hunter2" } }',
      '  o: { ledger: { storage: postgres, dsn: ▸"postgres://h/d?sslmode=hunter2" } }',
    ].join('\n'),
    errors: [
      ['MYC316', 'action_ledger.url', 'begins with postgres: | Write redis://user:password@host:6379/0.'],
      ['MYC316', 'task_ledger.dsn', 'begins with redis: | Write postgres://user:password@host:5432/database.'],
      ['MYC316', 'tools.a.ledger.url', 'has a host or a port that makes no sense'],
      ['MYC316', 'tools.b.ledger.url', 'has a database that is no number'],
      ['MYC316', 'tools.c.ledger.url', 'has a parameter that is not known'],
      ['MYC316', 'tools.d.ledger.url_env', 'what tools.d.ledger.url_env names has a host or a port'],
      ['MYC316', 'tools.e.ledger.url', 'tools.e.ledger.url has a host or a port'],
      ['MYC316', 'tools.f.ledger.url', 'does not begin with redis: or rediss:'],
      ['MYC316', 'tools.g.ledger.url', 'does not begin with redis: or rediss:'],
      ['MYC316', 'tools.h.ledger.url', 'has a blank in it'],
      ['MYC316', 'tools.i.ledger.dsn', 'does not begin with postgres: or postgresql:'],
      ['MYC316', 'tools.j.ledger.dsn', 'is not of the form postgres://'],
      ['MYC316', 'tools.k.ledger.url', 'Write "%" as "%25".'],
      ['MYC316', 'tools.l.ledger.url', 'Add ?cluster=true for a cluster'],
      ['MYC316', 'tools.m.ledger.dsn', 'has a host or a port that makes no sense'],
      ['MYC316', 'tools.n.ledger.dsn', 'has a parameter that is not known'],
      ['MYC316', 'tools.o.ledger.dsn', 'has an sslmode that is not known'],
    ],
  },
  {
    name: 'TLS and none at once',
    yaml: 'action_ledger: { storage: redis, url: "rediss://u:hunter2@h", ▸tls: false }\ntask_ledger: { storage: postgres, dsn: "postgres://u:hunter2@h/d?sslmode=require", ▸tls: false }\n',
    errors: [
      ['MYC318', 'action_ledger.tls', 'is false, and the address begins with rediss:'],
      ['MYC318', 'task_ledger.tls', 'has an sslmode that asks for it'],
    ],
  },
  {
    name: 'production: records that end with the process, and tools that say nothing',
    yaml: 'profile: production\naction_ledger: { storage: memory }\ntools: { ▸pay: { side_effect_class: irreversible, id_from: [a] }, get: { side_effect_class: read, id_from: [a] }, ▸put: { ledger: true } }\n',
    errors: [
      ['MYC313', 'tools.pay', 'production: pay is irreversible, and its records end with the process'],
      ['MYC311', 'tools.put', 'strict: tools.put does not say what it does'],
    ],
  },
  {
    name: 'a state flush that is for nothing, or says the opposite of itself',
    yaml: 'state_flush: { durable: true, ▸flush_on_complete: false, storage: memory, ▸path: ./a, durability: ▸5 }\n',
    errors: [
      ['MYC320', 'state_flush.flush_on_complete', 'durable writes every record, and then the end'],
      ['MYC303', 'state_flush.path', 'has no effect: storage is memory'],
      ['MYC201', 'state_flush.durability', 'has to be a mapping'],
    ],
  },
  {
    name: 'reasons and signals that there are not',
    yaml: 'state_flush: { flush_on: [cancel, ▸disconect, ▸7], signals: [▸SIGKILL, SIGTERM], durable: ▸yes, ▸flush_on_completed: true }\n',
    errors: [
      ['MYC202', 'state_flush.flush_on[1]', 'is "disconect"', 'disconnect'],
      ['MYC202', 'state_flush.flush_on[2]', 'cancel'],
      ['MYC202', 'state_flush.signals[0]', 'SIGINT'],
      ['MYC201', 'state_flush.durable', 'write true'],
      ['MYC204', 'state_flush.flush_on_completed', 'unknown key', 'flush_on_complete'],
    ],
  },
  {
    name: 'production: states that end with the process, in a place of their own or with the tools',
    yaml: 'profile: production\n▸state_flush: { storage: memory }\n',
    errors: [['MYC321', 'state_flush', 'production: the states of runs end with the process']],
  },
  {
    name: 'production: states that are with the tools in memory',
    yaml: 'profile: production\naction_ledger: { storage: memory }\n▸state_flush: {}\n',
    errors: [['MYC321', 'state_flush', 'Write storage: file, redis or postgres in state_flush.']],
  },
  {
    name: 'production: states whose storage is misspelt are not with the tools in memory, too',
    yaml: 'profile: production\naction_ledger: { storage: memory }\nstate_flush: { storage: ▸redi, url: "redis://h" }\n',
    errors: [['MYC202', 'state_flush.storage', 'is "redi"', 'redis']],
  },
  {
    name: 'a boundary that checks nothing, and options without what they are about',
    yaml: 'tools: { a: { ▸bounded: {} }, b: { bounded: { ▸path_param: p, ▸base: ., ▸url_param: u, ▸entity_param: e, ▸coerce: llm } }, c: { bounded: { ▸allowed_hosts: [a.b], ▸entity_pattern: c } } }\n',
    errors: [
      ['MYC330', 'tools.a.bounded', 'is empty'],
      ['MYC331', 'tools.b.bounded.path_param', 'has no effect without allowed_paths'],
      ['MYC331', 'tools.b.bounded.base', 'has no effect without allowed_paths'],
      ['MYC331', 'tools.b.bounded.url_param', 'has no effect without allowed_hosts'],
      ['MYC331', 'tools.b.bounded.entity_param', 'Add entity_pattern, or remove entity_param'],
      ['MYC331', 'tools.b.bounded.coerce', 'has no effect without schema'],
      ['MYC331', 'tools.c.bounded.allowed_hosts', 'has no effect without url_param'],
      ['MYC331', 'tools.c.bounded.entity_pattern', 'has no effect without entity_param'],
    ],
  },
  {
    name: 'two fields of a schema that are one in code',
    yaml: 'tools: { f: { bounded: { schema: { order_id: {}, ▸orderId: {}, l: { type: array, items: { type: object, properties: { a_b: {}, ▸aB: {} } } } } } } }\n',
    errors: [
      ['MYC334', 'tools.f.bounded.schema.orderId', 'are the same name in code'],
      ['MYC334', 'tools.f.bounded.schema.l.items.properties.aB', 'a_b and aB are the same name in code'],
    ],
  },
  {
    name: 'a protection of a write, and one of no time',
    yaml: `tools:
  pay: { side_effect_class: irreversible, id_from: [a], ▸protect: { ttl: 60s } }
  put: { ledger: true, ▸protect: {} }
  get: { protect: { ▸ttl: 0 } }
  set: { protect: { invalidates: id, ▸ttl: 60s, ▸tags: [a] } }
  cut: { protect: { ttl: 60s, ▸tll: 5 } }
`,
    errors: [
      ['MYC341', 'tools.pay.protect', 'pay is irreversible, and a write that is answered from memory does not happen'],
      ['MYC341', 'tools.put.protect', 'put is not declared'],
      ['MYC342', 'tools.get.protect.ttl', 'is no time at all'],
      ['MYC340', 'tools.set.protect.ttl', 'is for tools that read'],
      ['MYC340', 'tools.set.protect.tags', 'is for tools that read'],
      ['MYC204', 'tools.cut.protect.tll', 'unknown key', 'ttl'],
    ],
  },
  {
    name: 'a registry of tools that there are not',
    yaml: 'registry: { allowed: [pay, ▸pya, look] }\ntools: { pay: { ledger: false }, look: { side_effect_class: read, ledger: true } }\n',
    errors: [['MYC305', 'registry.allowed[1]', 'is not one of the tools', 'pay']],
  },
  {
    name: 'receipts that nobody signs',
    yaml: 'tools: { pay: { ▸audit_receipt: true }, get: { ledger: true, audit_receipt: false } }\ntasks: { bill: { ▸audit_receipt: true } }\n',
    errors: [
      ['MYC322', 'tools.pay.audit_receipt', 'nothing says who signs'],
      ['MYC322', 'tasks.bill.audit_receipt', 'Add audit_receipt: { agent_id, signing_key_env } at the top'],
    ],
  },
  {
    name: 'receipts of nobody, with no key',
    yaml: '▸▸audit_receipt: {}\n',
    errors: [
      ['MYC323', 'audit_receipt', 'does not say who acts'],
      ['MYC324', 'audit_receipt', 'mycelium keys generate --out FILE makes a key'],
    ],
  },
  {
    name: 'two signing keys, memory, and a key where its variable belongs',
    yaml: 'audit_receipt: { agent_id: a, signing_key: hunter2, ▸signing_key_env: ▸hunter2+/, ▸storage: memory, seal_every: ▸10ms }\n',
    errors: [
      ['MYC324', 'audit_receipt.signing_key_env', 'has signing_key and signing_key_env'],
      ['MYC317', 'audit_receipt.signing_key_env', 'is not the name of a variable'],
      ['MYC325', 'audit_receipt.storage', 'receipts are kept with the calls they are of'],
      ['MYC203', 'audit_receipt.seal_every', 'is less than a second'],
    ],
  },
  {
    name: 'receipts with keys that there are not: nothing is concluded from what is not known',
    yaml: 'audit_receipt: { ▸agent: a, ▸signing_key_path: ./k, ▸host: h, values: { ▸input: true, arguments: ▸5 } }\n',
    errors: [
      ['MYC204', 'audit_receipt.agent', 'unknown key', 'agent_id'],
      ['MYC204', 'audit_receipt.signing_key_path', 'unknown key', 'signing_key'],
      ['MYC204', 'audit_receipt.host', 'unknown key'],
      ['MYC204', 'audit_receipt.values.input', 'unknown key'],
      ['MYC201', 'audit_receipt.values.arguments', 'has to be true or false'],
    ],
  },
  {
    name: 'a receipt of what is not recorded',
    yaml: 'audit_receipt: { agent_id: a, signing_key_env: WORD }\ntools: { pay: { ledger: false, ▸audit_receipt: true } }\n',
    errors: [['MYC307', 'tools.pay.audit_receipt', 'has no effect: ledger is false']],
  },
  {
    name: 'a ledger that says nothing',
    yaml: 'tools: { pay: { ▸ledger: {} } }\ntasks: { bill: { ▸ledger: {} } }\n',
    errors: [
      ['MYC304', 'tools.pay.ledger', 'tools.pay.ledger is empty'],
      ['MYC304', 'tasks.bill.ledger', 'Write true'],
    ],
  },
  {
    name: 'a ledger whose keys are wrong is not empty, too',
    yaml: 'tools: { pay: { ledger: { ▸storge: file } }, get: { ledger: { storage: ▸fil } }, put: { ledger: { path: ▸5 } } }\n',
    errors: [
      ['MYC204', 'tools.pay.ledger.storge', 'unknown key', 'storage'],
      ['MYC202', 'tools.get.ledger.storage', 'is "fil"', 'file'],
      ['MYC201', 'tools.put.ledger.path', 'is 5'],
    ],
  },
  {
    name: 'lists that name what is not there',
    yaml: 'action_ledger: { tools: [pay, ▸pey, ▸bill] }\ntask_ledger: { tasks: [▸pay, ▸bil] }\ntools: { pay: {} }\ntasks: { bill: { id_from: [a] } }\n',
    errors: [
      ['MYC305', 'action_ledger.tools[1]', 'pey is not one of the tools', 'pay'],
      ['MYC305', 'action_ledger.tools[2]', 'Add it to tools, or take it out of this list.'],
      ['MYC305', 'task_ledger.tasks[0]', 'pay is not one of the tasks'],
      ['MYC305', 'task_ledger.tasks[1]', 'bil is not one of the tasks', 'bill'],
    ],
  },
  {
    name: 'lists without anything to name',
    yaml: 'action_ledger: { tools: [▸toString] }\n',
    errors: [['MYC305', 'action_ledger.tools[0]', 'toString is not one of the tools']],
  },
  {
    name: 'a list that names what is broken elsewhere',
    yaml: 'action_ledger: { tools: [pay, get] }\ntools: { pay: ▸true, get: { ▸ledgr: true } }\n',
    errors: [
      ['MYC201', 'tools.pay', 'has to be a mapping'],
      ['MYC204', 'tools.get.ledgr', 'unknown key', 'ledger'],
    ],
  },
  {
    name: 'a list that names tools of a misspelt section',
    yaml: 'action_ledger: { tools: [pay] }\n▸tols: { pay: {} }\n',
    errors: [['MYC204', 'tols', 'unknown key', 'tools']],
  },
  {
    name: 'a tool that is to be recorded and not recorded',
    yaml: 'action_ledger: { tools: [▸pay] }\ntask_ledger: { tasks: [▸bill] }\ntools: { pay: { ledger: false } }\ntasks: { bill: { ledger: false } }\n',
    errors: [
      ['MYC306', 'action_ledger.tools[0]', 'pay is to be recorded here, and its ledger is false below tools'],
      ['MYC306', 'task_ledger.tasks[0]', 'Keep one of the two.'],
    ],
  },
  {
    name: 'what has no effect without a ledger',
    yaml: 'tools: { pay: { ledger: false, side_effect_class: read, ▸lease: 5s, ▸id_from: [a], ▸store: { input: full }, ▸replay_for: 5s } }\ntasks: { bill: { ledger: false, ▸id_from: [a] } }\n',
    errors: [
      ['MYC307', 'tools.pay.lease', 'has no effect: ledger is false'],
      ['MYC307', 'tools.pay.id_from', 'Remove it, or remove ledger: false.'],
      ['MYC307', 'tools.pay.store', 'has no effect'],
      ['MYC307', 'tools.pay.replay_for', 'has no effect'],
      ['MYC307', 'tasks.bill.id_from', 'has no effect'],
    ],
  },
  {
    name: 'what the ledger itself refuses',
    yaml: 'tools: { pay: { ▸lease: 10ms }, get: { side_effect_class: read, ▸replay_for: 0 } }\n',
    errors: [
      ['MYC308', 'tools.pay.lease', 'too short to renew'],
      ['MYC308', 'tools.get.replay_for', 'is no time at all'],
    ],
  },
  {
    name: 'what the ledger refuses of the environment, which is not told',
    yaml: 'tools: { pay: { ▸lease: "${env:SHORT:-7ms}" } }\n',
    errors: [['MYC308', 'tools.pay.lease', 'tools.pay.lease: the value of ${env:SHORT}']],
  },
  {
    name: 'what is for another class',
    yaml: [
      'tools:',
      '  a: { side_effect_class: irreversible, ▸replay_for: 5s, ▸key_valid_for: 24h }',
      '  b: { ▸replay_for: 5s }',
      '  c: { side_effect_class: read, replay_for: 5s, ▸key_valid_for: 24h }',
      '  d: { side_effect_class: keyed_mutate, ▸replay_for: 0, key_valid_for: 24h }',
    ].join('\n'),
    errors: [
      ['MYC309', 'tools.a.replay_for', 'is for read tools, and this one is irreversible'],
      ['MYC309', 'tools.a.key_valid_for', 'has no effect: the tool is irreversible'],
      ['MYC309', 'tools.b.replay_for', 'this one is not declared'],
      ['MYC309', 'tools.c.key_valid_for', 'Write side_effect_class: keyed_mutate'],
      ['MYC309', 'tools.d.replay_for', 'this one is keyed_mutate'],
    ],
  },
  {
    name: 'a misspelt class has no consequences',
    yaml: 'action_ledger: { strict: true }\ntools: { a: { ▸side_effect: read, replay_for: 5s }, b: { side_effect_class: ▸red, replay_for: 5s } }\n',
    errors: [
      ['MYC204', 'tools.a.side_effect', 'unknown key', 'side_effect_class'],
      ['MYC202', 'tools.b.side_effect_class', 'is "red"', 'read'],
    ],
  },
  {
    name: 'a field that is named twice',
    yaml: 'tools: { pay: { id_from: [order_id, to, ▸order_id] }, get: { id_from: [order_id, ▸orderId] } }\n',
    errors: [
      ['MYC310', 'tools.pay.id_from[2]', 'order_id is named twice'],
      ['MYC310', 'tools.get.id_from[1]', 'Name each field once.'],
    ],
  },
  {
    name: 'strict tools that do not say what they do',
    yaml: 'action_ledger: { strict: true }\ntools: { ▸pay: { ledger: true }, get: { ledger: false }, ▸put: { side_effect_class: read }, ▸post: { id_from: [a] } }\ntasks: { ▸bill: {} }\n',
    errors: [
      ['MYC311', 'tools.pay', 'strict: tools.pay does not say what it does'],
      ['MYC312', 'tools.put', 'strict: nothing guards put'],
      ['MYC311', 'tools.post', 'Add side_effect_class'],
      ['MYC312', 'tasks.bill', 'or ledger: false if that is meant'],
    ],
  },
  {
    name: 'everything at once, in the order of the file',
    yaml: [
      'tools:',
      '  pay:',
      '    side_effect_class: ▸payment',
      '    ▸ledgr: true',
      '    id_from: ▸order',
      '    lease: ▸5 minutes',
      '  ▸Pay!: { ledger: true }',
      'action_ledger:',
      '  storage: memory',
      '  ▸path: ./x',
      '  tools: [pay, ▸pai]',
      '  strict: ▸yes',
      'history_guard: { ▸detect_duplicates: true }',
    ].join('\n'),
    errors: [
      ['MYC202', 'tools.pay.side_effect_class', 'is "payment"', 'keyed_mutate'],
      ['MYC204', 'tools.pay.ledgr', 'unknown key', 'ledger'],
      ['MYC201', 'tools.pay.id_from', 'Write a list: [order].'],
      ['MYC203', 'tools.pay.lease', 'is no duration', '5m'],
      ['MYC301', 'tools.Pay!', '"Pay!" is no name'],
      ['MYC303', 'action_ledger.path', 'has no effect'],
      ['MYC305', 'action_ledger.tools[1]', 'pai is not one of the tools', 'pay'],
      ['MYC201', 'action_ledger.strict', 'YAML 1.2 reads yes as a text; write true.'],
      ['MYC204', 'history_guard.detect_duplicates', 'Here it is repeats', 'repeats'],
    ],
  },
  {
    name: 'a history that is trimmed to nothing in particular',
    yaml: 'history_guard: { ▸trim: true, repeats: 3 }\n',
    errors: [['MYC343', 'history_guard.trim', 'Add max_tokens or max_messages']],
  },
  {
    name: 'a limit that is wrong says nothing of trim',
    yaml: 'history_guard: { trim: true, max_tokens: ▸lots }\n',
    errors: [['MYC201', 'history_guard.max_tokens', 'has to be a number']],
  },
];

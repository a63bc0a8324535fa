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
      '▸registry: { auto: true }',
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
      ['MYC205', 'registry', 'not in this version yet'],
    ],
  },
];

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration look like that.
import type { BrokenConfig } from './broken-config.js';

/** What cannot be read as YAML, or is YAML and no configuration. */
export const BROKEN_SYNTAX: readonly BrokenConfig[] = [
  { name: 'a list', yaml: '▸- tools', errors: [['MYC105', '', 'the file is not a mapping']] },
  { name: 'a text', yaml: '▸tools', errors: [['MYC105', '', 'Begin with a section, e.g. "tools:"']] },
  { name: 'a number', yaml: '▸42', errors: [['MYC105', '', 'not a mapping']] },
  { name: 'an empty list', yaml: '# nothing\n▸[]', errors: [['MYC105', '', 'not a mapping']] },
  {
    name: 'a second document',
    yaml: 'tools: { pay: { ledger: true } }\n▸---\ntols: {}\n',
    errors: [['MYC104', '', 'a second document begins here']],
  },
  {
    name: 'many documents, told once',
    yaml: '---\ntools:\n▸---\n---\n---\n',
    errors: [['MYC104', '', 'Keep one document in the file']],
  },
  {
    name: 'a second document and an error in the first',
    yaml: '▸tols: {}\n▸---\n[\n',
    errors: [
      ['MYC204', 'tols', 'unknown key', 'tools'],
      ['MYC104', '', 'a second document'],
    ],
  },
  {
    name: 'a bracket that is not closed',
    yaml: 'tools:\n  pay: ▸{ ledger: true\n',
    errors: [['MYC110', '', 'a { is not closed']],
  },
  {
    name: 'a list that is not closed',
    yaml: 'tools: { pay: { id_from: ▸[a, b } }\n',
    errors: [['MYC110', '', 'Close it with ].']],
  },
  {
    name: 'a quote that is not closed',
    yaml: 'tools:\n  pay: { id_from: [▸"a] }\n  get: { ledger: true }\n',
    errors: [['MYC110', '', 'a quote is not closed']],
  },
  {
    name: 'a list that is not closed, before other keys',
    yaml: 'tools:\n  pay:\n    id_from: ▸[a, b\n    lease: 5s\n',
    errors: [['MYC110', '', 'a [ is not closed']],
  },
  {
    name: 'a comma that is missing',
    yaml: 'action_ledger: { storage: ▸file path: ./x }\n',
    errors: [['MYC110', '', 'a comma is missing']],
  },
  {
    name: 'an entry further to the left than its sisters',
    yaml: 'tools:\n  pay:\n    ledger: true\n▸   lease: 5s\n',
    errors: [['MYC110', '', 'does not begin where those above do']],
  },
  {
    name: 'a second colon',
    yaml: 'tools:\n  pay: ▸lease: 5s\n',
    errors: [['MYC110', '', 'a second colon in one line']],
  },
  {
    name: 'a key without a colon',
    yaml: 'tools:\n  pay:\n    ▸ledger true\n    lease: 5s\n',
    errors: [['MYC110', '', 'Write key: value']],
  },
  {
    name: 'a character that begins no text',
    yaml: 'tools:\n  pay: { id_from: [▸@a] }\n',
    errors: [['MYC110', '', 'a text cannot begin with this character']],
  },
  {
    name: 'a backslash in double quotes',
    yaml: 'action_ledger:\n  path: "C:▸\\data"\n',
    errors: [['MYC110', '', 'use single quotes']],
  },
  {
    name: 'a reference in braces without quotes, told once',
    yaml: 'action_ledger: { path: $▸{env:HOME}/ledger, storage: file }\ntools: { pay: { lease: ${env:WAIT} } }\n',
    errors: [['MYC110', '', 'Quote the reference: "${env:NAME}"']],
  },
  {
    name: 'no comma between two entries',
    yaml: 'tools: { pay: { id_from: [a, "b" ▸"c"] } }\n',
    errors: [['MYC110', '', 'there is no comma between these']],
  },
  {
    name: 'a bracket too much',
    yaml: 'tools: { pay: { ledger: true } } ▸}\n',
    errors: [['MYC110', '', 'this does not belong here']],
  },
  {
    name: 'nothing behind a broken place is told',
    yaml: 'tools:\n  pay: ▸@x\n  pay: { ledgr: true }\n  get: { id_from: $HOME\n',
    errors: [['MYC110', '', 'The rest is looked at then.']],
  },
  {
    name: 'what stands before a broken place is told',
    yaml: 'tools:\n  pay: { side_effect_class: ▸!ruby/sym read }\n  get: ▸@x\n',
    errors: [
      ['MYC113', '', 'this tag means nothing here'],
      ['MYC110', '', 'Quote the text'],
    ],
  },
  {
    name: 'tabs, told once',
    yaml: 'tools:\n▸\tpay:\n\t\tledger: true\n\tget:\n\t\tledger: true\n',
    errors: [['MYC112', '', 'Indent with spaces.']],
  },
  {
    name: 'a Python object',
    yaml: 'tools:\n  pay: ▸!!python/object:os.system { ledger: true }\n',
    errors: [['MYC113', '', 'a configuration is plain data']],
  },
  {
    name: 'a tag of YAML 1.1',
    yaml: 'action_ledger: { path: !!binary ▸aGk= }\n',
    errors: [['MYC113', 'action_ledger.path', 'Remove it']],
  },
  {
    name: 'two tags, both told',
    yaml: 'tools: ▸!a { pay: ▸!b { ledger: true } }\n',
    errors: [
      ['MYC113', '', 'this tag'],
      ['MYC113', '', 'this tag'],
    ],
  },
  {
    name: 'YAML 1.1 asked for, below a comment',
    yaml: '# settings\n▸%YAML 1.1\n---\ntols: { strict: yes }\n',
    errors: [['MYC114', '', '%YAML 1.1 is asked for']],
  },
  {
    name: 'an unknown directive',
    yaml: '▸%PYTHON 3\n---\ntools:\n',
    errors: [['MYC114', '', 'this directive means nothing here']],
  },
  {
    name: 'an alias of nothing',
    yaml: 'tools: { pay: ▸*defaults }\n',
    errors: [['MYC115', 'tools.pay', 'nothing above is marked']],
  },
  {
    name: 'an alias of what comes later',
    yaml: 'tools:\n  pay: ▸*d\n  get: &d { ledger: true }\n',
    errors: [['MYC115', 'tools.pay', 'Mark a value with &name before it is used']],
  },
  {
    name: 'an alias inside what it stands for',
    yaml: 'tools: &all\n  pay: { store: ▸*all }\n',
    errors: [['MYC115', 'tools.pay.store', 'stands inside itself']],
  },
  {
    name: 'an alias without a name',
    yaml: 'tools: { pay: ▸* }\n',
    errors: [['MYC110', '', '& and * have to be followed by a name']],
  },
  {
    name: 'a billion laughs',
    yaml: [
      'a: &a [x, x, x, x, x, x, x, x, x, x]',
      'b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]',
      'c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]',
      'd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]',
      'e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]',
    ]
      .join('\n')
      .replace('[x, x, x', '[x, x, ▸x'),
    errors: [['MYC116', 'e[0][5][2][5][2]', 'Aliases multiply']],
  },
  {
    name: 'forty levels',
    yaml: `tools: ${'{ a: '.repeat(32)}▸{ a: ${'{ a: '.repeat(7)}1${' }'.repeat(40)}\n`,
    errors: [['MYC116', ['tools', ...Array.from({ length: 32 }, () => 'a')].join('.'), 'nested more than 32 deep']],
  },
  {
    name: 'a list as a key',
    yaml: 'tools:\n  ? ▸[a, b]\n  : { ledger: true }\n',
    errors: [['MYC117', 'tools', 'a key in tools is no name']],
  },
  { name: 'no key at all', yaml: '? ▸\n: 1\n', errors: [['MYC117', '', 'a key in the file is no name']] },
  {
    name: 'the key __proto__',
    yaml: '▸__proto__: { strict: true }\ntools:\n  ▸__proto__: { ledger: false }\n',
    errors: [
      ['MYC117', '', '__proto__ cannot be a key, in the file'],
      ['MYC117', 'tools', '__proto__ cannot be a key, in tools'],
    ],
  },
  {
    name: 'a byte order mark counts for nothing',
    yaml: '▸\ufefftols: {}\n',
    errors: [['MYC204', 'tols', 'unknown key', 'tools']],
  },
  {
    name: 'Windows line ends',
    yaml: 'tools:\r\n  pay:\r\n    ▸ledgr: true\r\n    ▸leese: 5s\r\n',
    errors: [
      ['MYC204', 'tools.pay.ledgr', 'unknown key "ledgr"', 'ledger'],
      ['MYC204', 'tools.pay.leese', 'unknown key "leese"', 'lease'],
    ],
  },
  {
    name: 'a section that stands twice',
    yaml: 'tools: { pay: { ledger: true } }\naction_ledger: { tools: [get] }\n▸tools: { get: { ledger: true } }\n',
    errors: [['MYC111', 'tools', 'tools stands here again, first in line 1']],
  },
  {
    name: 'keys that stand twice, at every level',
    yaml: [
      'action_ledger: { path: ./a, ▸path: ./b }',
      'tools:',
      '  pay:',
      '    ledger: true',
      '    ▸ledger: false',
      '    store: { input: full, ▸input: digest }',
      '  ▸pay: { lease: 5s }',
    ].join('\n'),
    errors: [
      ['MYC111', 'action_ledger.path', 'Keep one of them'],
      ['MYC111', 'tools.pay.ledger', 'first in line 4'],
      ['MYC111', 'tools.pay.store.input', 'first in line 6'],
      ['MYC111', 'tools.pay', 'first in line 3'],
    ],
  },
  {
    name: 'the same key with and without quotes',
    yaml: 'tools:\n  pay: { ledger: true }\n  ▸"pay": { ledger: true }\n',
    errors: [['MYC111', 'tools.pay', 'first in line 2']],
  },
];

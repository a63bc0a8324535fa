import { breaks, type ProviderRule } from './provider-rule.js';

const user = { role: 'user', content: 'Pay' };
const next = { role: 'user', content: 'And?' };
const said = { role: 'assistant', content: 'Hi' };

const claude = breaks('anthropic');
const text = (words: string, more: object = {}) => ({ type: 'text', text: words, ...more });
const use = (id: string, more: object = {}) => ({ type: 'tool_use', id, name: 'pay', input: {}, ...more });
const back = (tool_use_id: string, more: object = {}) => ({ type: 'tool_result', tool_use_id, content: 'ok', ...more });
const assistant = (...content: unknown[]) => ({ role: 'assistant', content });
const says = (...content: unknown[]) => ({ role: 'user', content });
const thinking = { type: 'thinking', thinking: 'hm', signature: 's' };
const cached = { cache_control: { type: 'ephemeral' } };
const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } };
const hits = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] };
const system = { role: 'system', content: 'Be brief' };

/** §7.3. */
export const anthropicRules: readonly ProviderRule[] = [
  {
    id: 'AN1',
    says: 'every tool_use has its result in the next message, all of them there',
    broken: [
      claude('unanswered-call', user, assistant(use('t1')), next),
      claude('misplaced-result', user, assistant(use('t1'), use('t2')), says(back('t1')), says(back('t2'))),
    ],
  },
  {
    id: 'AN2',
    says: 'every result has its tool_use in the message before',
    broken: [claude('orphan-result', says(back('t1')))],
  },
  {
    id: 'AN3',
    says: 'results come first',
    broken: [claude('results-not-first', user, assistant(use('t1')), says(text('Here'), back('t1')))],
  },
  {
    id: 'AN4',
    says: 'ids are unique and of one form, with one result each',
    broken: [
      claude('duplicate-call-id', user, assistant(use('t1'), use('t1')), says(back('t1'), back('t1'))),
      claude('reused-call-id', user, assistant(use('t1')), says(back('t1')), assistant(use('t1')), says(back('t1'))),
      claude('duplicate-result', user, assistant(use('t1')), says(back('t1'), back('t1'))),
      claude('invalid-id', user, assistant(use('a.b')), says(back('a.b'))),
    ],
  },
  {
    id: 'AN5',
    says: 'texts and messages are not empty, and the last text of the assistant ends in no white space',
    broken: [
      claude('empty-content', says(text('Pay'), text(''))),
      claude('empty-content', says(text('Pay'), text(' \n'))),
      claude('empty-content', user, assistant(), next),
      claude('prefill-whitespace', user, { role: 'assistant', content: 'It is ' }),
    ],
  },
  {
    id: 'AN6',
    says: 'the roles are user and assistant; system only with a beta header',
    broken: [claude('system-misplaced', user, system), claude('unknown-role', user, { role: 'wizard', content: 'x' })],
  },
  {
    id: 'AN7',
    says: 'Bedrock wants the user first, and then turns',
    broken: [
      breaks('anthropic-bedrock')('first-not-user', said, user),
      breaks('anthropic-bedrock')('roles-not-alternating', user, next),
    ],
  },
  {
    id: 'AN8',
    says: 'models from the 4.6 line on go on from no message of the assistant',
    broken: [breaks('anthropic-4.6')('prefill-not-allowed', user, said)],
  },
  {
    id: 'AN9',
    says: 'thinking keeps its signature and place; a turn of calls begins with it, none ends with it',
    broken: [
      claude('unsigned-reasoning', user, assistant({ ...thinking, signature: undefined }, text('Hi'))),
      claude('reasoning-last', user, assistant(thinking), next),
      claude('part-not-allowed', says(text('Pay'), thinking)),
      breaks('anthropic-thinking')('reasoning-missing', user, assistant(use('t1')), says(back('t1'))),
    ],
    not: 'that a signature is of another model, or its text was changed: only its maker can tell',
  },
  {
    id: 'AN10',
    says: 'input is an object, the content of a result text or certain blocks, is_error true or false',
    broken: [
      claude('invalid-arguments', user, assistant(use('t1', { input: '{}' })), says(back('t1'))),
      claude('invalid-result', user, assistant(use('t1')), says(back('t1', { content: { paid: true } }))),
      claude('invalid-result', user, assistant(use('t1')), says(back('t1', { is_error: 'no' }))),
    ],
  },
  {
    id: 'AN11',
    says: 'at most 4 cache breakpoints, none on empty text or thinking',
    broken: [
      claude('too-many-breakpoints', says(...['1', '2', '3', '4', '5'].map((words) => text(words, cached)))),
      claude('breakpoint-not-allowed', says(text('Pay'), text('', cached))),
      claude('breakpoint-not-allowed', user, assistant({ ...thinking, ...cached }, text('Hi'))),
    ],
  },
  {
    id: 'AN12',
    says: 'what the provider ran is answered by the assistant; callers survive',
    broken: [
      claude('misplaced-result', user, assistant(search), says(hits)),
      claude('misplaced-result', user, assistant(hits, search, text('Hi'))),
      claude('orphan-result', user, assistant(hits, text('Hi'))),
      claude('unanswered-call', user, assistant(text('I look'), search), next),
    ],
    not: 'callers are fields that nothing rewrites: the test of HistoryGuard below',
  },
  { id: 'AN13', says: 'at most 100,000 messages', broken: [], not: 'a limit of length: HistoryGuard({ maxMessages })' },
];

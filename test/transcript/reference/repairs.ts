import type { Row } from './row.js';

const user = { role: 'user', content: 'Pay' };
const call = (id: string, name = 'pay', more: object = {}) => ({
  id,
  type: 'function',
  function: { name, arguments: '{}' },
  ...more,
});
const calls = (...tool_calls: unknown[]) => ({ role: 'assistant', content: null, tool_calls });
const result = (tool_call_id: string, content = 'paid') => ({ role: 'tool', tool_call_id, content });

/** §6.3: what the original makes worse, or loses. */
export const repairRows: readonly Row[] = [
  {
    id: '6.3.1',
    what: 'fc_1 and call_2, both answered: both calls stay',
    messages: [user, calls(call('fc_1'), call('call_2', 'search')), result('fc_1'), result('call_2', 'found')],
    finds: [],
  },
  {
    id: '6.3.2',
    what: 'an orphaned result',
    messages: [user, result('c9'), { role: 'assistant', content: 'Hi' }],
    finds: ['error [1] orphan-result'],
    becomes: ['user: "Pay"', 'assistant: "Hi"'],
  },
  {
    id: '6.3.2b',
    what: 'a misplaced result',
    messages: [user, calls(call('c1')), { role: 'user', content: 'And?' }, result('c1')],
    finds: ['error [3] misplaced-result'],
    becomes: ['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = "paid"', 'user: "And?"'],
  },
  {
    id: '6.3.3',
    what: 'indices 2 and 0: gone, in the order of the calls',
    messages: [
      user,
      calls(call('c1', 'pay', { index: 2 }), call('c2', 'search', { index: 0 })),
      result('c1'),
      result('c2'),
    ],
    finds: ['warning [1].tool_calls[0].index sdk-artefact', 'warning [1].tool_calls[1].index sdk-artefact'],
    becomes: ['user: "Pay"', 'assistant: pay#c1, search#c2', 'tool: c1 = "paid"', 'tool: c2 = "paid"'],
  },
  {
    id: '6.3.3b',
    what: 'indices 1 and 1',
    messages: [
      user,
      calls(call('c1', 'pay', { index: 1 }), call('c2', 'search', { index: 1 })),
      result('c1'),
      result('c2'),
    ],
    finds: ['warning [1].tool_calls[0].index sdk-artefact', 'warning [1].tool_calls[1].index sdk-artefact'],
    becomes: ['user: "Pay"', 'assistant: pay#c1, search#c2', 'tool: c1 = "paid"', 'tool: c2 = "paid"'],
  },
  {
    id: '6.3.4',
    what: 'indices "1" and "2": no crash',
    messages: [
      user,
      calls(call('c1', 'pay', { index: '1' }), call('c2', 'search', { index: '2' })),
      result('c1'),
      result('c2'),
    ],
    finds: ['warning [1].tool_calls[0].index sdk-artefact', 'warning [1].tool_calls[1].index sdk-artefact'],
    becomes: ['user: "Pay"', 'assistant: pay#c1, search#c2', 'tool: c1 = "paid"', 'tool: c2 = "paid"'],
  },
  {
    id: '6.3.5',
    what: 'one id, two functions: both calls stay, each with its result',
    messages: [user, calls(call('c1'), call('c1', 'search')), result('c1'), result('c1', 'found')],
    finds: ['error [1].tool_calls[1] duplicate-call-id'],
    becomes: ['user: "Pay"', 'assistant: pay#c1, search#c1_2', 'tool: c1 = "paid"', 'tool: c1_2 = "found"'],
  },
  {
    id: '6.3.5b',
    what: 'one id, two functions, one result: it is of the first',
    messages: [user, calls(call('c1'), call('c1', 'search')), result('c1')],
    finds: ['error [1].tool_calls[1] duplicate-call-id', 'error [1].tool_calls[1] unanswered-call'],
    becomes: ['user: "Pay"', 'assistant: pay#c1, search#c1_2', 'tool: c1 = "paid"', 'tool: c1_2 = (not recorded)'],
  },
  {
    id: '6.3.6',
    what: 'an id twice and a call without one: all three stay',
    messages: [
      user,
      calls(call('c1'), call('c1', 'search'), { type: 'function', function: { name: 'mail', arguments: '{}' } }),
      result('c1'),
      result('c1', 'found'),
    ],
    finds: [
      'error [1].tool_calls[1] duplicate-call-id',
      'error [1].tool_calls[2].id missing-call-id',
      'error [1].tool_calls[2] unanswered-call',
    ],
    becomes: [
      'user: "Pay"',
      'assistant: pay#c1, search#c1_2, mail#call_cc5b371dae',
      ...['tool: c1 = "paid"', 'tool: c1_2 = "found"', 'tool: call_cc5b371dae = (not recorded)'],
    ],
  },
  {
    id: '6.3.7',
    what: 'content: null, refusal, parsed: null: the refusal stays',
    messages: [user, { role: 'assistant', content: null, refusal: 'I will not', parsed: null }],
    finds: ['warning [1].parsed sdk-artefact'],
    becomes: ['user: "Pay"', 'assistant: refuses "I will not"'],
  },
];

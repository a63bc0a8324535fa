import type { Row } from './row.js';

const user = { role: 'user', content: 'Pay' };
const next = { role: 'user', content: 'And?' };
const call = (id: unknown, name = 'pay', given: unknown = '{}') => ({
  id,
  type: 'function',
  function: { name, arguments: given },
});
const nameless = { id: 'c1', type: 'function', function: { arguments: '{}' } };
const withoutId = { type: 'function', function: { name: 'pay', arguments: '{}' } };
const calls = (...tool_calls: unknown[]) => ({ role: 'assistant', content: null, tool_calls });
const result = (tool_call_id: unknown, content: unknown = 'paid') => ({ role: 'tool', tool_call_id, content });
const hi = { role: 'assistant', content: 'Hi' };
const oldCall = { role: 'assistant', content: null, function_call: { name: 'pay', arguments: '{}' } };
const hologram = { type: 'hologram', x: 1 };
const picture = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
const long = 'x'.repeat(60);

/** Of the old form the oracle knows nothing. */
const oracleCannotTell = 'it does not know function_call and messages of the role function';

/** §6.1, the rows of OpenAI Chat Completions. */
export const openaiChatRows: readonly Row[] = [
  {
    id: 'O01',
    what: 'a call unanswered, then a user turn',
    messages: [user, calls(call('c1')), next],
    finds: ['error [1].tool_calls[0] unanswered-call'],
    becomes: ['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = (not recorded)', 'user: "And?"'],
  },
  {
    id: 'O02',
    what: 'a call unanswered, end of the list',
    messages: [user, calls(call('c1'))],
    finds: ['error [1].tool_calls[0] unanswered-call'],
    becomes: ['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = (not recorded)'],
  },
  {
    id: 'O03',
    what: 'two parallel calls, one result',
    messages: [user, calls(call('c1'), call('c2')), result('c1'), next],
    finds: ['error [1].tool_calls[1] unanswered-call'],
    becomes: [
      'user: "Pay"',
      'assistant: pay#c1, pay#c2',
      'tool: c1 = "paid"',
      'tool: c2 = (not recorded)',
      'user: "And?"',
    ],
  },
  {
    id: 'O04',
    what: 'a user message between call and result',
    messages: [user, calls(call('c1')), next, result('c1')],
    finds: ['error [3] misplaced-result'],
    becomes: ['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = "paid"', 'user: "And?"'],
  },
  {
    id: 'O05',
    what: 'a system message between call and result',
    messages: [user, calls(call('c1')), { role: 'system', content: 'Be brief' }, result('c1')],
    finds: ['error [3] misplaced-result'],
    becomes: ['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = "paid"', 'system: "Be brief"'],
  },
  {
    id: 'O06',
    what: 'a result without any assistant',
    messages: [user, result('c1')],
    finds: ['error [1] orphan-result'],
    becomes: ['user: "Pay"'],
  },
  {
    id: 'O07',
    what: 'a result behind an assistant without calls',
    messages: [user, hi, result('c1')],
    finds: ['error [2] orphan-result'],
    becomes: ['user: "Pay"', 'assistant: "Hi"'],
  },
  {
    id: 'O08',
    what: 'two results for one id',
    messages: [user, calls(call('c1')), result('c1'), result('c1', 'refused')],
    finds: ['error [3] duplicate-result'],
    becomes: ['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = "paid"'],
  },
  {
    id: 'O09',
    what: 'a result before its call',
    messages: [user, result('c1'), calls(call('c1')), next],
    finds: ['error [1] misplaced-result'],
    becomes: ['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = "paid"', 'user: "And?"'],
  },
  {
    id: 'O11',
    what: 'an id used again in turn 2 and left open',
    messages: [user, calls(call('c1')), result('c1'), next, calls(call('c1'))],
    finds: ['error [4].tool_calls[0] unanswered-call', 'warning [4].tool_calls[0] reused-call-id'],
    becomes: [
      ...['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = "paid"', 'user: "And?"'],
      ...['assistant: pay#c1', 'tool: c1 = (not recorded)'],
    ],
  },
  {
    id: 'O12',
    what: 'a call without an id: it gets the one that its result has',
    messages: [user, calls(withoutId), result('c1')],
    finds: [
      'error [1].tool_calls[0].id missing-call-id',
      'error [1].tool_calls[0] unanswered-call',
      'error [2] orphan-result',
    ],
    becomes: ['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = "paid"'],
  },
  {
    id: 'O13',
    what: 'an id that is a number, on both sides',
    messages: [user, calls(call(7)), result(7)],
    finds: ['error [1].tool_calls[0].id invalid-id', 'error [2].tool_call_id invalid-id'],
    becomes: ['user: "Pay"', 'assistant: pay#7', 'tool: 7 = "paid"'],
  },
  {
    id: 'O14',
    what: 'arguments that are no JSON: the API is lenient',
    messages: [user, calls(call('c1', 'pay', '{"to":')), result('c1')],
    finds: ['warning [1].tool_calls[0] invalid-arguments'],
  },
  {
    id: 'O15',
    what: 'arguments that are an object',
    messages: [user, calls(call('c1', 'pay', { to: 'Ada' })), result('c1')],
    finds: ['error [1].tool_calls[0].function.arguments invalid-arguments'],
    becomes: ['user: "Pay"', 'assistant: pay#c1("{\\"to\\":\\"Ada\\"}")', 'tool: c1 = "paid"'],
  },
  {
    id: 'O16',
    what: 'no function name',
    messages: [user, calls(nameless), result('c1')],
    finds: ['error [1].tool_calls[0] missing-name'],
    becomes: ['user: "Pay"', 'assistant: unknown_tool#c1', 'tool: c1 = "paid"'],
  },
  {
    id: 'O17',
    what: 'a name with spaces',
    messages: [user, calls(call('c1', 'pay now')), result('c1')],
    finds: ['error [1].tool_calls[0] invalid-name'],
    becomes: ['user: "Pay"', 'assistant: pay_now#c1', 'tool: c1 = "paid"'],
  },
  {
    id: 'O18',
    what: 'tool_calls: []',
    messages: [user, { ...hi, tool_calls: [] }],
    finds: ['error [1].tool_calls empty-calls'],
    becomes: ['user: "Pay"', 'assistant: "Hi"'],
  },
  {
    id: 'O18b',
    what: 'tool_calls: [] and null content',
    messages: [user, calls(), next],
    finds: ['error [1].tool_calls empty-calls', 'error [1].content missing-content'],
    becomes: ['user: "Pay"', 'assistant: nothing', 'user: "And?"'],
  },
  {
    id: 'O19',
    what: 'null content without calls',
    messages: [user, { role: 'assistant', content: null }, next],
    finds: ['error [1].content missing-content'],
    becomes: ['user: "Pay"', 'assistant: nothing', 'user: "And?"'],
  },
  {
    id: 'O20',
    what: 'absent content without calls',
    messages: [user, { role: 'assistant' }, next],
    finds: ['error [1].content missing-content'],
    becomes: ['user: "Pay"', 'assistant: nothing', 'user: "And?"'],
  },
  {
    id: 'O21',
    what: 'null content of the user',
    messages: [{ role: 'user', content: null }, next],
    finds: ['error [0].content missing-content'],
    becomes: ['user: nothing', 'user: "And?"'],
  },
  {
    id: 'O22',
    what: 'content of a result missing',
    messages: [user, calls(call('c1')), { role: 'tool', tool_call_id: 'c1' }],
    finds: ['error [2].content missing-content'],
    becomes: ['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = ""'],
  },
  {
    id: 'O23',
    what: 'content of a result an object',
    messages: [user, calls(call('c1')), result('c1', { paid: true })],
    finds: ['error [2].content invalid-result'],
    becomes: ['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = "{\\"paid\\":true}"'],
  },
  {
    id: 'O24',
    what: 'an unknown type of part',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Pay' }, hologram] }],
    finds: ['error [0].content[1].type unknown-part'],
    becomes: ['user: "Pay"'],
  },
  {
    id: 'O25',
    what: 'an image of the assistant',
    messages: [user, { role: 'assistant', content: [{ type: 'text', text: 'See' }, picture] }],
    finds: ['error [1].content[1].type part-not-allowed'],
    becomes: ['user: "Pay"', 'assistant: "See"'],
  },
  {
    id: 'O26',
    what: 'a function message without a name: it gets that of the call in front of it',
    messages: [user, oldCall, { role: 'function', content: 'paid' }],
    finds: ['error [1].function_call unanswered-call', 'error [2] missing-result-id'],
    becomes: ['user: "Pay"', 'assistant: pay()', 'function: pay() = "paid"'],
    oracleCannotTell,
  },
  {
    id: 'O26b',
    what: 'a function message without a name, and no call in front of it',
    messages: [user, { role: 'function', content: 'paid' }],
    finds: ['error [1] missing-result-id'],
    becomes: ['user: "Pay"'],
  },
  {
    id: 'O29',
    what: 'calls of the user: the assistant makes them behind the text',
    messages: [{ ...user, tool_calls: [call('c1')] }, result('c1')],
    finds: ['error [0].tool_calls[0] call-not-allowed', 'error [1] orphan-result'],
    becomes: ['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = "paid"'],
  },
  {
    id: 'O33',
    what: 'tool_calls as an object',
    messages: [user, { role: 'assistant', content: null, tool_calls: call('c1') }, result('c1')],
    finds: ['error [1].tool_calls malformed-calls'],
    becomes: ['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = "paid"'],
  },
  {
    id: 'O34',
    what: 'entries of tool_calls as text',
    messages: [user, { role: 'assistant', content: 'I pay', tool_calls: ['pay()'] }],
    finds: ['error [1].tool_calls[0] malformed-calls'],
    becomes: ['user: "Pay"', 'assistant: "I pay"'],
  },
  {
    id: 'O30',
    what: 'an id of 60 characters',
    messages: [user, calls(call(long)), result(long)],
    finds: ['error [1].tool_calls[0] id-too-long', 'error [2] id-too-long'],
    becomes: [
      'user: "Pay"',
      'assistant: pay#xxxxxxxxxxxxxxxxxxxxxxxx_42f2d97335',
      'tool: xxxxxxxxxxxxxxxxxxxxxxxx_42f2d97335 = "paid"',
    ],
  },
  {
    id: 'O31',
    what: 'an id that begins with fc_ only, unanswered',
    messages: [user, calls(call('fc_1')), next],
    finds: ['error [1].tool_calls[0] unanswered-call'],
    becomes: ['user: "Pay"', 'assistant: pay#fc_1', 'tool: fc_1 = (not recorded)', 'user: "And?"'],
  },
  {
    id: 'O44',
    what: 'a function_call of the old form left open',
    messages: [user, oldCall, next],
    finds: ['error [1].function_call unanswered-call'],
    becomes: ['user: "Pay"', 'assistant: pay()', 'function: pay() = (not recorded)', 'user: "And?"'],
    oracleCannotTell,
  },
  {
    id: 'O35',
    what: 'nothing as a message',
    messages: [user, null, next],
    finds: ['error [1] unrecognized-message'],
    becomes: ['user: "Pay"', 'user: "And?"'],
  },
  {
    id: 'O36',
    what: 'a bare string as a message',
    messages: [user, 'hello', next],
    finds: ['error [1] unrecognized-message'],
    remains: {
      codes: ['unrecognized-message'],
      because: 'nobody knows who said it: given to the user, what a tool wrote would weigh as much as an instruction',
    },
  },
];

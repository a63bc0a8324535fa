import type { Row } from './row.js';

const user = { role: 'user', content: 'Pay' };
const next = { role: 'user', content: 'And?' };
const text = (words: string) => ({ type: 'text', text: words });
const use = (id: unknown, name = 'pay', input: unknown = {}) => ({ type: 'tool_use', id, name, input });
const back = (tool_use_id: unknown, content: unknown = 'paid') => ({ type: 'tool_result', tool_use_id, content });
const assistant = (...content: unknown[]) => ({ role: 'assistant', content });
const says = (...content: unknown[]) => ({ role: 'user', content });
const cached = (words: string) => ({ ...text(words), cache_control: { type: 'ephemeral' } });
const signed = { type: 'thinking', thinking: 'hm', signature: 's' };
const brief = { role: 'system', content: 'Be brief' };

/** Texts alone fit several formats. */
const profile = 'anthropic';

/** §6.1, the row A01–A18: its elements, in the order in which it names them. */
export const anthropicRows: readonly Row[] = [
  {
    id: 'A01',
    what: 'a missing result',
    messages: [user, assistant(use('t1')), next],
    finds: ['error [1].content[0] unanswered-call'],
    becomes: ['user: "Pay"', 'assistant: pay#t1', 'user: t1 = (not recorded), "And?"'],
  },
  {
    id: 'A01b',
    what: 'one missing of two parallel results',
    messages: [user, assistant(use('t1'), use('t2')), says(back('t1'), text('And?'))],
    finds: ['error [1].content[1] unanswered-call'],
    becomes: ['user: "Pay"', 'assistant: pay#t1, pay#t2', 'user: t1 = "paid", t2 = (not recorded), "And?"'],
  },
  {
    id: 'A02',
    what: 'an orphaned result',
    messages: [user, assistant(text('Hi')), says(back('t1'), text('And?'))],
    finds: ['error [2].content[0] orphan-result'],
    becomes: ['user: "Pay"', 'assistant: "Hi"', 'user: "And?"'],
  },
  {
    id: 'A03',
    what: 'a result one turn late',
    messages: [user, assistant(use('t1')), next, assistant(text('Wait')), says(back('t1'))],
    finds: ['error [4].content[0] misplaced-result'],
    becomes: ['user: "Pay"', 'assistant: pay#t1', 'user: t1 = "paid", "And?"', 'assistant: "Wait"'],
  },
  {
    id: 'A04',
    what: 'text before tool_result',
    messages: [user, assistant(use('t1')), says(text('Here'), back('t1'))],
    finds: ['error [2].content[1] results-not-first'],
    becomes: ['user: "Pay"', 'assistant: pay#t1', 'user: t1 = "paid", "Here"'],
  },
  {
    id: 'A05',
    what: 'a tool_use id twice in a turn',
    messages: [user, assistant(use('t1'), use('t1', 'search')), says(back('t1'), back('t1', 'found'))],
    finds: ['error [1].content[1] duplicate-call-id'],
    becomes: ['user: "Pay"', 'assistant: pay#t1, search#t1_2', 'user: t1 = "paid", t1_2 = "found"'],
  },
  {
    id: 'A05b',
    what: 'a tool_use id again in a later turn',
    messages: [user, assistant(use('t1')), says(back('t1')), assistant(use('t1', 'search')), says(back('t1', 'found'))],
    finds: ['error [3].content[0] reused-call-id'],
    becomes: [
      ...['user: "Pay"', 'assistant: pay#t1', 'user: t1 = "paid"'],
      ...['assistant: search#t1_2', 'user: t1_2 = "found"'],
    ],
  },
  {
    id: 'A06',
    what: 'two results for one id',
    messages: [user, assistant(use('t1')), says(back('t1'), back('t1', 'refused'))],
    finds: ['error [2].content[1] duplicate-result'],
    becomes: ['user: "Pay"', 'assistant: pay#t1', 'user: t1 = "paid"'],
  },
  {
    id: 'A07',
    what: 'an empty text',
    profile,
    messages: [says(text('Pay'), text(''))],
    finds: ['error [0].content[1] empty-content'],
    becomes: ['user: "Pay"'],
  },
  {
    id: 'A08',
    what: 'a text of white space',
    profile,
    messages: [says(text('Pay'), text(' \n'))],
    finds: ['error [0].content[1] empty-content'],
    becomes: ['user: "Pay"'],
  },
  {
    id: 'A09',
    what: 'a prefill with white space behind it',
    profile,
    messages: [user, { role: 'assistant', content: 'The answer is ' }],
    finds: ['error [1].content prefill-whitespace'],
    becomes: ['user: "Pay"', 'assistant: "The answer is"'],
  },
  {
    id: 'A10',
    what: 'tool_use of the user: the assistant makes it behind the text',
    messages: [says(text('Pay'), use('t1')), says(back('t1'))],
    finds: ['error [0].content[1] call-not-allowed', 'error [1].content[0] orphan-result'],
    becomes: ['user: "Pay"', 'assistant: pay#t1', 'user: t1 = "paid"'],
  },
  {
    id: 'A11',
    what: 'tool_result of the assistant',
    messages: [user, assistant(use('t1')), assistant(back('t1'))],
    finds: ['error [2].content[0] misplaced-result'],
    becomes: ['user: "Pay"', 'assistant: pay#t1', 'user: t1 = "paid"'],
  },
  {
    id: 'A12',
    what: 'thinking without signature',
    messages: [user, assistant({ type: 'thinking', thinking: 'hm' }, text('Hi'))],
    finds: ['error [1].content[0].signature unsigned-reasoning'],
    becomes: ['user: "Pay"', 'assistant: "Hi"'],
  },
  {
    id: 'A13',
    what: 'input as JSON text',
    messages: [user, assistant(use('t1', 'pay', '{"to":"Ada"}')), says(back('t1'))],
    finds: ['error [1].content[0].input invalid-arguments'],
    becomes: ['user: "Pay"', 'assistant: pay#t1({"to":"Ada"})', 'user: t1 = "paid"'],
  },
  {
    id: 'A14',
    what: 'an id with characters that no id has, on both sides',
    messages: [user, assistant(use('functions.pay:0')), says(back('functions.pay:0'))],
    finds: ['error [1].content[0] invalid-id', 'error [2].content[0] invalid-id'],
    becomes: ['user: "Pay"', 'assistant: pay#functions_pay_0_406ad42c28', 'user: functions_pay_0_406ad42c28 = "paid"'],
  },
  {
    id: 'A15',
    what: '5 cache breakpoints',
    messages: [says(cached('1'), cached('2'), cached('3'), cached('4'), cached('5'))],
    finds: ['error [0].content[0].cache_control too-many-breakpoints'],
    becomes: ['user: "1", "2" (cached), "3" (cached), "4" (cached), "5" (cached)'],
  },
  {
    id: 'A16',
    what: 'a final thinking block',
    messages: [user, assistant(signed), next],
    finds: ['error [1].content[0] reasoning-last'],
    becomes: ['user: "Pay"', 'assistant: thinks, signed, "[The answer broke off here.]"', 'user: "And?"'],
  },
  {
    id: 'A17',
    what: 'the assistant first: Bedrock refuses it',
    profile: 'anthropic-bedrock',
    messages: [assistant(text('Hi')), user],
    finds: ['error [0] first-not-user'],
    becomes: ['user: "The conversation begins with what you said here:"', 'assistant: "Hi"', 'user: "Pay"'],
    oracleCannotTell: 'it knows the rules of the first party',
  },
  {
    id: 'A17b',
    what: 'the assistant first: the first party takes it',
    profile,
    messages: [assistant(text('Hi')), user],
    finds: [],
  },
  {
    id: 'A18',
    what: 'a system message in the list',
    profile,
    messages: [user, brief],
    finds: ['error [1].role system-misplaced'],
    remains: {
      codes: ['system-misplaced'],
      because: 'it belongs into the option system of the request, which is not in the messages',
    },
  },
  {
    id: 'A18b',
    what: 'a system message in the list: with the beta header it is taken',
    profile: 'anthropic-system-messages',
    messages: [user, brief],
    finds: [],
    oracleCannotTell: 'it knows the rules without the header',
  },
];

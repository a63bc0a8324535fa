/** One line of the reference's §6.4: lists that a guard sees one after the other. */
export interface HistoryRow {
  /** `6.4.1b`: the second case of the first line. */
  readonly id: string;
  readonly what: string;
  readonly lists: readonly (readonly unknown[])[];
  /** Declared before the last list. */
  readonly compacted?: readonly unknown[];
  /** Of the last list: `error [0] dropped`. */
  readonly finds: readonly string[];
  /** Tokens of the last list, from and to. */
  readonly tokens?: readonly [number, number];
}

const user = (content: unknown) => ({ role: 'user', content });
const says = (content: unknown) => ({ role: 'assistant', content });
const call = (id: string, name: string, given = '{}') => ({
  id,
  type: 'function',
  function: { name, arguments: given },
});
const calls = (content: unknown, ...tool_calls: unknown[]) => ({ role: 'assistant', content, tool_calls });
const result = (tool_call_id: string, content: string) => ({ role: 'tool', tool_call_id, content });
const go = user('Go');
/** A round of two calls that an agent makes again and again. */
const round = (id: string, content: unknown = null) => [
  calls(content, call(`${id}1`, 'search'), call(`${id}2`, 'mail')),
  ...[result(`${id}1`, 'ok'), result(`${id}2`, 'ok')],
];
const claude = (id: string, output: unknown = 'ok') => [
  says([{ type: 'tool_use', id, name: 'search', input: {} }]),
  user([{ type: 'tool_result', tool_use_id: id, content: output }]),
];
const item = (id: string) => [
  { type: 'function_call', call_id: id, name: 'search', arguments: '{}' },
  { type: 'function_call_output', call_id: id, output: 'ok' },
];
const model = (id: string) => [
  says([{ type: 'tool-call', toolCallId: id, toolName: 'search', input: {} }]),
  {
    role: 'tool',
    content: [{ type: 'tool-result', toolCallId: id, toolName: 'search', output: { type: 'text', value: 'ok' } }],
  },
];
const blocks = [{ type: 'text', text: 'ok' }];
const prefix = 'x'.repeat(200);
const megabyte = 'The order was shipped. '.repeat(45_000);
/** What o200k_base counts of it: 5 for each sentence. */
const itsTokens = 225_000;
const cjk = '人人生而自由在尊严和权利上一律平等他们赋有理性和良心'.repeat(20).slice(0, 400);

const talk = [
  user('Pay inv-42 and look for inv-43'),
  calls(null, call('c1', 'pay', '{"id":42}'), call('c2', 'search', '{"id":43}')),
  ...[result('c1', 'paid'), result('c2', 'found')],
  ...[says(`${prefix}, and that was all`), user('yes'), says('Done'), user('yes')],
];
const now = user('And now?');
const later = [...talk, now];

/** The lines of §6.4. */
export const historyRows: readonly HistoryRow[] = [
  {
    id: '6.4.1',
    what: 'two turns that only call, with null content',
    lists: [[go, ...round('a'), ...round('b')]],
    finds: [],
  },
  {
    id: '6.4.1b',
    what: 'two turns that only call, with empty content',
    lists: [[go, ...round('a', ''), ...round('b', '')]],
    finds: [],
  },
  { id: '6.4.1c', what: 'two results "ok"', lists: [[go, ...round('a')]], finds: [] },
  { id: '6.4.1d', what: 'the user says yes twice', lists: [[user('yes'), says('Sure?'), user('yes')]], finds: [] },
  {
    id: '6.4.1e',
    what: 'the same 200 characters at the beginning',
    lists: [[user(`${prefix}1`), says('b'), user(`${prefix}2`)]],
    finds: [],
  },
  { id: '6.4.1f', what: 'two tool_use turns of Anthropic', lists: [[go, ...claude('a'), ...claude('b')]], finds: [] },
  { id: '6.4.1g', what: 'two function_call items of Responses', lists: [[go, ...item('a'), ...item('b')]], finds: [] },
  {
    id: '6.4.1h',
    what: 'two tool-call turns of ModelMessages',
    lists: [[go, ...model('a'), ...model('b')]],
    finds: [],
  },
  {
    id: '6.4.2',
    what: 'a tool_result with a list as content: no crash',
    lists: [[go, ...claude('a', blocks)]],
    finds: [],
  },
  { id: '6.4.2b', what: 'a text that is no text: no crash', lists: [[user([{ type: 'text', text: 7 }])]], finds: [] },
  {
    id: '6.4.3',
    what: 'a megabyte of arguments is a quarter of a million tokens',
    lists: [[calls(null, call('c1', 'save', JSON.stringify({ text: megabyte })))]],
    finds: [],
    tokens: [itsTokens * 0.85, itsTokens * 1.35],
  },
  {
    id: '6.4.3b',
    what: 'a megabyte of tool_use input, too',
    lists: [[says([{ type: 'tool_use', id: 't1', name: 'save', input: { text: megabyte } }])]],
    finds: [],
    tokens: [itsTokens * 0.85, itsTokens * 1.35],
  },
  {
    id: '6.4.3c',
    what: 'a megabyte of an image is an image, not 8 tokens and not a megabyte',
    lists: [[user([{ type: 'image_url', image_url: { url: `data:image/png;base64,${'iVBORw0K'.repeat(125_000)}` } }])]],
    finds: [],
    tokens: [85, 2_000],
  },
  { id: '6.4.3d', what: '400 Chinese characters', lists: [[user(cjk)]], finds: [], tokens: [250, 480] },
  {
    id: '6.4.4',
    what: 'another order: nothing is lost, and whether it may be so is for MessageValidator',
    lists: [talk, [...talk.slice(0, 2), result('c2', 'found'), result('c1', 'paid'), ...talk.slice(4), now]],
    finds: [],
  },
  {
    id: '6.4.4b',
    what: 'calls stripped',
    lists: [talk, later.with(1, says('I called'))],
    finds: ['error [1] dropped'],
  },
  {
    id: '6.4.4c',
    what: 'tool_call_ids swapped: each result is now of the other call',
    lists: [talk, later.with(2, result('c2', 'paid')).with(3, result('c1', 'found'))],
    finds: ['error [2] dropped', 'error [3] dropped'],
  },
  {
    id: '6.4.4d',
    what: 'a text cut behind its 200th character',
    lists: [talk, later.with(4, says(prefix))],
    finds: ['error [4] dropped'],
  },
  {
    id: '6.4.4e',
    what: 'one of two equal messages lost',
    lists: [talk, [...talk.slice(0, -1), now]],
    finds: ['error [7] dropped'],
  },
  {
    id: '6.4.4f',
    what: 'a message dropped between two checks, without anybody asking for it',
    lists: [talk, later.slice(1)],
    finds: ['error [0] dropped'],
  },
  {
    id: '6.4.5',
    what: 'a compaction that is declared is no loss',
    lists: [talk, [user('Summary: inv-42 is paid'), ...talk.slice(4)]],
    compacted: talk.slice(0, 4),
    finds: [],
  },
  {
    id: '6.4.5b',
    what: 'a conversion from role user to type human is no loss',
    lists: [
      [user('Hi'), says('Ho')],
      [
        { type: 'human', content: 'Hi' },
        { type: 'ai', content: 'Ho' },
        { type: 'human', content: 'And now?' },
      ],
    ],
    finds: [],
  },
  { id: '6.4.6', what: 'an empty list, and then another', lists: [[], [user('Hi')]], finds: [] },
];

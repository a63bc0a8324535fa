import type { Message } from './breakage.js';

/** The ways in which LangChain has a message as JSON. Objects of its classes are what these are read into. */
export type Wrap = (type: 'human' | 'ai' | 'system' | 'tool', fields: Message) => Message;

const classes = { human: 'HumanMessage', ai: 'AIMessage', system: 'SystemMessage', tool: 'ToolMessage' };
const roles = { human: 'user', ai: 'assistant', system: 'system', tool: 'tool' };

const typed: Wrap = (type, fields) => ({ type, ...fields });
const withRole: Wrap = (type, fields) => ({ role: roles[type], ...fields });
const stored: Wrap = (type, data) => ({ type, data });
const serialized: Wrap = (type, kwargs) => ({
  lc: 1,
  type: 'constructor',
  id: ['langchain_core', 'messages', classes[type]],
  kwargs,
});

const text = (said: string): Message => ({ type: 'text', text: said });
const call = (id: string, name: string, args: unknown): Message => ({ id, name, args, type: 'tool_call' });
/** The same call, as OpenAI said it. */
const said = ({ id, name, args }: Message): Message => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(args) },
});
/** The same call, as Anthropic said it. */
const used = ({ id, name, args }: Message): Message => ({ type: 'tool_use', id, name, input: args });

const one = call('call_1', 'pay', { invoice: 1 });
const two = call('call_2', 'pay', { invoice: 2 });
const three = call('call_3', 'look_up', {});

/** Nothing but words. */
export const smallTalk: readonly Message[] = [
  typed('human', { content: 'Hello' }),
  typed('ai', { content: 'Hello, what can I do for you?', tool_calls: null }),
  typed('human', { content: [text('Tell me of 42'), text('and of invoice 43')] }),
  typed('ai', { content: [text('Both are paid.')] }),
];

/** Valid ones, in every form that is JSON. */
export const langchainConversations: Readonly<Record<string, readonly Message[]>> = {
  words: smallTalk,
  'a call, with roles': [
    { role: 'developer', content: 'You pay invoices.' },
    withRole('human', { content: 'Pay invoice 1' }),
    withRole('ai', { content: 'I pay it.', tool_calls: [one] }),
    withRole('tool', { content: 'paid', tool_call_id: 'call_1' }),
    withRole('ai', { content: 'Invoice 1 is paid.' }),
    withRole('human', { content: 'Thank you' }),
  ],
  'parallel calls, serialized': [
    serialized('human', { content: 'Pay invoices 1 to 3' }),
    serialized('ai', { content: '', tool_calls: [one, two, three] }),
    serialized('tool', { content: 'paid', tool_call_id: 'call_1', name: 'pay' }),
    serialized('tool', { content: 'no money', tool_call_id: 'call_2', name: 'pay', status: 'error' }),
    serialized('tool', { content: [text('paid'), text('in May')], tool_call_id: 'call_3' }),
    serialized('ai', { content: 'Two are paid.' }),
  ],
  'several rounds, stored': [
    stored('system', { content: 'You write letters.' }),
    stored('human', { content: 'Write to Ada' }),
    stored('ai', { content: 'Now two:', tool_calls: [call('call_b', 'write', { to: 7 }), call('call_c', 'note', {})] }),
    stored('tool', { content: 'noted', tool_call_id: 'call_c', name: 'note' }),
    stored('tool', { content: 'sent', tool_call_id: 'call_b', name: 'write' }),
    stored('ai', { content: 'Done.' }),
    stored('human', { content: 'Again' }),
    stored('ai', { content: '', tool_calls: [call('call_d', 'write', { to: 7 })] }),
    stored('tool', { content: 'sent again', tool_call_id: 'call_d', name: 'write' }),
  ],
  images: [
    typed('human', {
      content: [text('What is on it?'), { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
    }),
    typed('ai', { content: [text('I draw it anew.')], tool_calls: [call('call_1', 'draw', { scale: 2 })] }),
    typed('tool', {
      content: [{ type: 'image', mimeType: 'image/png', data: 'AAAA' }],
      tool_call_id: 'call_1',
      name: 'draw',
    }),
    typed('ai', { content: 'There it is.' }),
    typed('human', { content: [{ type: 'image', url: 'https://example.com/42.png' }] }),
  ],
  'as Anthropic has it': [
    serialized('human', { content: 'Is it paid?' }),
    serialized('ai', {
      content: [{ type: 'thinking', thinking: 'I look', signature: 'signature 1' }, text('I look it up.'), used(three)],
      tool_calls: [three],
    }),
    serialized('tool', { content: 'no', tool_call_id: 'call_3', name: 'look_up' }),
    serialized('ai', {
      content: [{ type: 'redacted_thinking', data: 'AAAA' }, used(one), used(two)],
      tool_calls: [one, two],
    }),
    serialized('tool', { content: 'paid', tool_call_id: 'call_1', name: 'pay' }),
    serialized('tool', { content: 'paid', tool_call_id: 'call_2', name: 'pay' }),
  ],
  'as OpenAI has it': [
    typed('human', { content: 'Pay invoices 1 and 2' }),
    typed('ai', { content: '', tool_calls: [one, two], additional_kwargs: { tool_calls: [said(one), said(two)] } }),
    typed('tool', { content: 'paid', tool_call_id: 'call_1' }),
    typed('tool', { content: 'paid', tool_call_id: 'call_2' }),
    typed('ai', { content: 'Both are paid.', additional_kwargs: { refusal: null }, id: 'chatcmpl-1' }),
    typed('human', { content: 'Once more', name: 'ada' }),
    typed('ai', { content: '', tool_calls: [three], additional_kwargs: { tool_calls: [said(three)] } }),
    typed('tool', { content: 'paid', tool_call_id: 'call_3' }),
  ],
  'calls of OpenAI, and short forms': [
    // Text alone is of the user, and a pair says who says what.
    ['system', 'You pay invoices.'] as unknown as Message,
    'Pay invoice 1' as unknown as Message,
    withRole('ai', { content: null, tool_calls: [said(one)] }),
    withRole('tool', { content: 'paid', tool_call_id: 'call_1' }),
    ['assistant', [text('Invoice 1 is paid.')]] as unknown as Message,
    withRole('human', { content: 'And invoice 2?' }),
    serialized('ai', { tool_calls: [said(two)] }),
    withRole('tool', { content: 'paid', tool_call_id: 'call_2' }),
  ],
  'tools of the provider': [
    stored('human', { content: 'What does the web say of us?' }),
    stored('ai', {
      content: [
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'us' } },
        { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
        text('Nothing. I keep that.'),
      ],
      tool_calls: [call('call_1', 'keep', { found: 0 })],
    }),
    stored('tool', { content: 'kept', tool_call_id: 'call_1', name: 'keep' }),
    stored('ai', { content: [{ type: 'reasoning', reasoning: 'hm' }, text('Kept.')] }),
    stored('human', { content: 'Well' }),
  ],
};

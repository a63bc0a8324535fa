import type { Message } from './breakage.js';

const system = (content: string): Message => ({ role: 'system', content });
const user = (content: unknown): Message => ({ role: 'user', content });
const assistant = (...content: readonly unknown[]): Message => ({ role: 'assistant', content });
const tool = (...content: readonly unknown[]): Message => ({ role: 'tool', content });
const text = (said: string): Message => ({ type: 'text', text: said });
const call = (id: string, toolName: string, input: unknown, more: Message = {}): Message => ({
  type: 'tool-call',
  toolCallId: id,
  toolName,
  input,
  ...more,
});
const result = (id: string, toolName: string, output: unknown): Message => ({
  type: 'tool-result',
  toolCallId: id,
  toolName,
  output: typeof output === 'string' ? { type: 'text', value: output } : output,
});
const thought = (said: string): Message => ({
  type: 'reasoning',
  text: said,
  providerOptions: { anthropic: { signature: `s ${said}` } },
});
const ask = (approvalId: string, toolCallId: string): Message => ({
  type: 'tool-approval-request',
  approvalId,
  toolCallId,
});
const decide = (approvalId: string, approved: boolean): Message => ({
  type: 'tool-approval-response',
  approvalId,
  approved,
});

/** Nothing but words. */
export const small: readonly Message[] = [
  user('Hello'),
  { role: 'assistant', content: 'Hello, what can I do for you?' },
  user([text('Tell me of invoice 42'), text('and of invoice 43')]),
  assistant(text('Both are paid.')),
];

/** Valid ones, for version 6 and any provider. */
export const aiSdkConversations: Readonly<Record<string, readonly Message[]>> = {
  words: small,
  'a call': [
    user('Pay invoice 42'),
    assistant(text('I pay it.'), call('call_1', 'pay', { invoice: 42 })),
    tool(result('call_1', 'pay', 'paid')),
    assistant(text('Invoice 42 is paid.')),
    user('Thank you'),
  ],
  'parallel calls': [
    system('You pay invoices.'),
    user('Pay invoices 1 to 3'),
    assistant(
      text('All three:'),
      call('call_1', 'pay', { invoice: 1 }),
      call('call_2', 'pay', { invoice: 2 }),
      call('call_3', 'look_up', { invoice: 3 }),
    ),
    tool(
      result('call_1', 'pay', 'paid'),
      result('call_2', 'pay', { type: 'error-text', value: 'no money' }),
      result('call_3', 'look_up', { type: 'json', value: { paid: true } }),
    ),
    assistant(text('Two are paid.')),
  ],
  'several rounds': [
    user('Write to Ada'),
    assistant(call('call_a', 'find', { name: 'Ada' })),
    tool(result('call_a', 'find', { type: 'json', value: { id: 7 } })),
    assistant(call('call_b', 'write', { to: 7 }), call('call_c', 'note', {})),
    tool(result('call_b', 'write', 'sent')),
    tool(result('call_c', 'note', 'noted')),
    assistant(text('Done.')),
  ],
  'images and files': [
    user([
      text('What is on it?'),
      { type: 'image', image: 'AAAA', mediaType: 'image/png' },
      { type: 'file', mediaType: 'application/pdf', data: 'JVBERi0=', filename: 'invoice.pdf' },
    ]),
    assistant(
      text('I draw it anew.'),
      { type: 'file', mediaType: 'image/png', data: 'AAAA' },
      call('call_1', 'draw', { scale: 2 }),
    ),
    tool(
      result('call_1', 'draw', {
        type: 'content',
        value: [text('drawn'), text('and saved')],
      }),
    ),
    assistant(text('There it is.')),
    user([{ type: 'file', mediaType: 'text/plain', data: 'SGVsbG8=' }]),
  ],
  reasoning: [
    user('Is invoice 42 paid?'),
    assistant(thought('I look it up'), call('call_1', 'look_up', { invoice: 42 })),
    tool(result('call_1', 'look_up', { type: 'json', value: { paid: false } })),
    assistant(thought('It is not'), text('No.')),
    user('Pay it'),
    assistant(thought('I pay'), call('call_2', 'pay', {})),
    tool(result('call_2', 'pay', 'paid')),
  ],
  'tools of the provider': [
    user('What does the web say of us?'),
    assistant(
      call('srv_1', 'web_search', { query: 'us' }, { providerExecuted: true }),
      result('srv_1', 'web_search', { type: 'json', value: [{ title: 'Us' }] }),
      text('It says this. I keep it.'),
      call('call_1', 'keep', { title: 'Us' }),
    ),
    tool(result('call_1', 'keep', 'kept')),
    assistant(
      call('srv_2', 'code_execution', { code: '1 + 1' }, { providerExecuted: true }),
      result('srv_2', 'code_execution', { type: 'json', value: { out: '2' } }),
      text('And one and one is two.'),
    ),
    user('Well'),
  ],
  approvals: [
    user('Pay invoices 42 and 43'),
    assistant(call('call_1', 'pay', { invoice: 42 }), ask('a1', 'call_1')),
    tool(decide('a1', true)),
    tool(result('call_1', 'pay', 'paid')),
    assistant(call('call_2', 'pay', { invoice: 43 }), ask('a2', 'call_2')),
    tool(decide('a2', false)),
    tool(result('call_2', 'pay', { type: 'execution-denied', reason: 'no' })),
    assistant(text('No.')),
    user('Then invoice 44'),
    assistant(call('call_3', 'pay', { invoice: 44 }), ask('a3', 'call_3')),
    tool(decide('a3', true)),
  ],
  'options of providers': [
    {
      role: 'system',
      content: 'You pay invoices.',
      providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } },
    },
    user([{ ...text('Pay invoice 42'), providerOptions: { openai: { imageDetail: 'low' } } }]),
    assistant(
      call('toolu_1', 'pay', { invoice: 42 }, { providerOptions: { openai: { itemId: 'fc_1' } } }),
      call('toolu_2', 'note', { lines: ['paid', 'today'] }),
    ),
    tool(
      result('toolu_1', 'pay', { type: 'error-json', value: { code: 402 } }),
      result('toolu_2', 'note', { type: 'json', value: null }),
    ),
    // Speaks while the last result is not there yet.
    assistant(text('I try again.')),
    assistant(call('toolu_3', 'pay', { invoice: 42, again: true })),
    tool(
      result('toolu_3', 'pay', {
        type: 'content',
        value: [text('paid'), { type: 'image-data', mediaType: 'image/png', data: 'AAAA' }],
      }),
    ),
    assistant(text('It is paid.')),
  ],
};

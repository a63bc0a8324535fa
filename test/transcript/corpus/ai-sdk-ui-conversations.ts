import type { Message } from './breakage.js';

const message = (id: string, role: string, ...parts: readonly unknown[]): Message => ({ id, role, parts });
const user = (id: string, ...parts: readonly unknown[]): Message => message(id, 'user', ...parts);
const assistant = (id: string, ...parts: readonly unknown[]): Message => message(id, 'assistant', ...parts);
const text = (said: string, more: Message = {}): Message => ({ type: 'text', text: said, ...more });
const step: Message = { type: 'step-start' };
const tool = (name: string, toolCallId: string, input: unknown, end: Message): Message => ({
  type: `tool-${name}`,
  toolCallId,
  input,
  ...end,
});
const dynamic = (toolName: string, toolCallId: string, input: unknown, end: Message): Message => ({
  type: 'dynamic-tool',
  toolName,
  toolCallId,
  input,
  ...end,
});
const done = (output: unknown): Message => ({ state: 'output-available', output });
const failed = (errorText: string): Message => ({ state: 'output-error', errorText });
const thought = (said: string): Message => ({
  type: 'reasoning',
  text: said,
  state: 'done',
  providerMetadata: { anthropic: { signature: `s ${said}` } },
});

/** Nothing but words. */
export const smallChat: readonly Message[] = [
  user('m1', text('Hello')),
  assistant('m2', step, text('Hello, what can I do for you?', { state: 'done' })),
  user('m3', text('Tell me of invoice 42'), text('and of invoice 43')),
  assistant('m4', text('Both are paid.')),
];

/** Valid ones: `validateUIMessages` takes them, and they convert into a valid prompt. */
export const aiSdkUiConversations: Readonly<Record<string, readonly Message[]>> = {
  words: smallChat,
  'a call': [
    user('m1', text('Pay invoice 42')),
    assistant(
      'm2',
      step,
      text('I pay it.', { state: 'done' }),
      tool('pay', 'call_1', { invoice: 42 }, done({ paid: true })),
      step,
      text('Invoice 42 is paid.', { state: 'done' }),
    ),
    user('m3', text('Thank you')),
  ],
  'parallel calls': [
    message('m0', 'system', text('You pay invoices.')),
    user('m1', text('Pay invoices 1 to 3')),
    assistant(
      'm2',
      step,
      text('All three:'),
      tool('pay', 'call_1', { invoice: 1 }, done('paid')),
      dynamic('pay_elsewhere', 'call_2', { invoice: 2 }, failed('no money')),
      tool('look_up', 'call_3', {}, done(null)),
    ),
    user('m3', text('And?')),
    assistant('m4', text('Two are paid.')),
  ],
  'several rounds': [
    user('m1', text('Write to Ada')),
    assistant(
      'm2',
      step,
      tool('find', 'call_a', { name: 'Ada' }, done({ id: 7 })),
      step,
      tool('write', 'call_b', { to: 7 }, done('sent')),
      dynamic('note', 'call_c', {}, done('noted')),
      step,
      text('Done.'),
    ),
    user('m3', text('Once more')),
    assistant('m4', step, tool('write', 'call_d', { to: 7 }, failed('not reached'))),
  ],
  'files, sources and data': [
    user(
      'm1',
      text('What is on it?'),
      { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AAAA', filename: 'a.png' },
      { type: 'data-place', data: { city: 'Basel' } },
    ),
    assistant(
      'm2',
      step,
      { type: 'data-progress', id: 'p1', data: { done: 0.5 } },
      { type: 'source-url', sourceId: 's1', url: 'https://example.com/42', title: 'Invoice 42' },
      { type: 'source-document', sourceId: 's2', mediaType: 'application/pdf', title: 'Invoice' },
      text('I draw it.'),
      tool('draw', 'call_1', { scale: 2 }, done({ drawn: true })),
      { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AAAA' },
    ),
    user('m3', text('Well'), { type: 'file', mediaType: 'text/plain', url: 'data:text/plain;base64,AAAA' }),
  ],
  reasoning: [
    user('m1', text('Is it paid?')),
    assistant(
      'm2',
      step,
      thought('I look it up'),
      tool('look_up', 'call_1', { invoice: 42 }, done({ paid: false })),
      step,
      thought('It is not'),
      text('No.', { state: 'done' }),
    ),
    user('m3', text('Then pay it')),
    assistant('m4', step, thought('I pay'), tool('pay', 'call_2', { invoice: 42 }, done('paid'))),
  ],
  'tools of the provider': [
    user('m1', text('Who are we?')),
    assistant(
      'm2',
      step,
      tool('web_search', 'srv_1', { query: 'us' }, { ...done([{ title: 'Us' }]), providerExecuted: true }),
      text('I keep it.'),
      tool('keep', 'call_1', { title: 'Us' }, done('kept')),
      step,
      dynamic('code_execution', 'srv_2', { code: '1 + 1' }, { ...failed('no time'), providerExecuted: true }),
      // Ends in a later turn.
      tool('web_search', 'srv_3', { query: 'them' }, { state: 'input-available', providerExecuted: true }),
    ),
    user('m3', text('Well')),
  ],
  approvals: [
    user('m1', text('Pay invoices 42 and 43')),
    assistant(
      'm2',
      step,
      tool('pay', 'call_1', { invoice: 42 }, { ...done('paid'), approval: { id: 'a1', approved: true } }),
      step,
      dynamic(
        'pay',
        'call_2',
        { invoice: 43 },
        {
          state: 'output-denied',
          approval: { id: 'a2', approved: false, reason: 'too much' },
        },
      ),
      tool(
        'pay',
        'call_3',
        { invoice: 45 },
        {
          ...failed('no money'),
          approval: { id: 'a3', approved: true, reason: 'small' },
        },
      ),
      step,
      text('Invoice 43 is not paid.'),
    ),
    user('m3', text('Then invoice 44')),
    assistant(
      'm4',
      step,
      tool(
        'pay',
        'call_4',
        { invoice: 44 },
        {
          state: 'approval-responded',
          approval: { id: 'a4', approved: true },
        },
      ),
    ),
  ],
  'what providers and programs add': [
    { ...user('m1', text('Pay invoice 42')), metadata: { at: '2026-01-01' } },
    {
      ...assistant(
        'm2',
        step,
        tool(
          'pay',
          'fc_1',
          { invoice: 42 },
          {
            ...done('paid'),
            title: 'Payment',
            preliminary: false,
            callProviderMetadata: { openai: { itemId: 'fc_item_1' } },
          },
        ),
        tool(
          'note',
          'fc_2',
          { lines: 2 },
          { ...failed('no paper'), resultProviderMetadata: { openai: { itemId: 'fc_item_2' } } },
        ),
        step,
        text('It is paid.', { providerMetadata: { openai: { itemId: 'msg_1' } } }),
      ),
      metadata: { tokens: 7 },
    },
  ],
};

/** Messages that some versions of the AI SDK have and others do not. */
export interface Difference {
  readonly what: string;
  readonly format: 'ai-sdk' | 'ai-sdk-ui';
  readonly messages: readonly unknown[];
  /** The versions that have it. */
  readonly in: readonly (5 | 6 | 7)[];
  /** One of the codes that are found for the others. */
  readonly finds: string;
  /** What of it is in a request to Anthropic, in every version, after a repair at the latest. */
  readonly keeps?: string;
  /** No repair can write it as the others have it. */
  readonly stays?: true;
}

const user = (...parts: readonly unknown[]): unknown => ({
  role: 'user',
  content: [{ type: 'text', text: 'Pay invoice 42' }, ...parts],
});
const call = { type: 'tool-call', toolCallId: 'call_1', toolName: 'pay', input: { amount: 5 } };
const assistant = (...content: readonly unknown[]): unknown => ({ role: 'assistant', content });
const result = (output: unknown, ...others: readonly unknown[]): unknown => ({
  role: 'tool',
  content: [...others, { type: 'tool-result', toolCallId: 'call_1', toolName: 'pay', output }],
});
const answered = (output: unknown): readonly unknown[] => [user(), assistant(call), result(output)];
const piece = (one: unknown): readonly unknown[] => answered({ type: 'content', value: [one] });
const said = { type: 'text', text: 'Let me see' };
const image = 'iVBORw0KGgo=';
const paid = { type: 'text', value: 'paid' };

const ofModel = { format: 'ai-sdk' } as const;
const modelMessages: readonly Difference[] = [
  {
    ...ofModel,
    what: 'a question for approval and its answer',
    messages: [
      user(),
      assistant(call, { type: 'tool-approval-request', approvalId: 'a1', toolCallId: 'call_1' }),
      result(paid, { type: 'tool-approval-response', approvalId: 'a1', approved: true }),
    ],
    in: [6, 7],
    finds: 'part-not-allowed',
    keeps: 'paid',
  },
  {
    ...ofModel,
    what: 'a denied call',
    messages: answered({ type: 'execution-denied', reason: 'too much' }),
    in: [6, 7],
    finds: 'invalid-result',
    keeps: 'too much',
  },
  {
    ...ofModel,
    what: 'a result with an image',
    messages: piece({ type: 'image-data', data: image, mediaType: 'image/png' }),
    in: [6, 7],
    finds: 'invalid-result',
    keeps: image,
  },
  {
    ...ofModel,
    what: 'a result with an address',
    messages: piece({ type: 'image-url', url: 'https://example.com/a.png' }),
    in: [6, 7],
    finds: 'invalid-result',
    keeps: 'https://example.com/a.png',
  },
  {
    ...ofModel,
    what: 'a result with media',
    messages: piece({ type: 'media', data: image, mediaType: 'image/png' }),
    in: [5, 6],
    finds: 'invalid-result',
    keeps: image,
  },
  {
    ...ofModel,
    what: 'a result with a file of version 7',
    messages: piece({ type: 'file', data: { type: 'data', data: image }, mediaType: 'image/png' }),
    in: [7],
    finds: 'invalid-result',
    keeps: image,
  },
  {
    ...ofModel,
    what: 'a result with a reference',
    messages: piece({ type: 'file-reference', providerReference: { anthropic: 'file_1' } }),
    in: [7],
    finds: 'invalid-result',
  },
  {
    ...ofModel,
    what: 'a custom part',
    messages: [user(), assistant(said, { type: 'custom', kind: 'anthropic.compaction' })],
    in: [7],
    finds: 'part-not-allowed',
    keeps: 'Let me see',
  },
  {
    ...ofModel,
    what: 'a file of reasoning',
    messages: [user(), assistant(said, { type: 'reasoning-file', data: image, mediaType: 'image/png' })],
    in: [7],
    finds: 'part-not-allowed',
    keeps: 'Let me see',
  },
  {
    ...ofModel,
    what: 'a file with tagged data',
    messages: [user({ type: 'file', mediaType: 'image/png', data: { type: 'data', data: image } })],
    in: [7],
    finds: 'invalid-content',
    keeps: image,
  },
  {
    ...ofModel,
    what: 'a file with tagged text',
    messages: [user({ type: 'file', mediaType: 'text/plain', data: { type: 'text', text: 'Please' } })],
    in: [7],
    finds: 'invalid-content',
    keeps: 'Please',
  },
  {
    ...ofModel,
    what: 'a file that a provider has',
    messages: [user({ type: 'file', mediaType: 'image/png', data: { anthropic: 'file_1' } })],
    in: [7],
    finds: 'invalid-content',
    stays: true,
  },
];

const ui = (id: string, role: string, ...parts: readonly unknown[]): unknown => ({ id, role, parts });
const asks = ui('m0', 'user', { type: 'text', text: 'Pay invoice 42' });
const tool = { type: 'tool-pay', toolCallId: 'call_1', input: { amount: 5 } };
const dynamic = { ...tool, type: 'dynamic-tool', toolName: 'pay' };
const denied = { state: 'output-denied', approval: { id: 'a1', approved: false, reason: 'too much' } };
const waits = { state: 'approval-requested', approval: { id: 'a1' } };
const goesOn = ui('m2', 'user', { type: 'text', text: 'Never mind' });
const steering = { type: 'steering-message', id: 's1', parts: [{ type: 'text', text: 'Only half of it' }] };

const ofUi = { format: 'ai-sdk-ui' } as const;
const uiMessages: readonly Difference[] = [
  {
    ...ofUi,
    what: 'a denied call of a dynamic tool',
    messages: [asks, ui('m1', 'assistant', { ...dynamic, ...denied }), goesOn],
    in: [6, 7],
    finds: 'invalid-state',
    keeps: 'too much',
  },
  {
    ...ofUi,
    what: 'a denied call of a known tool: version 5 sends it without a result',
    messages: [asks, ui('m1', 'assistant', { ...tool, ...denied }), goesOn],
    in: [6, 7],
    finds: 'invalid-state',
    keeps: 'too much',
  },
  {
    ...ofUi,
    what: 'a custom part',
    messages: [asks, ui('m1', 'assistant', said, { type: 'custom', kind: 'anthropic.compaction' })],
    in: [7],
    finds: 'part-not-allowed',
    keeps: 'Let me see',
  },
  {
    ...ofUi,
    what: 'a file of reasoning',
    messages: [
      asks,
      ui('m1', 'assistant', said, {
        type: 'reasoning-file',
        mediaType: 'image/png',
        url: `data:image/png;base64,${image}`,
      }),
    ],
    in: [7],
    finds: 'part-not-allowed',
    keeps: 'Let me see',
  },
  {
    ...ofUi,
    what: 'words of the user in the middle of an answer',
    messages: [asks, ui('m1', 'assistant', said, steering, { type: 'text', text: 'Half, then' })],
    in: [7],
    finds: 'part-not-allowed',
    keeps: 'Only half of it',
  },
  {
    ...ofUi,
    what: 'bytes in place of an address',
    messages: [ui('m0', 'user', { type: 'file', mediaType: 'image/png', url: image })],
    in: [5, 6],
    finds: 'invalid-content',
    keeps: image,
  },
  {
    ...ofUi,
    what: 'an address that holds bytes as they are',
    messages: [
      ui('m0', 'user', { type: 'text', text: 'Read' }, { type: 'file', mediaType: 'text/plain', url: 'data:,a%20b' }),
    ],
    in: [],
    finds: 'invalid-content',
    keeps: 'a b',
  },
  {
    ...ofUi,
    what: 'a question for approval that a user turn overtook',
    messages: [asks, ui('m1', 'assistant', said, { ...tool, ...waits }), goesOn],
    in: [7],
    finds: 'pending-approval',
    keeps: 'Never mind',
  },
  {
    ...ofUi,
    what: 'a call that was denied, and not answered',
    messages: [asks, ui('m1', 'assistant', { ...tool, ...denied, state: 'approval-responded' }), goesOn],
    in: [7],
    finds: 'unanswered-call',
    keeps: 'too much',
  },
];

export const differences: readonly Difference[] = [...modelMessages, ...uiMessages];

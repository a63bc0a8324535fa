import { breaks, type ProviderRule, warned } from './provider-rule.js';

const user = { role: 'user', content: 'Pay' };
const next = { role: 'user', content: 'And?' };

const text = (words: string) => ({ type: 'text', text: words });
const says = (...content: unknown[]) => ({ role: 'user', content });
const assistant = (...content: unknown[]) => ({ role: 'assistant', content });
const system = { role: 'system', content: 'Be brief' };

const sdk = breaks('ai-sdk');
const part = { type: 'tool-call', toolCallId: 'c1', toolName: 'pay', input: {} };
const output = { type: 'tool-result', toolCallId: 'c1', toolName: 'pay', output: { type: 'text', value: 'paid' } };
const tool = (...content: unknown[]) => ({ role: 'tool', content });
const oldPart = { type: 'tool-call', toolCallId: 'c1', toolName: 'pay', args: {} };
const oldOutput = { type: 'tool-result', toolCallId: 'c1', toolName: 'pay', result: 'paid' };
const request = { type: 'tool-approval-request', approvalId: 'a1', toolCallId: 'c1' };
const approval = { type: 'tool-approval-response', approvalId: 'a9', approved: true };
const ui = breaks('ai-sdk-ui');
const asked = { id: 'm1', role: 'user', parts: [text('Pay')] };
const shown = (...parts: unknown[]) => ({ id: 'm2', role: 'assistant', parts });
const settled = { type: 'tool-pay', toolCallId: 'c1', state: 'output-available', input: {}, output: 'paid' };
const waiting = { type: 'tool-pay', toolCallId: 'c1', state: 'input-available', input: {} };

/** §7.4. */
export const aiSdkRules: readonly ProviderRule[] = [
  {
    id: 'VM1',
    says: 'the content of each role',
    broken: [
      sdk('invalid-content', { role: 'system', content: [text('Be brief')] }, user),
      sdk('missing-content', { role: 'user', content: null }),
      sdk('part-not-allowed', user, assistant({ type: 'image', image: 'AAAA' })),
      sdk('unknown-part', says(text('Pay'), { type: 'hologram' })),
    ],
  },
  {
    id: 'VM2',
    says: 'calls are resolved before the next user turn, and by the end',
    broken: [sdk('unanswered-call', user, assistant(part), next)],
  },
  {
    id: 'VM3',
    says: 'results follow an open call, once, under its name',
    broken: [
      sdk('misplaced-result', user, tool(output), assistant(part)),
      sdk('orphan-result', user, tool(output)),
      sdk('duplicate-result', user, assistant(part), tool(output, output)),
      sdk('mismatched-result', user, assistant(part), tool({ ...output, toolName: 'search' })),
    ],
  },
  {
    id: 'VM4',
    says: 'outputs are tagged; args and result are of version 4',
    broken: [
      sdk('invalid-result', user, assistant(part), tool({ ...output, output: 'paid' })),
      sdk('obsolete-shape', user, assistant(oldPart), tool(oldOutput)),
    ],
  },
  {
    id: 'VM5',
    says: 'approvals name a request, and are given before the next user turn',
    broken: [
      sdk('unknown-approval', user, assistant(part), tool(output, approval)),
      sdk('pending-approval', user, assistant(part, request), next),
    ],
  },
  {
    id: 'VM6',
    says: 'messages with nothing in them are dropped',
    broken: [
      warned(sdk('empty-content', user, assistant(), next)),
      breaks('ai-sdk-anthropic')('empty-content', user, assistant(), next),
    ],
  },
  { id: 'VM7', says: 'system messages by choice only', broken: [breaks('ai-sdk-7')('system-misplaced', system, user)] },
  {
    id: 'VU1',
    says: 'states of tool parts, of which three are settled; preliminary outputs are not final',
    broken: [
      ui('invalid-state', asked, shown({ ...settled, state: 'result' })),
      ui('unanswered-call', asked, shown(waiting), { ...asked, id: 'm3' }),
      warned(ui('invalid-state', asked, shown({ ...settled, preliminary: true }))),
    ],
  },
  {
    id: 'VU2',
    says: 'ids of calls are unique in the whole chat',
    broken: [
      ui('duplicate-call-id', asked, shown(settled, settled)),
      ui('reused-call-id', asked, shown(settled), { ...shown(settled), id: 'm3' }),
    ],
  },
];

const chain = breaks('langchain');
const ai = (more: object) => ({ type: 'ai', content: '', ...more });
const human = { type: 'human', content: 'Pay' };
const copied = { id: 'c2', type: 'function', function: { name: 'pay', arguments: '{}' } };
const named = { id: 'c1', name: 'pay', args: {} };
const answered = { type: 'tool', tool_call_id: 'c1', content: 'paid' };

/** §7.5. */
export const othersRules: readonly ProviderRule[] = [
  {
    id: 'LC1',
    says: 'calls are answered before the next turn; calls that cannot be read, too; the copies agree',
    broken: [
      chain('unanswered-call', human, ai({ tool_calls: [named] }), human),
      chain('orphan-result', human, answered),
      chain(
        'invalid-tool-calls',
        human,
        ai({ invalid_tool_calls: [{ id: 'c1', name: 'pay', args: '{"', error: 'x' }] }),
      ),
      chain(
        'malformed-calls',
        ...[human, ai({ tool_calls: [named], additional_kwargs: { tool_calls: [copied] } }), answered],
      ),
    ],
  },
  {
    id: 'LC2',
    says: 'a RemoveMessage does not reach the model',
    broken: [chain('unrecognized-message', human, { type: 'remove', id: 'x', content: '' })],
  },
  {
    id: 'MCP1',
    says: 'failures of tools are results',
    broken: [],
    not: 'what tools give back, before it is a message: ToolRunner answers a call whose tool failed',
  },
  {
    id: 'MCP2',
    says: 'structuredContent is valid by outputSchema',
    broken: [],
    not: 'what tools give back: bounded({ output })',
  },
  {
    id: 'MCP3',
    says: 'annotations are hints of whoever made the tool',
    broken: [],
    not: 'they are of tools, not of messages: the side effect of a tool is declared',
  },
  {
    id: 'MCP4',
    says: 'names may repeat across servers',
    broken: [],
    not: 'a message says a name and no server: ToolRegistry has each name once',
  },
];

const google = breaks('gemini');
const content = (role: string, ...parts: unknown[]) => ({ role, parts });
const pays = { functionCall: { name: 'pay', args: {} } };

/** Beside the reference, which has no rules of Gemini: google-gemini/gemini-cli#11814. */
export const geminiRules: readonly ProviderRule[] = [
  {
    id: 'G1',
    says: 'a content with calls stands right behind the user or results; what only speaks is not refused any more',
    broken: [
      google('first-not-user', content('model', pays)),
      google(
        'roles-not-alternating',
        content('user', { text: 'Pay' }),
        content('model', { text: 'I do' }),
        content('model', pays),
      ),
      warned(google('first-not-user', content('model', { text: 'Hi' }))),
      warned(google('roles-not-alternating', content('user', { text: 'Pay' }), content('user', { text: 'And?' }))),
    ],
  },
];

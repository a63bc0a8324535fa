import { breaks, type ProviderRule, warned } from './provider-rule.js';

const user = { role: 'user', content: 'Pay' };
const next = { role: 'user', content: 'And?' };
const said = { role: 'assistant', content: 'Hi' };

const chat = breaks('openai-chat');
const call = (id: unknown, name: unknown = 'pay', given: unknown = '{}') => ({
  id,
  type: 'function',
  function: { name, arguments: given },
});
const calls = (...tool_calls: unknown[]) => ({ role: 'assistant', content: null, tool_calls });
const result = (tool_call_id: unknown, content: unknown = 'paid') => ({ role: 'tool', tool_call_id, content });
const picture = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };

/** §7.1. */
export const openaiChatRules: readonly ProviderRule[] = [
  {
    id: 'OC1',
    says: 'messages are not empty, and their roles known',
    broken: [chat('empty-transcript'), chat('unknown-role', { role: 'wizard', content: 'x' })],
  },
  {
    id: 'OC2',
    says: 'content may be null beside calls only; user and system have text or parts',
    broken: [
      chat('missing-content', user, { role: 'assistant', content: null }),
      chat('missing-content', { role: 'system', content: null }, user),
      chat('empty-content', { role: 'user', content: [] }),
      chat('invalid-content', { role: 'user', content: { text: 'Pay' } }),
    ],
  },
  {
    id: 'OC3',
    says: 'tool_calls: absent, or at least one, of the assistant, each with id, type, name and text of arguments',
    broken: [
      chat('empty-calls', user, { ...said, tool_calls: [] }),
      chat('call-not-allowed', { ...user, tool_calls: [call('c1')] }),
      chat('missing-call-id', user, calls({ ...call('c1'), id: undefined })),
      chat('invalid-id', user, calls(call(7)), result(7)),
      chat('malformed-calls', user, calls({ ...call('c1'), type: 'tool' }), result('c1')),
      chat('missing-name', user, calls(call('c1', '')), result('c1')),
      chat('invalid-arguments', user, calls(call('c1', 'pay', {})), result('c1')),
    ],
  },
  {
    id: 'OC4',
    says: 'every call is answered right behind its turn',
    broken: [
      chat('unanswered-call', user, calls(call('c1')), next),
      chat('misplaced-result', user, calls(call('c1')), next, result('c1')),
      chat('duplicate-call-id', user, calls(call('c1'), call('c1')), result('c1'), result('c1')),
    ],
  },
  {
    id: 'OC5',
    says: 'every result answers a call of that turn, once',
    broken: [
      chat('orphan-result', user, result('c1')),
      chat('duplicate-result', user, calls(call('c1')), result('c1'), result('c1')),
      chat('missing-result-id', user, calls(call('c1')), { role: 'tool', content: 'paid' }),
    ],
  },
  {
    id: 'OC6',
    says: 'the content of a result is text or text parts',
    broken: [
      chat('invalid-result', user, calls(call('c1')), result('c1', [picture])),
      chat('missing-content', user, calls(call('c1')), result('c1', null)),
    ],
  },
  {
    id: 'OC7',
    says: 'ids have at most 40 characters, on some routes 64',
    broken: [
      chat('id-too-long', user, calls(call('x'.repeat(41))), result('x'.repeat(41))),
      breaks('openai-chat-long-ids')('id-too-long', user, calls(call('x'.repeat(65))), result('x'.repeat(65))),
    ],
  },
  {
    id: 'OC8',
    says: 'the form of names',
    broken: [chat('invalid-name', user, calls(call('c1', 'a b')), result('c1'))],
  },
  {
    id: 'OC9',
    says: 'arguments should be the JSON of an object',
    broken: [warned(chat('invalid-arguments', user, calls(call('c1', 'pay', '[1]')), result('c1')))],
  },
  {
    id: 'OC10',
    says: 'index, parsed and other leftovers of the SDK: stripped, never failed',
    broken: [
      warned(chat('sdk-artefact', user, calls({ ...call('c1'), index: 0 }), result('c1'))),
      warned(chat('sdk-artefact', user, { ...said, parsed: {} })),
    ],
  },
  {
    id: 'OC11',
    says: 'system or developer, by family of models',
    broken: [warned(breaks('openai-chat-reasoning')('system-role', { role: 'system', content: 'Be brief' }, user))],
  },
];

const responses = breaks('openai-responses');
const stateless = breaks('openai-responses-stateless');
const message = (role: string, type: string) => ({ type: 'message', role, content: [{ type, text: 'Pay' }] });
const item = message('user', 'input_text');
const asks = { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'pay', arguments: '{}' };
const told = { type: 'function_call_output', call_id: 'c1', output: 'paid' };
const thought = { type: 'reasoning', id: 'rs_1', summary: [] };
const open = (type: string, more: object) => responses('unanswered-call', item, { type, call_id: 'c1', ...more });

/** §7.2. */
export const openaiResponsesRules: readonly ProviderRule[] = [
  {
    id: 'OR1',
    says: 'every call of every kind has exactly one output, and every output a call',
    broken: [
      responses('unanswered-call', item, asks),
      responses('orphan-result', item, told),
      responses('duplicate-result', item, asks, told, told),
      responses('misplaced-result', item, told, asks),
      responses('mismatched-result', item, asks, { ...told, type: 'custom_tool_call_output' }),
      open('custom_tool_call', { name: 'sql', input: 'SELECT 1' }),
      open('shell_call', { action: { commands: ['ls'] } }),
      open('apply_patch_call', { operation: { type: 'delete_file', path: 'a' } }),
      open('computer_call', { action: { type: 'screenshot' } }),
      open('local_shell_call', { action: { type: 'exec', command: ['ls'], env: {} } }),
      breaks('openai-responses-continued')('unanswered-call', item, asks),
    ],
  },
  {
    id: 'OR2',
    says: 'ids of items begin with fc, rs and msg; else they are left out',
    broken: [
      responses('invalid-item-id', item, { ...asks, id: 'call_1' }, told),
      responses('invalid-item-id', item, { ...asks, id: '' }, told),
      responses('invalid-item-id', item, { ...thought, id: 'r1' }, asks, told),
      responses('invalid-item-id', item, { ...message('assistant', 'output_text'), id: 'chatcmpl-1' }),
    ],
  },
  {
    id: 'OR3',
    says: 'reasoning is followed by what it produced; with store: false it is encrypted',
    broken: [
      responses('reasoning-separated', item, thought, item),
      stateless('unsigned-reasoning', item, thought, asks, told),
    ],
    not: 'that an item was made with reasoning which is not there: no item says it',
  },
  {
    id: 'OR4',
    says: 'ids of items are unique, and what is stored is not sent again',
    broken: [responses('duplicate-item-id', item, asks, told, { ...asks, call_id: 'c2' }, { ...told, call_id: 'c2' })],
    not: 'what previous_response_id or conversation hold: that is known by the provider only',
  },
  {
    id: 'OR5',
    says: 'call_id is unique',
    broken: [
      responses('duplicate-call-id', item, asks, { ...asks, id: 'fc_2' }, told, told),
      responses('reused-call-id', item, asks, told, { ...asks, id: 'fc_2' }, told),
    ],
  },
  {
    id: 'OR6',
    says: 'item_reference needs stored items',
    broken: [stateless('unstored-reference', item, { type: 'item_reference', id: 'msg_1' })],
  },
  {
    id: 'OR7',
    says: 'types of parts by direction',
    broken: [
      responses('part-not-allowed', message('assistant', 'input_text')),
      responses('part-not-allowed', message('user', 'output_text')),
    ],
  },
  {
    id: 'OR8',
    says: 'an answer to an approval names the request',
    broken: [
      responses('unknown-approval', item, { type: 'mcp_approval_response', approval_request_id: 'a', approve: true }),
    ],
  },
];

import type { CorpusFormat, Message } from './breakage.js';
import { omit } from './places.js';

export const user = (content: unknown): Message => ({ role: 'user', content });

const said = (id: string, ...content: unknown[]): Message => ({
  type: 'message',
  id,
  role: 'assistant',
  status: 'completed',
  content,
});

export const words = (text: unknown): Message => ({ type: 'output_text', text, annotations: [] });

export const call = (id: string, name: string, input: unknown = {}): Message => ({
  type: 'function_call',
  id: `fc_${id}`,
  call_id: id,
  name,
  arguments: JSON.stringify(input),
});

export const output = (call_id: string, value: unknown = 'ok'): Message => ({
  type: 'function_call_output',
  call_id,
  output: value,
});

export const reasoning = (id: string): Message => ({
  type: 'reasoning',
  id,
  summary: [],
  encrypted_content: `sealed ${id}`,
});

export const stored = (id: string): Message => ({ type: 'reasoning', id, summary: [] });
export const picture = { type: 'input_image', detail: 'auto', image_url: 'data:image/png;base64,AAAA' };
export const screenshot = { type: 'computer_screenshot', image_url: 'data:image/png;base64,AAAA' };

/** As long as a call id may be. */
const longestId = `call_${'x'.repeat(59)}`;

export const conversations: CorpusFormat['conversations'] = {
  'two words': [user('Hello'), said('msg_1', words('Good morning'))],
  'instructions, a picture and a file': [
    { role: 'developer', content: 'Be brief.' },
    user([{ type: 'input_text', text: 'These?' }, picture, { type: 'input_file', file_id: 'file-1' }]),
    { role: 'assistant', content: 'A blank picture.' },
    { role: 'system', content: [{ type: 'input_text', text: 'Be kind.' }] },
    user('Thanks'),
  ],
  'one call': [
    user('Pay inv-42'),
    call('call_1', 'pay', { invoice: 'inv-42' }),
    output('call_1', 'paid'),
    said('msg_1', words('It is paid.')),
  ],
  'parallel calls': [
    user('Where is my order, and what do I owe?'),
    said('msg_1', words('I look it up.')),
    call('call_a', 'find', { n: 7 }),
    call('call_b', 'balance'),
    omit(call('call_c', 'now'), 'id'),
    output('call_b', [{ type: 'input_text', text: '12.50' }, picture]),
    output('call_a', 'on its way'),
    output('call_c', ''),
    said('msg_2', words('On its way.'), words('You owe 12.50.')),
  ],
  'several rounds': [
    user('Book it'),
    call('call_1', 'search', { q: 'später' }),
    output('call_1', 'two trains'),
    call('call_2', 'book', { train: 1 }),
    output('call_2', 'booked'),
    said('msg_1', words('Booked.')),
    user('And the way back?'),
    call('call_3', 'search', { q: '支払い' }),
    call('call_4', 'book'),
    output('call_3', 'one train'),
    output('call_4', 'booked'),
  ],
  'reasoning, encrypted': [
    user('Is it paid?'),
    reasoning('rs_1'),
    call('call_1', 'look'),
    output('call_1', 'yes'),
    reasoning('rs_2'),
    said('msg_1', words('Yes.')),
  ],
  'reasoning, stored': [user('Is it paid?'), stored('rs_1'), call('call_1', 'look'), output('call_1', 'yes')],
  'a stored item': [{ type: 'item_reference', id: 'msg_1' }, user('Go on')],
  'a refusal': [user('Tell me'), said('msg_1', words('Well:'), { type: 'refusal', refusal: 'No.' }), user('Please')],
  'a custom tool': [
    user('Run it'),
    { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_1', name: 'run', input: 'print(1)' },
    { type: 'custom_tool_call_output', call_id: 'call_1', output: '1' },
    said('msg_1', words('It printed 1.')),
  ],
  'tools that the provider runs': [
    user('Who won?'),
    reasoning('rs_1'),
    { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'who won' } },
    said('msg_1', words('Nobody.')),
    user('Ask the other server'),
    { type: 'mcp_approval_request', id: 'mcpr_1', server_label: 'other', name: 'ask', arguments: '{}' },
    { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true },
    { type: 'mcp_call', id: 'mcp_1', server_label: 'other', name: 'ask', arguments: '{}', output: 'ok' },
    said('msg_2', words('It is well.')),
  ],
  'a shell, a patch and a screen': [
    user('Do it'),
    { type: 'shell_call', id: 'sh_1', call_id: 'call_1', action: { commands: ['ls'] } },
    {
      type: 'shell_call_output',
      call_id: 'call_1',
      output: [{ stdout: 'a', stderr: '', outcome: { type: 'exit', exit_code: 0 } }],
    },
    {
      type: 'apply_patch_call',
      id: 'apc_1',
      call_id: 'call_2',
      status: 'completed',
      operation: { type: 'delete_file', path: 'a' },
    },
    { type: 'apply_patch_call_output', call_id: 'call_2', status: 'completed', output: 'gone' },
    {
      type: 'computer_call',
      id: 'cu_1',
      call_id: 'call_3',
      status: 'completed',
      action: { type: 'screenshot' },
      pending_safety_checks: [],
    },
    { type: 'computer_call_output', call_id: 'call_3', output: screenshot },
    said('msg_1', words('Done.')),
  ],
  'the longest call id': [user('Go'), omit(call(longestId, 'go'), 'id'), output(longestId), user('And?')],
};

import { AIMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import type { Row } from './row.js';

const user = { role: 'user', content: 'Pay' };
const call = (id: string, name = 'pay', more: object = {}) => ({
  id,
  type: 'function',
  function: { name, arguments: '{}' },
  ...more,
});
const calls = (...tool_calls: unknown[]) => ({ role: 'assistant', content: null, tool_calls });
const result = (tool_call_id: string, content = 'paid') => ({ role: 'tool', tool_call_id, content });

const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Pay' }] };
const answer = {
  type: 'message',
  role: 'assistant',
  id: 'msg_1',
  content: [{ type: 'output_text', text: 'Paid', annotations: [] }],
};
const asks = (name: string) => ({
  type: 'function_call',
  id: `fc_${name}`,
  call_id: `c_${name}`,
  name,
  arguments: '{}',
});
const told = (name: string) => ({ type: 'function_call_output', call_id: `c_${name}`, output: 'done' });
const thought = { type: 'reasoning', id: 'rs_1', summary: [] };

const part = { type: 'tool-call', toolCallId: 'c1', toolName: 'pay', input: {} };
const output = { type: 'tool-result', toolCallId: 'c1', toolName: 'pay', output: { type: 'text', value: 'paid' } };
const object = () => new AIMessage({ content: '', tool_calls: [{ id: 'c1', name: 'pay', args: {} }] });

const objects = 'it reads members, not objects of a class';

/** §6.1, the rows of the AI SDK and LangChain. */
export const otherRows: readonly Row[] = [
  {
    id: 'V02',
    what: 'ModelMessages with a missing result',
    messages: [user, { role: 'assistant', content: [part] }, { role: 'user', content: 'And?' }],
    finds: ['error [1].content[0] unanswered-call'],
    becomes: ['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = (not recorded)', 'user: "And?"'],
  },
  {
    id: 'L',
    what: 'objects of LangChain, with an orphaned ToolMessage',
    messages: [
      new HumanMessage('Pay'),
      new ToolMessage({ content: 'paid', tool_call_id: 'c9' }),
      new AIMessage({ content: 'Hi' }),
    ],
    finds: ['error [1] orphan-result'],
    becomes: ['human: "Pay"', 'ai: "Hi"'],
    oracleCannotTell: objects,
  },
];

/** §6.2: what the original rejects, or crashes on. */
export const validRows: readonly Row[] = [
  { id: '6.2.1', what: 'the role developer', messages: [{ role: 'developer', content: 'Be brief' }, user], finds: [] },
  {
    id: '6.2.2',
    what: 'Responses: a call, its output and an answer',
    messages: [item, asks('pay'), told('pay'), answer],
    finds: [],
  },
  {
    id: '6.2.2b',
    what: 'Responses: reasoning with the call that it led to',
    messages: [item, thought, asks('pay'), told('pay')],
    finds: [],
  },
  {
    id: '6.2.2c',
    what: 'Responses: parallel calls, their outputs in another order',
    messages: [item, asks('pay'), asks('search'), told('search'), told('pay')],
    finds: [],
  },
  {
    id: '6.2.2d',
    what: 'Responses: a custom tool, and one that the provider runs',
    messages: [
      item,
      { type: 'custom_tool_call', id: 'ctc_1', call_id: 'c1', name: 'sql', input: 'SELECT 1' },
      { type: 'custom_tool_call_output', call_id: 'c1', output: '1' },
      { type: 'web_search_call', id: 'ws_1', status: 'completed' },
      answer,
    ],
    finds: [],
    oracleCannotTell: 'it knows no tools of the provider',
  },
  {
    id: '6.2.3',
    what: 'ModelMessages: a round of tools',
    messages: [user, { role: 'assistant', content: [part] }, { role: 'tool', content: [output] }],
    finds: [],
  },
  {
    id: '6.2.4',
    what: 'LangChain: the roles human and ai',
    messages: [
      { role: 'human', content: 'Pay' },
      { role: 'ai', content: 'Hi' },
    ],
    finds: [],
    oracleCannotTell: 'it knows types, not roles',
  },
  {
    id: '6.2.4b',
    what: 'LangChain: the types human and ai, with a round of tools',
    messages: [
      { type: 'human', content: 'Pay' },
      { type: 'ai', content: '', tool_calls: [{ id: 'c1', name: 'pay', args: {} }] },
      { type: 'tool', tool_call_id: 'c1', content: 'paid' },
    ],
    finds: [],
  },
  {
    id: '6.2.5',
    what: 'ids fc_ and call_ of two answered calls in one turn',
    messages: [user, calls(call('fc_1'), call('call_2', 'search')), result('fc_1'), result('call_2', 'found')],
    finds: [],
  },
  {
    id: '6.2.6',
    what: 'an object AIMessage and a plain tool message',
    messages: [new HumanMessage('Pay'), object(), result('c1')],
    finds: [],
    oracleCannotTell: objects,
  },
  {
    id: '6.2.6b',
    what: 'an object AIMessage between plain messages',
    messages: [user, object(), result('c1')],
    finds: [],
    oracleCannotTell: objects,
  },
  {
    id: '6.2.7',
    what: 'an index that is text: a leftover of streaming',
    messages: [user, calls(call('c1', 'pay', { index: 'a' })), result('c1')],
    finds: ['warning [1].tool_calls[0].index sdk-artefact'],
    becomes: ['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = "paid"'],
  },
  {
    id: '6.2.8',
    what: 'a role that is a list: no crash',
    messages: [user, { role: ['user'], content: 'And?' }],
    finds: ['error [1].role unknown-role'],
    remains: { codes: ['unknown-role'], because: 'a role that there is not says nothing of who spoke' },
    oracleCannotTell: 'it makes text of the role',
  },
  {
    id: '6.2.9',
    what: 'a message that holds a lock and a stream: it stays the same object',
    messages: [{ ...user, lock: () => undefined, stream: new ReadableStream() }, calls(call('c1')), result('c1')],
    finds: [],
  },
  {
    id: '6.2.10',
    what: 'parsed on an assistant message, as the SDK puts it there',
    messages: [user, { role: 'assistant', content: '{"a":1}', refusal: null, parsed: { a: 1 } }],
    finds: ['warning [1].parsed sdk-artefact'],
    becomes: ['user: "Pay"', 'assistant: "{\\"a\\":1}"'],
  },
];

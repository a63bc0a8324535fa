import type { Breakage, Message } from './breakage.js';
import { call, output, screenshot } from './openai-responses-conversations.js';
import {
  add,
  change,
  isCall,
  isFirst,
  isFree,
  isFunctionOutput,
  isNamed,
  isOutput,
  isReasoning,
  isTextual,
  typeOf,
} from './openai-responses-places.js';
import { before, behind, messageWhere, without } from './places.js';

/** The position of the call that an output answers. */
const callOf = (item: Message, items: readonly Message[]): number =>
  items.findIndex((one) => isCall(one) && one['call_id'] === item['call_id']);

/** Results that are not where, or what, their calls want. */
export const ofResults: Breakage[] = [
  {
    name: 'an output before its call',
    breaks: ['misplaced-result'],
    at: (items) =>
      items.flatMap((item, at) => {
        const to = isOutput(item) ? callOf(item, items) : -1;
        // Not between reasoning and the call that it led to.
        if (to < 0 || isReasoning(items[to - 1])) return [];
        return [items.toSpliced(at, 1).toSpliced(to, 0, item)];
      }),
  },
  {
    name: 'an output at the beginning',
    breaks: ['misplaced-result'],
    at: (items) => items.flatMap((item, at) => (isOutput(item) ? [[item, ...items.toSpliced(at, 1)]] : [])),
  },
  {
    name: 'an output at the end',
    breaks: [],
    at: (items) =>
      items.flatMap((item, at) => (isOutput(item) && at < items.length - 1 ? [[...items.toSpliced(at, 1), item]] : [])),
  },
  { name: 'an output twice', breaks: ['duplicate-result'], at: behind(isOutput, (item) => item) },
  {
    name: 'two outputs that differ',
    breaks: ['duplicate-result'],
    at: behind(isTextual, (item) => ({ ...item, output: 'failed' })),
  },
  {
    name: 'an output again at the end',
    breaks: ['duplicate-result'],
    at: (items) => items.filter(isOutput).map((item) => [...items, item]),
  },
  { name: 'an output of no call', breaks: ['orphan-result'], at: add(output('call_9')) },
  {
    name: 'an output of no call of a custom tool',
    breaks: ['orphan-result'],
    at: add({ type: 'custom_tool_call_output', call_id: 'call_9', output: 'ok' }),
  },
  {
    name: 'a call lost, its output kept',
    breaks: ['orphan-result'],
    at: without((item, at, items) => isCall(item) && isFree(item, at, items)),
  },
  {
    name: 'a call lost that reasoning led to',
    breaks: ['orphan-result', 'reasoning-separated'],
    at: without((item, at, items) => isCall(item) && !isFree(item, at, items)),
  },
  {
    name: 'an output of what the provider holds already',
    breaks: [],
    profile: 'openai-responses-continued',
    at: before(isFirst, () => output('call_9')),
  },
  {
    name: 'an output of another call id',
    breaks: ['orphan-result', 'unanswered-call'],
    at: change(isTextual, { call_id: 'call_9' }),
  },
  { name: 'an output lost', breaks: ['unanswered-call'], at: without(isTextual) },
  {
    name: 'the output of a shell or a patch lost',
    breaks: ['unanswered-call'],
    at: without((item) => ['shell_call_output', 'apply_patch_call_output'].includes(typeOf(item))),
  },
  {
    name: 'a screenshot lost',
    breaks: ['unanswered-call'],
    remaining: ['unanswered-call'],
    at: without((item) => typeOf(item) === 'computer_call_output'),
  },
  {
    name: 'the conversation breaks off at a call',
    breaks: ['unanswered-call'],
    at: (items) =>
      items.flatMap((item, at) =>
        isNamed(item) && items.slice(0, at).every((one) => !isCall(one) || answered(one, items.slice(0, at)))
          ? [items.slice(0, at + 1)]
          : [],
      ),
  },
  { name: 'a call that nobody answered', breaks: ['unanswered-call'], at: add(call('call_9', 'pay')) },
  {
    name: 'a call of a local shell that nobody answered',
    breaks: ['unanswered-call'],
    at: add({
      type: 'local_shell_call',
      id: 'lsh_9',
      call_id: 'call_9',
      status: 'completed',
      action: { type: 'exec', command: ['ls'], env: {} },
    }),
  },
  {
    name: 'the output of a function for a custom tool',
    breaks: ['mismatched-result'],
    at: change((item) => typeOf(item) === 'custom_tool_call_output', { type: 'function_call_output' }),
  },
  {
    name: 'the output of a custom tool for a function',
    breaks: ['mismatched-result'],
    at: messageWhere(
      (item) => isFunctionOutput(item) && typeof item['output'] === 'string',
      (item) => ({ ...item, type: 'custom_tool_call_output' }),
    ),
  },
  {
    name: 'a screenshot for a function',
    breaks: ['mismatched-result'],
    remaining: ['mismatched-result'],
    at: change(isFunctionOutput, { type: 'computer_call_output', output: screenshot }),
  },
];

function answered(made: Message, items: readonly Message[]): boolean {
  return items.some((item) => isOutput(item) && item['call_id'] === made['call_id']);
}

import { list } from '../fuzz/format.js';
import type { Breakage, Message } from './breakage.js';
import { call, calls, result, says, user } from './openai-chat-conversations.js';
import { add, changeResult, isCalling, isResult } from './openai-chat-places.js';
import { anyOf, before, behind, messageWhere, partWhere, without } from './places.js';

const isParallel = (message: Message): boolean => list(message['tool_calls']).length > 1;

/** Each result, moved to where `to` says it goes in the list without it. */
function moved(to: (at: number, rest: readonly Message[]) => number | undefined): Breakage['at'] {
  return (messages) =>
    messages.flatMap((message, at) => {
      if (!isResult(message)) return [];
      const rest = messages.toSpliced(at, 1);
      const target = to(at, rest);
      return target === undefined ? [] : [rest.toSpliced(target, 0, message)];
    });
}

/** Where the assistant message stands that has the call of the result which stood at a position. */
const callBefore = (at: number, rest: readonly Message[]): number => rest.slice(0, at).findLastIndex(isCalling);

/** Results that are not where, or what, their calls want. */
export const ofResults: Breakage[] = [
  ...Object.entries({
    user: user('Wait'),
    system: { role: 'system', content: 'Be quick.' },
    developer: { role: 'developer', content: 'Be quick.' },
    assistant: says('A moment.'),
  }).map(
    ([role, message]): Breakage => ({
      name: `a message of ${role} before a result`,
      breaks: ['misplaced-result'],
      at: before(isResult, () => message),
    }),
  ),
  {
    name: 'a result before its call',
    breaks: ['misplaced-result'],
    at: moved((at, rest) => callBefore(at, rest)),
  },
  {
    name: 'a result at the end',
    breaks: ['misplaced-result'],
    at: moved((at, rest) => (rest.slice(at).some((message) => !isResult(message)) ? rest.length : undefined)),
  },
  { name: 'a result twice', breaks: ['duplicate-result'], at: behind(isResult, (message) => message) },
  {
    name: 'two results that differ',
    breaks: ['duplicate-result'],
    at: behind(isResult, (message) => ({ ...message, content: 'failed' })),
  },
  {
    name: 'a result again at the end',
    breaks: ['duplicate-result'],
    at: (messages) => messages.filter(isResult).map((message) => [...messages, message]),
  },
  { name: 'a result of no call', breaks: ['orphan-result'], at: behind(isResult, () => result('call_9')) },
  { name: 'a result behind no call', breaks: ['orphan-result'], at: add(result('call_9')) },
  {
    name: 'a result at the beginning',
    breaks: ['orphan-result'],
    at: before(
      (_, at) => at === 0,
      () => result('call_9'),
    ),
  },
  {
    name: 'a call lost, its result kept',
    breaks: ['orphan-result'],
    at: partWhere(
      'tool_calls',
      (_, __, message) => isParallel(message),
      () => [],
    ),
  },
  {
    name: 'a message of calls lost, their results kept',
    breaks: ['orphan-result'],
    at: without(isCalling),
  },
  {
    name: 'a result of another id',
    breaks: ['orphan-result', 'unanswered-call'],
    at: changeResult((message) => ({ ...message, tool_call_id: 'call_9' })),
  },
  { name: 'a result lost', breaks: ['unanswered-call'], at: without(isResult) },
  {
    name: 'the conversation breaks off at a call',
    breaks: ['unanswered-call'],
    at: (messages) => messages.flatMap((message, at) => (isCalling(message) ? [messages.slice(0, at + 1)] : [])),
  },
  {
    name: 'a call that nobody answered',
    breaks: ['unanswered-call'],
    at: add(calls(null, call('call_9', 'pay', { invoice: 'inv-43' }))),
  },
  {
    name: 'a call of the old form that nobody answered',
    breaks: ['unanswered-call'],
    at: anyOf(
      without((message) => message['role'] === 'function'),
      add({ role: 'assistant', content: null, function_call: { name: 'pay', arguments: '{}' } }),
    ),
  },
  {
    name: 'a result of the old form of another name',
    breaks: ['orphan-result', 'unanswered-call'],
    at: messageWhere(
      (message) => message['role'] === 'function',
      (message) => ({ ...message, name: 'search' }),
    ),
  },
  {
    name: 'a result of the old form behind no call',
    breaks: ['orphan-result'],
    at: add({ role: 'function', name: 'search', content: 'ok' }),
  },
];

import { asks, assistant, call, picture, result, says, text, user } from './anthropic-conversations.js';
import {
  add,
  block,
  blocks,
  extended,
  has,
  isAnswering,
  isCalling,
  isClosed,
  isEmpty,
  isFirst,
  isOfUser,
  isPlain,
  preceded,
} from './anthropic-places.js';
import type { Breakage, Message } from './breakage.js';
import { anyOf, before, messageWhere, partWhere, without } from './places.js';

/** Each message of results only, in another place of the list without it. */
function moved(to: (at: number, rest: readonly Message[]) => number | undefined): Breakage['at'] {
  return (messages) =>
    messages.flatMap((message, at) => {
      if (!isAnswering(message)) return [];
      const rest = messages.toSpliced(at, 1);
      const target = to(at, rest);
      return target === undefined ? [] : [rest.toSpliced(target, 0, message)];
    });
}

/** Results that are not where, or what, their calls want. */
export const ofResults: Breakage[] = [
  {
    name: 'words of the user before the results',
    breaks: ['misplaced-result'],
    at: before(isAnswering, () => asks('Wait')),
  },
  {
    name: 'words of the assistant before the results',
    breaks: ['misplaced-result'],
    at: before(isAnswering, () => says('Wait.')),
  },
  {
    name: 'results in two messages',
    breaks: ['misplaced-result'],
    at: messageWhere(
      (message) => blocks(message).filter(({ type }) => type === 'tool_result').length > 1,
      (message) => [
        { ...message, content: blocks(message).slice(0, 1) },
        { ...message, content: blocks(message).slice(1) },
      ],
    ),
  },
  { name: 'results before their calls', breaks: ['misplaced-result'], at: moved((at) => at - 1) },
  {
    name: 'results one message late',
    breaks: ['misplaced-result'],
    at: moved((at, rest) => (rest[at] !== undefined && isClosed(rest[at]) ? at + 1 : undefined)),
  },
  {
    name: 'results at the end',
    breaks: ['misplaced-result'],
    at: moved((at, rest) => (at < rest.length && !isEmpty(rest.at(-1)!) ? rest.length : undefined)),
  },
  {
    name: 'results of the assistant',
    breaks: ['misplaced-result'],
    at: messageWhere(
      (message) => isAnswering(message),
      (message) => ({ ...message, role: 'assistant' }),
    ),
  },
  {
    name: 'results of the instructions',
    breaks: ['misplaced-result', 'system-misplaced'],
    at: messageWhere(
      (message) => isAnswering(message) && blocks(message).every(({ type }) => type === 'tool_result'),
      (message) => ({ ...message, role: 'system' }),
    ),
  },
  { name: 'a result twice', breaks: ['duplicate-result'], at: block('tool_result', (one) => [one, one]) },
  {
    name: 'two results that differ',
    breaks: ['duplicate-result'],
    at: block('tool_result', (one) => [one, { ...one, content: 'failed' }]),
  },
  {
    name: 'results again at the end',
    breaks: ['duplicate-result'],
    at: (messages) =>
      isEmpty(messages.at(-1)!) || isCalling(messages.at(-1)!)
        ? []
        : messages.filter(isAnswering).map((message) => [...messages, message]),
  },
  {
    name: 'a result of no call',
    breaks: ['orphan-result'],
    at: block('tool_result', (one) => [one, result('toolu_9')]),
  },
  { name: 'a result behind no call', breaks: ['orphan-result'], at: add(user(result('toolu_9'), text('So?'))) },
  { name: 'a result at the beginning', breaks: ['orphan-result'], at: before(isFirst, () => user(result('toolu_9'))) },
  {
    name: 'a call lost, its result kept',
    breaks: ['orphan-result'],
    at: partWhere(
      'content',
      ({ type }, _, message) =>
        type === 'tool_use' && blocks(message).length > 1 && !has('thinking', 'redacted_thinking')(message),
      () => [],
    ),
  },
  { name: 'a message of calls lost, their results kept', breaks: ['orphan-result'], at: without(isCalling) },
  {
    name: 'a result of another id',
    breaks: ['orphan-result', 'unanswered-call'],
    at: block('tool_result', (one) => ({ ...one, tool_use_id: 'toolu_9' })),
  },
  {
    name: 'a result lost',
    breaks: ['unanswered-call'],
    at: partWhere(
      'content',
      ({ type }, _, message) => type === 'tool_result' && blocks(message).length > 1,
      () => [],
    ),
  },
  { name: 'all results of a message lost', breaks: ['unanswered-call'], at: without(isAnswering) },
  {
    name: 'the conversation breaks off at a call',
    breaks: ['unanswered-call'],
    at: (messages) => messages.flatMap((message, at) => (isCalling(message) ? [messages.slice(0, at + 1)] : [])),
  },
  {
    name: 'a call that nobody answered',
    breaks: ['unanswered-call'],
    at: add(assistant(call('toolu_9', 'pay', { invoice: 'inv-43' }))),
  },
  ...Object.entries({ words: text('Here:'), 'a picture': picture }).map(
    ([name, first]): Breakage => ({
      name: `${name} before the results, in their message`,
      breaks: ['results-not-first'],
      at: messageWhere(isAnswering, preceded(first)),
    }),
  ),
  {
    name: 'words between the results',
    breaks: ['results-not-first'],
    at: partWhere(
      'content',
      ({ type }, at) => type === 'tool_result' && at > 0,
      (one) => [text('And:'), one],
    ),
  },
  {
    name: 'the result of a search in the name of the user',
    breaks: ['misplaced-result'],
    at: (messages) =>
      messages.flatMap((message, at) => {
        const split = blocks(message).findIndex(({ type }) => type === 'web_search_tool_result');
        if (split < 0) return [];
        const all = blocks(message);
        return [
          messages.toSpliced(
            at,
            1,
            assistant(...all.slice(0, split)),
            user(all[split]!),
            assistant(...all.slice(split + 1)),
          ),
        ];
      }),
  },
  {
    name: 'the result of a search lost',
    breaks: ['unanswered-call'],
    at: partWhere(
      'content',
      ({ type }) => type === 'web_search_tool_result',
      () => [],
    ),
  },
  {
    name: 'a search that goes on',
    breaks: [],
    at: (messages) =>
      isOfUser(messages.at(-1)!)
        ? [[...messages, assistant({ type: 'server_tool_use', id: 'srvtoolu_9', name: 'web_search', input: {} })]]
        : [],
  },
  {
    name: 'the result of a search that was not made',
    breaks: ['orphan-result'],
    at: anyOf(
      partWhere(
        'content',
        ({ type }) => type === 'server_tool_use' || type === 'mcp_tool_use',
        () => [],
      ),
      messageWhere(isPlain, extended({ type: 'web_search_tool_result', tool_use_id: 'srvtoolu_9', content: [] })),
    ),
  },
];

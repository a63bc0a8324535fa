import type { Breakage, Message } from './breakage.js';
import { call, model, result, text, user } from './gemini-conversations.js';
import {
  areTold,
  bodyOf,
  changeResult,
  exchange,
  extended,
  hasIds,
  inARow,
  isAnswering,
  isCall,
  isCalling,
  isResult,
  partsOf,
  withoutIds,
} from './gemini-places.js';
import { before, messageWhere, omit, partWhere, without } from './places.js';

/** The message behind it calls nothing: a call stands behind the user, or behind results. */
const isCalm = (_: Message, at: number, messages: readonly Message[]): boolean =>
  messages[at + 1] === undefined || !isCalling(messages[at + 1]!);

const isRestless = (message: Message, at: number, messages: readonly Message[]): boolean =>
  !isCalm(message, at, messages);

/** Each message of results, in another place of the list without it. */
function moved(
  to: (at: number, rest: readonly Message[]) => number | undefined,
  holds: typeof isCalm = isCalm,
): Breakage['at'] {
  return (messages) =>
    messages.flatMap((message, at) => {
      if (!isAnswering(message) || !holds(message, at, messages)) return [];
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
    warns: inARow,
    at: before(isAnswering, () => user(text('Wait'))),
  },
  {
    name: 'words of the model before the results',
    breaks: ['misplaced-result'],
    warns: inARow,
    at: before(isAnswering, () => model(text('Wait.'))),
  },
  {
    name: 'results in two messages',
    breaks: ['misplaced-result'],
    warns: inARow,
    at: messageWhere(
      (message) => partsOf(message).filter(isResult).length > 1,
      (message) => [
        { ...message, parts: partsOf(message).slice(0, 1) },
        { ...message, parts: partsOf(message).slice(1) },
      ],
    ),
  },
  { name: 'results before their calls', breaks: ['misplaced-result'], warns: inARow, at: moved((at) => at - 1) },
  {
    name: 'results before their calls, and calls behind calls',
    breaks: ['misplaced-result', 'roles-not-alternating'],
    warns: inARow,
    at: moved((at) => at - 1, isRestless),
  },
  {
    name: 'results at the end',
    breaks: ['misplaced-result'],
    warns: inARow,
    at: moved((at, rest) => (at < rest.length ? rest.length : undefined)),
  },
  {
    name: 'results of the model',
    breaks: ['misplaced-result'],
    warns: inARow,
    at: messageWhere(
      (message, at, messages) => isAnswering(message) && isCalm(message, at, messages),
      (message) => ({ ...message, role: 'model' }),
    ),
  },
  {
    name: 'a result twice',
    breaks: ['duplicate-result'],
    at: partWhere('parts', isResult, (part) => [part, part]),
  },
  {
    name: 'two results that differ',
    breaks: ['duplicate-result'],
    at: partWhere('parts', isResult, (part) => [
      part,
      { functionResponse: { ...bodyOf(part), response: { error: 'failed' } } },
    ]),
  },
  {
    name: 'a result of no call',
    breaks: ['orphan-result'],
    at: messageWhere(isAnswering, extended(result('lost', {}, 'fc_9'))),
  },
  {
    name: 'a result of no call, without an id',
    breaks: ['orphan-result'],
    at: messageWhere(isAnswering, extended(result('lost'))),
  },
  {
    name: 'a result behind no call',
    breaks: ['orphan-result'],
    at: exchange(user(result('lost', {}, 'fc_9'), text('So?')), model(text('So.'))),
  },
  {
    name: 'a call lost, its result kept',
    breaks: ['orphan-result'],
    at: partWhere(
      'parts',
      (part, _, message) => isCall(part) && partsOf(message).filter(isCall).length > 1 && areTold(message),
      () => [],
    ),
  },
  {
    name: 'a message of calls lost, their results kept',
    breaks: ['orphan-result'],
    warns: inARow,
    at: without((message) => isCalling(message) && areTold(message)),
  },
  {
    name: 'a result of another id',
    breaks: ['orphan-result', 'unanswered-call'],
    at: changeResult((body) => ({ ...body, id: 'fc_9' }), hasIds),
  },
  {
    name: 'a result with an id of a call without one',
    breaks: ['missing-call-id', 'orphan-result', 'unanswered-call'],
    at: changeResult((body) => ({ ...body, id: 'fc_9' }), withoutIds),
  },
  {
    name: 'a result of another name, without an id',
    breaks: ['orphan-result', 'unanswered-call'],
    at: changeResult((body) => ({ ...body, name: 'other' }), withoutIds),
  },
  {
    name: 'a result without id and name',
    breaks: ['missing-result-id', 'unanswered-call'],
    at: changeResult((body) => omit(body, 'name'), withoutIds),
  },
  {
    name: 'a result of another name',
    breaks: ['mismatched-result'],
    at: changeResult((body) => ({ ...body, name: 'other' }), hasIds),
  },
  {
    name: 'a result without its name',
    breaks: ['mismatched-result'],
    at: changeResult((body) => omit(body, 'name'), hasIds),
  },
  {
    name: 'a result lost',
    breaks: ['unanswered-call'],
    at: partWhere(
      'parts',
      (part, _, message) => isResult(part) && partsOf(message).length > 1,
      () => [],
    ),
  },
  {
    name: 'all results of a message lost',
    breaks: ['unanswered-call'],
    warns: inARow,
    at: without(
      (message, at, messages) => isAnswering(message) && at < messages.length - 1 && isCalm(message, at, messages),
    ),
  },
  {
    name: 'all results of a message lost, and calls behind calls',
    breaks: ['unanswered-call', 'roles-not-alternating'],
    at: without((message, at, messages) => isAnswering(message) && isRestless(message, at, messages)),
  },
  {
    name: 'the conversation breaks off at a call',
    breaks: ['unanswered-call'],
    at: (messages) => messages.flatMap((message, at) => (isCalling(message) ? [messages.slice(0, at + 1)] : [])),
  },
  {
    name: 'a call that nobody answered',
    breaks: ['unanswered-call'],
    at: exchange(user(text('Pay')), model(call('pay', {}))),
  },
  {
    name: 'a call that words answered',
    breaks: ['unanswered-call'],
    at: messageWhere(
      (message) => isAnswering(message) && message['role'] === 'user',
      () => user(text('Never mind')),
    ),
  },
];

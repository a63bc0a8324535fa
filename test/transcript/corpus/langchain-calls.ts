import { isObject, list } from '../fuzz/format.js';
import type { Breakage } from './breakage.js';
import {
  answersAll,
  callsOf,
  change,
  concludes,
  cutBefore,
  eachCall,
  eachId,
  fieldsOf,
  isOf,
  isResult,
  isSettled,
  like,
  makesCalls,
  makesCallsOnce,
  moved,
  result,
  saidBy,
  saidOnce,
  sameIdTogether,
  speaks,
  speaksBehind,
  stray,
  unreadable,
  withFields,
} from './langchain-places.js';
import { before, behind, messageWhere, omit, whole, without } from './places.js';

export const brokenCalls: readonly Breakage[] = [
  // Calls.
  {
    name: 'calls in additional_kwargs only',
    breaks: [],
    warns: ['obsolete-shape'],
    at: change(makesCallsOnce, (fields) => ({
      ...omit(fields, 'tool_calls'),
      additional_kwargs: { tool_calls: list(fields['tool_calls']).filter(isObject).map(saidBy) },
    })),
  },
  {
    name: 'tool_calls that are an object',
    breaks: ['malformed-calls'],
    at: change(concludes, (fields) => ({ ...fields, tool_calls: { id: 'call_1', name: 'pay', args: {} } })),
  },
  {
    name: 'tool_calls that are text',
    breaks: ['malformed-calls'],
    at: change(concludes, (fields) => ({ ...fields, tool_calls: 'pay' })),
  },
  {
    name: 'a call that is text',
    breaks: ['malformed-calls'],
    at: change(concludes, (fields) => ({ ...fields, tool_calls: ['pay'] })),
  },
  {
    name: 'other calls in additional_kwargs',
    breaks: ['malformed-calls'],
    at: change(makesCallsOnce, (fields) => ({ ...fields, additional_kwargs: { tool_calls: [saidBy(stray)] } })),
  },
  {
    name: 'fewer calls in additional_kwargs',
    breaks: ['malformed-calls'],
    at: change(
      (message) => callsOf(message).length > 1 && callsOf(message).every((call) => 'args' in call),
      (fields) => ({
        ...fields,
        additional_kwargs: { tool_calls: list(fields['tool_calls']).filter(isObject).slice(1).map(saidBy) },
      }),
    ),
  },
  {
    name: 'a call that cannot be read',
    breaks: ['invalid-tool-calls'],
    at: change(isOf('ai'), (fields) => ({ ...fields, invalid_tool_calls: [unreadable] })),
  },
  {
    name: 'a call that cannot be read, and its result',
    breaks: ['invalid-tool-calls', 'orphan-result'],
    at: messageWhere(concludes, (message) => [
      withFields(message, { ...fieldsOf(message), invalid_tool_calls: [unreadable] }),
      like(message, 'tool', { ...result, tool_call_id: 'call_bad' }),
    ]),
  },
  {
    name: 'a call of OpenAI in a stored message',
    breaks: ['malformed-calls'],
    at: eachCall(saidBy, (message) => isObject(message['data'])),
  },
  {
    name: 'a call of OpenAI that does not say what it is',
    breaks: ['malformed-calls'],
    at: eachCall((call) => omit(saidBy(call), 'type')),
  },
  {
    name: 'a call of OpenAI whose arguments are no JSON',
    breaks: ['invalid-arguments'],
    remaining: ['invalid-arguments'],
    at: eachCall(
      (call) => ({ ...saidBy(call), function: { name: call['name'], arguments: '{"invoice":' } }),
      (message) => saidOnce(message) && !isObject(message['data']),
    ),
  },
  {
    name: 'arguments as JSON text',
    breaks: ['invalid-arguments'],
    at: eachCall((call) => ({ ...call, args: JSON.stringify(call['args']) })),
  },
  {
    name: 'arguments that are no JSON',
    breaks: ['invalid-arguments'],
    remaining: ['invalid-arguments'],
    at: eachCall((call) => ({ ...call, args: '{"invoice":' })),
  },
  {
    name: 'arguments that are a list',
    breaks: ['invalid-arguments'],
    remaining: ['invalid-arguments'],
    at: eachCall((call) => ({ ...call, args: [1] })),
  },
  { name: 'arguments of null', breaks: ['invalid-arguments'], at: eachCall((call) => ({ ...call, args: null })) },
  { name: 'no arguments', breaks: ['invalid-arguments'], at: eachCall((call) => omit(call, 'args')) },

  // Ids and names.
  { name: 'a number as the id of a pair', breaks: ['invalid-id'], at: eachId(() => 7) },
  {
    name: 'a number as the id of a call',
    breaks: ['invalid-id', 'orphan-result', 'unanswered-call'],
    at: eachCall((call) => ({ ...call, id: 8 })),
  },
  {
    name: 'a number as the id of a result',
    breaks: ['invalid-id', 'orphan-result', 'unanswered-call'],
    at: change(isResult, (fields) => ({ ...fields, tool_call_id: 8 })),
  },
  {
    name: 'a call without an id',
    breaks: ['missing-call-id', 'orphan-result', 'unanswered-call'],
    at: eachCall((call) => omit(call, 'id')),
  },
  {
    name: 'a call with an empty id',
    breaks: ['missing-call-id', 'orphan-result', 'unanswered-call'],
    at: eachCall((call) => ({ ...call, id: '' })),
  },
  {
    name: 'a result without an id',
    breaks: ['missing-result-id', 'unanswered-call'],
    at: change(isResult, (fields) => omit(fields, 'tool_call_id')),
  },
  {
    name: 'a result with an empty id',
    breaks: ['missing-result-id', 'unanswered-call'],
    at: change(isResult, (fields) => ({ ...fields, tool_call_id: '' })),
  },
  { name: 'a call without a name', breaks: ['missing-name'], at: eachCall((call) => omit(call, 'name')) },
  { name: 'a call with an empty name', breaks: ['missing-name'], at: eachCall((call) => ({ ...call, name: '' })) },
  { name: 'one id for two calls of an answer', breaks: ['duplicate-call-id'], at: sameIdTogether },
  { name: 'a call twice', breaks: ['duplicate-call-id', 'unanswered-call'], at: eachCall((call) => [call, call]) },

  // Pairs.
  { name: 'a result missing', breaks: ['unanswered-call'], at: without(isResult) },
  {
    name: 'cut behind the calls',
    breaks: ['unanswered-call'],
    at: (messages) => messages.flatMap((message, at) => (makesCalls(message) ? [messages.slice(0, at + 1)] : [])),
  },
  {
    name: 'a call more than results',
    breaks: ['unanswered-call'],
    at: change(
      (message) => makesCalls(message) && saidOnce(message),
      (fields) => ({ ...fields, tool_calls: [...list(fields['tool_calls']), stray] }),
    ),
  },
  {
    name: 'an answer with calls again, without their results',
    breaks: ['unanswered-call'],
    at: before(speaksBehind, (_message, at, messages) => messages.slice(0, at).findLast(makesCalls)),
  },
  {
    name: 'a result of another id',
    breaks: ['orphan-result', 'unanswered-call'],
    at: change(isResult, (fields) => ({ ...fields, tool_call_id: 'call_other' })),
  },
  {
    name: 'a result of nothing, behind the user',
    breaks: ['orphan-result'],
    at: behind(speaks, (message) => like(message, 'tool', result)),
  },
  {
    name: 'a result of nothing, behind an answer',
    breaks: ['orphan-result'],
    at: behind(concludes, (message) => like(message, 'tool', result)),
  },
  {
    name: 'a result of nothing, behind other results',
    breaks: ['orphan-result'],
    at: behind(
      (message, at, messages) => isResult(message, at, messages) && isSettled(message, at, messages),
      (message) => like(message, 'tool', result),
    ),
  },
  {
    name: 'the conversation from its first result on',
    breaks: ['orphan-result'],
    at: whole((messages) => cutBefore(messages)),
  },
  {
    name: 'an answer without its calls',
    breaks: ['orphan-result'],
    at: change(makesCallsOnce, (fields) => omit({ ...fields, content: 'I pay.' }, 'tool_calls')),
  },
  { name: 'a result twice', breaks: ['duplicate-result'], at: behind(isResult, (message) => message) },
  {
    name: 'a second result that says something else',
    breaks: ['duplicate-result'],
    at: behind(isResult, (message) => withFields(message, { ...fieldsOf(message), content: 'something else' })),
  },
  {
    name: 'the same result again, later',
    breaks: ['duplicate-result'],
    at: (messages) =>
      messages.flatMap((message, at) =>
        answersAll(message, at, messages) && concludes(messages[at + 1] ?? {}, 0, [])
          ? [messages.toSpliced(at + 2, 0, message)]
          : [],
      ),
  },
  { name: 'a result before its call', breaks: ['misplaced-result'], at: moved(answersAll, (at) => at - 1) },
  {
    name: 'the user speaks before the result',
    breaks: ['misplaced-result'],
    at: before(answersAll, (message) => like(message, 'human', { content: 'Hurry up' })),
  },
  {
    name: 'the assistant speaks before the result',
    breaks: ['misplaced-result'],
    at: before(answersAll, (message) => like(message, 'ai', { content: 'One moment' })),
  },
  {
    name: 'a result behind the answer that it led to',
    breaks: ['misplaced-result'],
    at: moved(
      (message, at, messages) => answersAll(message, at, messages) && at < messages.length - 1,
      (at) => at + 1,
    ),
  },
  {
    name: 'the last result behind the end',
    breaks: ['misplaced-result'],
    at: moved(
      (message, at, messages) =>
        isResult(message, at, messages) && at < messages.length - 1 && !isResult(messages[at + 1]!, 0, []),
      (_at, rest) => rest.length,
    ),
  },
];

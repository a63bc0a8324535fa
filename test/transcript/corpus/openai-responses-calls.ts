import type { Breakage, Message } from './breakage.js';
import { words } from './openai-responses-conversations.js';
import {
  add,
  change,
  drop,
  isCall,
  isCustom,
  isEncrypted,
  isFirst,
  isFunction,
  isFunctionOutput,
  isMessage,
  isNamed,
  isOutput,
  isOutward,
  isReasoning,
  isTextual,
  typeOf,
} from './openai-responses-places.js';
import { ofResults } from './openai-responses-results.js';
import { before, behind, messageWhere, omit, without } from './places.js';

/** The first of two calls in a row. */
const isParallel = (_: Message, at: number, items: readonly Message[]): boolean =>
  items[at] !== undefined && items[at + 1] !== undefined && isFunction(items[at]) && isFunction(items[at + 1]!);

/** For each call: its id changed, and that of its output, each in its way. */
function rename(
  ofCall: (id: string) => unknown,
  ofOutput: (id: string) => unknown,
  holds: (item: Message) => boolean = isCall,
): Breakage['at'] {
  return (items) =>
    items.filter(holds).map(({ call_id: id }) =>
      items.map((item) => {
        if (item['call_id'] !== id) return item;
        return { ...item, call_id: (isOutput(item) ? ofOutput : ofCall)(String(id)) };
      }),
    );
}

/** The call id of a parallel call becomes that of the call before it. `withOutput`: that of its output, too. */
function sameIds(withOutput: boolean): Breakage['at'] {
  return (items) =>
    items.flatMap((first, at) => {
      if (!isParallel(first, at, items)) return [];
      const second = items[at + 1]!;
      const changed = items.map((item) =>
        item === second || (withOutput && isOutput(item) && item['call_id'] === second['call_id'])
          ? { ...item, call_id: first['call_id'] }
          : item,
      );
      return [changed];
    });
}

const inCalls: Breakage[] = [
  {
    name: 'arguments that are an object',
    breaks: ['invalid-arguments'],
    at: messageWhere(isFunction, (item) => ({ ...item, arguments: JSON.parse(String(item['arguments'])) })),
  },
  { name: 'arguments of null', breaks: ['invalid-arguments'], at: change(isFunction, { arguments: null }) },
  { name: 'no arguments', breaks: ['invalid-arguments'], at: drop(isFunction, 'arguments') },
  {
    name: 'the input of a custom tool as an object',
    breaks: ['invalid-arguments'],
    at: change(isCustom, { input: { code: 'print(1)' } }),
  },
  {
    name: 'parsed arguments',
    breaks: [],
    warns: ['sdk-artefact'],
    at: change(isFunction, { parsed_arguments: { paid: true } }),
  },
  { name: 'no output', breaks: ['missing-content'], at: drop(isTextual, 'output') },
  { name: 'an output of null', breaks: ['missing-content'], at: change(isTextual, { output: null }) },
  {
    name: 'an output that is an object',
    breaks: ['invalid-result'],
    at: change(isTextual, { output: { paid: true } }),
  },
  { name: 'an output that is a number', breaks: ['invalid-result'], at: change(isTextual, { output: 12.5 }) },
  {
    name: 'a list of texts as an output',
    breaks: ['invalid-result'],
    at: change(isTextual, { output: ['one', 'two'] }),
  },
  {
    name: 'words that come out, as an output',
    breaks: ['invalid-result'],
    at: change(isTextual, { output: [words('ok')] }),
  },
  { name: 'a call without a name', breaks: ['missing-name'], at: drop(isNamed, 'name') },
  { name: 'an empty name', breaks: ['missing-name'], at: change(isNamed, { name: '' }) },
];

const ids: Breakage[] = [
  {
    name: 'the call id for the id of the item',
    breaks: ['invalid-item-id'],
    at: messageWhere(isFunction, (item) => ({ ...item, id: item['call_id'] })),
  },
  {
    name: 'an empty id',
    breaks: ['invalid-item-id'],
    at: change((item) => isCall(item) || isOutward(item) || isEncrypted(item), { id: '' }),
  },
  {
    name: 'an id of null',
    breaks: ['invalid-item-id'],
    at: change((item) => isCall(item) || isMessage(item), { id: null }),
  },
  { name: 'the id of a completion', breaks: ['invalid-item-id'], at: change(isMessage, { id: 'chatcmpl-1' }) },
  { name: 'an id of another kind', breaks: ['invalid-item-id'], at: change(isEncrypted, { id: 'msg_9' }) },
  {
    name: 'stored reasoning without its id',
    breaks: ['invalid-item-id'],
    at: drop((item) => isReasoning(item) && !isEncrypted(item), 'id'),
  },
  { name: 'no ids of items', breaks: [], at: drop((item) => 'id' in item && (isCall(item) || isOutward(item)), 'id') },
  { name: 'encrypted reasoning without an id', breaks: [], at: drop(isEncrypted, 'id') },
  {
    name: 'an answer twice',
    breaks: ['duplicate-item-id'],
    at: behind(
      (item) => isOutward(item) && 'id' in item,
      (item) => item,
    ),
  },
  {
    name: 'one id for two calls',
    breaks: ['duplicate-item-id'],
    at: (items) => {
      const made = items.filter((item) => isFunction(item) && 'id' in item);
      return made.slice(1).map((one) => items.map((item) => (item === one ? { ...item, id: made[0]!['id'] } : item)));
    },
  },
  { name: 'reasoning twice', breaks: ['duplicate-item-id'], at: behind(isReasoning, (item) => item) },
  {
    name: 'a call id of digits in call and output',
    breaks: ['invalid-id'],
    at: rename(
      () => 7,
      () => 7,
    ),
  },
  {
    name: 'a call id of digits in the call',
    breaks: ['invalid-id'],
    at: rename(
      () => 7,
      () => '7',
    ),
  },
  {
    name: 'a call id of digits in the output',
    breaks: ['invalid-id'],
    at: rename(
      () => '7',
      () => 7,
    ),
  },
  {
    name: 'a call id of 65 characters',
    breaks: ['id-too-long'],
    at: rename(
      (id) => id.padEnd(65, 'x'),
      (id) => id.padEnd(65, 'x'),
    ),
  },
  {
    name: 'a call without its call id',
    breaks: ['missing-call-id', 'orphan-result', 'unanswered-call'],
    at: drop(isNamed, 'call_id'),
  },
  {
    name: 'a call with an empty call id',
    breaks: ['missing-call-id', 'orphan-result', 'unanswered-call'],
    at: change(isNamed, { call_id: '' }),
  },
  {
    name: 'an output without its call id',
    breaks: ['missing-result-id', 'unanswered-call'],
    at: drop(isTextual, 'call_id'),
  },
  {
    name: 'no call id in call and output',
    breaks: ['missing-call-id', 'missing-result-id', 'unanswered-call'],
    at: rename(
      () => undefined,
      () => undefined,
      isNamed,
    ),
  },
  { name: 'one call id for two parallel calls and their outputs', breaks: ['duplicate-call-id'], at: sameIds(true) },
  {
    name: 'one call id for two parallel calls, not for their outputs',
    breaks: ['duplicate-call-id', 'orphan-result', 'unanswered-call'],
    at: sameIds(false),
  },
  {
    name: 'a call made and answered again',
    breaks: ['reused-call-id'],
    at: (items) =>
      items.flatMap((item, at) => {
        if (!isFunctionOutput(item)) return [];
        const made = items.find((one) => isFunction(one) && one['call_id'] === item['call_id'])!;
        return [items.toSpliced(at + 1, 0, omit(made, 'id'), item)];
      }),
  },
  {
    name: 'an approval that nobody asked for',
    breaks: ['unknown-approval'],
    at: add({ type: 'mcp_approval_response', approval_request_id: 'mcpr_9', approve: true }),
  },
  {
    name: 'an approval whose question is lost',
    breaks: ['unknown-approval'],
    at: without((item) => typeOf(item) === 'mcp_approval_request'),
  },
  {
    name: 'an approval of what the provider holds already',
    breaks: [],
    profile: 'openai-responses-continued',
    at: before(isFirst, () => ({ type: 'mcp_approval_response', approval_request_id: 'mcpr_9', approve: true })),
  },
];

/** What goes wrong with calls and their results. */
export const ofCalls: Breakage[] = [...inCalls, ...ids, ...ofResults];

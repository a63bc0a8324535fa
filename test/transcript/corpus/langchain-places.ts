import { isObject, list } from '../fuzz/format.js';
import type { Breakage, Message } from './breakage.js';
import { smallTalk } from './langchain-conversations.js';
import { messageWhere } from './places.js';

type At = Breakage['at'];
type Holds = (message: Message, at: number, messages: readonly Message[]) => boolean;

/** The fields of a message, wherever it keeps them. */
export const fieldsOf = (message: Message | undefined): Message =>
  [message?.['kwargs'], message?.['data'], message].find(isObject) ?? {};
export const withFields = (message: Message, fields: Message): Message =>
  isObject(message['kwargs'])
    ? { ...message, kwargs: fields }
    : isObject(message['data'])
      ? { ...message, data: fields }
      : fields;

const kinds: Readonly<Record<string, string>> = { user: 'human', assistant: 'ai', developer: 'system' };
/** `human`, `ai`, `system`, `tool`. */
function kindOf(message: Message | undefined): string {
  if (isObject(message?.['kwargs'])) return String(list(message['id']).at(-1)).replace('Message', '').toLowerCase();
  const kind = String(message?.['role'] ?? message?.['type']);
  return kinds[kind] ?? kind;
}
export const isOf =
  (...some: readonly string[]): Holds =>
  (message) =>
    some.includes(kindOf(message));
export const callsOf = (message: Message | undefined): Message[] =>
  list(fieldsOf(message)['tool_calls']).filter(isObject);
export const makesCalls = (message: Message | undefined): boolean => callsOf(message).length > 0;
/** No call of what stands before waits for its result. */
export const isSettled: Holds = (_message, at, messages) => {
  const open = new Set<unknown>();
  for (const message of messages.slice(0, at + 1)) {
    for (const { id } of callsOf(message)) open.add(id);
    open.delete(fieldsOf(message)['tool_call_id']);
  }
  return open.size === 0;
};
const and =
  (...all: readonly Holds[]): Holds =>
  (...given) =>
    all.every((holds) => holds(...given));
export const speaks: Holds = and(isOf('human', 'system'), isSettled);
export const concludes: Holds = (message) => isOf('ai')(message, 0, []) && !makesCalls(message);

export const change = (holds: Holds, how: (fields: Message) => Message): At =>
  messageWhere(holds, (message) => withFields(message, how(fieldsOf(message))));

/** Calls that are said in one place only, as LangChain says them: what is changed there needs no second change. */
export const saidOnce = (message: Message): boolean =>
  callsOf(message).every((call) => 'args' in call) &&
  !isObject(fieldsOf(message)['additional_kwargs']) &&
  !JSON.stringify(message).includes('tool_use');

/** One copy for each call, changed where `tool_calls` has it. */
export const eachCall =
  (how: (call: Message) => unknown, holds: (message: Message) => boolean = saidOnce): At =>
  (messages) =>
    messages.flatMap((message, place) =>
      holds(message)
        ? callsOf(message).map((call, at) => {
            const made = how(structuredClone(call));
            const calls = callsOf(message).toSpliced(at, 1, ...((Array.isArray(made) ? made : [made]) as Message[]));
            return messages.with(place, withFields(message, { ...fieldsOf(message), tool_calls: calls }));
          })
        : [],
    );

export const isResult: Holds = isOf('tool');
/** The result of an answer that has one call. */
export const answersAll: Holds = (message, at, messages) =>
  makesCalls(messages[at - 1]) && isResult(message, at, messages) && callsOf(messages[at - 1]).length === 1;

/** A message in the form of one beside it. */
export function like(message: Message, kind: 'human' | 'ai' | 'tool' | 'remove', fields: Message): Message {
  const name = { human: 'HumanMessage', ai: 'AIMessage', tool: 'ToolMessage', remove: 'RemoveMessage' }[kind];
  if (isObject(message['kwargs'])) return { ...message, id: ['langchain_core', 'messages', name], kwargs: fields };
  if (isObject(message['data'])) return { type: kind, data: fields };
  return { type: kind, ...fields };
}

/** The ids of one call changed in all places that have it, its result among them. */
function renamed(messages: readonly Message[], from: unknown, to: unknown): Message[] {
  return JSON.parse(JSON.stringify(messages).replaceAll(JSON.stringify(from), JSON.stringify(to))) as Message[];
}

export const eachId =
  (to: (id: string, message: Message) => unknown): At =>
  (messages) =>
    messages.flatMap((message) =>
      callsOf(message)
        .filter((call) => 'args' in call)
        .map(({ id }) => renamed(messages, id, to(String(id), message))),
    );

export const sameIdTogether: At = (messages) =>
  messages.flatMap((message, at) => {
    const ids = callsOf(message).map(({ id }) => id);
    // Results in the order of the calls: else they would change places.
    const order = ids.every((id, which) => fieldsOf(messages[at + 1 + which])['tool_call_id'] === id);
    return ids.length > 1 && order ? [renamed(messages, ids[1], ids[0])] : [];
  });

export const moved =
  (holds: Holds, to: (at: number, rest: readonly Message[]) => number | undefined): At =>
  (messages) =>
    messages.flatMap((message, at) => {
      if (!holds(message, at, messages)) return [];
      const rest = messages.toSpliced(at, 1);
      const place = to(at, rest);
      return place === undefined || place < 0 ? [] : [rest.toSpliced(place, 0, message)];
    });

export const isSmall = (messages: readonly Message[]): boolean =>
  JSON.stringify(messages) === JSON.stringify(smallTalk);
export const stray: Message = { id: 'call_stray', name: 'pay', args: { invoice: 9 }, type: 'tool_call' };
export const result: Message = { content: 'paid', tool_call_id: 'call_gone', name: 'pay' };
export const unreadable: Message = {
  id: 'call_bad',
  name: 'pay',
  args: '{"invoice":',
  error: 'Malformed args.',
  type: 'invalid_tool_call',
};

export function makesCallsOnce(message: Message): boolean {
  return makesCalls(message) && saidOnce(message);
}

/** The call, as OpenAI said it. */
export function saidBy({ id, name, args }: Message): Message {
  return { id, type: 'function', function: { name, arguments: JSON.stringify(args) } };
}

/** Somebody speaks, and before that all calls of an answer had their results. */
export function speaksBehind(message: Message, at: number, messages: readonly Message[]): boolean {
  return isOf('human')(message, at, messages) && messages.slice(0, at).some(makesCalls);
}

/** From the first result on that is the only one of its message; the messages that follow are whole. */
export function cutBefore(messages: readonly Message[]): readonly Message[] | undefined {
  const at = messages.findIndex((message, place) => answersAll(message, place, messages));
  return at < 0 || at === messages.length - 1 ? undefined : messages.slice(at);
}

import { isMembers, type Members, memberOf, textMember } from '../shape.js';

/**
 * The ways in which LangChain has one message: an object of its classes, that as JSON (`{ lc, id, kwargs }`), the stored
 * form (`{ type, data }`), and plain members with a type or a role.
 */
export type Shape = 'object' | 'serialized' | 'stored' | 'plain';

/** A message, whatever its shape. */
export interface Opened {
  readonly shape: Shape;
  /** `human`, `ai`, `tool`, …; `undefined` when it does not say. */
  readonly type: string | undefined;
  readonly fields: Members;
  /** Where the fields are, below the message. */
  readonly at: '' | 'kwargs' | 'data';
}

const classTypes: Readonly<Record<string, string>> = {
  HumanMessage: 'human',
  AIMessage: 'ai',
  SystemMessage: 'system',
  ToolMessage: 'tool',
  FunctionMessage: 'function',
  RemoveMessage: 'remove',
  ChatMessage: 'generic',
};

export function open(message: Members): Opened {
  const asked = typeOfObject(message);
  if (asked !== undefined) return { shape: 'object', type: asked, fields: message, at: '' };
  const { lc, id, kwargs, data } = message;
  if (lc === 1 && Array.isArray(id) && isMembers(kwargs)) {
    const name = String(id.at(-1)).replace(/Chunk$/, '');
    return {
      shape: 'serialized',
      type: Object.hasOwn(classTypes, name) ? classTypes[name] : undefined,
      fields: kwargs,
      at: 'kwargs',
    };
  }
  const type = textMember(message, 'type');
  if (type !== undefined && isMembers(data)) return { shape: 'stored', type, fields: data, at: 'data' };
  // A role counts more than a type: so LangChain has it.
  return { shape: 'plain', type: textMember(message, 'role') ?? type, fields: message, at: '' };
}

/** An object of a class says what it is when it is asked. */
function typeOfObject(message: Members): string | undefined {
  for (const name of ['getType', '_getType']) {
    const ask = memberOf(message, name);
    if (typeof ask !== 'function') continue;
    try {
      const type: unknown = ask.call(message);
      if (typeof type === 'string') return type;
    } catch {
      // It cannot say it: then the members do.
    }
  }
  return undefined;
}

/** The message with some fields changed, in its shape; `undefined` takes a field away. */
export function rebuilt(message: Members, { shape, fields, at }: Opened, changes: Members): unknown {
  if (shape === 'object') {
    const copy = Object.create(
      Object.getPrototypeOf(message) as object,
      Object.getOwnPropertyDescriptors(message),
    ) as Record<string, unknown>;
    for (const [name, value] of Object.entries(changes)) {
      Object.defineProperty(copy, name, { value, writable: true, enumerable: true, configurable: true });
    }
    // What it is serialized from.
    if (isMembers(copy['lc_kwargs'])) copy['lc_kwargs'] = merged(copy['lc_kwargs'], changes);
    return copy;
  }
  return at === '' ? merged(message, changes) : { ...message, [at]: merged(fields, changes) };
}

/** The class of an object. */
export type ToolClass = new (fields: Members) => unknown;

/** The class of a message that is an object; `undefined` for one that is not. */
export function classOf(message: unknown): ToolClass | undefined {
  if (!isMembers(message) || typeOfObject(message) === undefined) return undefined;
  const found = memberOf(Object.getPrototypeOf(message), 'constructor');
  return typeof found === 'function' && found !== Object ? (found as ToolClass) : undefined;
}

/** A new result of a class. A class of somebody's own may want more than LangChain's, and then there is none. */
export function instance(type: ToolClass, fields: Members): Members | undefined {
  try {
    const message = new type({ ...fields });
    const whole =
      isMembers(message) && typeOfObject(message) === 'tool' && message['tool_call_id'] === fields['tool_call_id'];
    return whole ? message : undefined;
  } catch {
    return undefined;
  }
}

/** Whether something is in the message itself, which is an object of a class or plain. */
export function isOutside(at: string): boolean {
  return !at.startsWith('data') && !at.startsWith('kwargs');
}

/** A new message, in the shape of those beside it. An object whose class nobody knows here: members do as well. */
export function made(at: string, type: string, fields: Members): Members {
  if (isOutside(at)) return { type, ...fields };
  if (at.startsWith('data')) return { type, data: fields };
  const name = Object.keys(classTypes).find((one) => classTypes[one] === type) ?? 'HumanMessage';
  return { lc: 1, type: 'constructor', id: ['langchain_core', 'messages', name], kwargs: fields };
}

function merged(fields: Members, changes: Members): Members {
  const all: Record<string, unknown> = { ...fields, ...changes };
  for (const name of Object.keys(changes)) if (changes[name] === undefined) delete all[name];
  return all;
}

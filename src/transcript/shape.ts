import type { IssueCode } from '../errors/transcript.js';
import type { Flaw, OtherPart, TextPart, Turn } from './graph.js';

export { asJsonText } from './json-text.js';

/** A plain object, seen as its members. */
export type Members = Readonly<Record<string, unknown>>;

export function isMembers(value: unknown): value is Members {
  try {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    // A proxy that was revoked is nothing any more.
    return false;
  }
}

/** The member as text, or `undefined`. Getters that throw are members that are not there. */
export function textMember(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name);
  return typeof member === 'string' ? member : undefined;
}

export function memberOf(value: unknown, name: string): unknown {
  if (!isMembers(value)) return undefined;
  try {
    return value[name];
  } catch {
    return undefined;
  }
}

export function flaw(code: IssueCode, at: string, hint: string, mend?: Flaw['mend']): Flaw {
  return { code, at, hint, ...(mend === undefined ? {} : { mend }) };
}

export function textPart(text: string, raw: unknown, at: string, flaws: readonly Flaw[] = []): TextPart {
  return { kind: 'text', text, raw, at, flaws };
}

export function otherPart(raw: unknown, at: string, flaws: readonly Flaw[] = []): OtherPart {
  return { kind: 'other', type: textMember(raw, 'type'), raw, at, flaws };
}

/** A message that is not one: nothing of it is understood, and all of it stays in `raw`. */
export function unreadable(message: unknown, index: number, flaws: readonly Flaw[]): Turn {
  return { role: 'unknown', label: textMember(message, 'role') ?? '', index, raw: message, parts: [], flaws };
}

/** What a message is that is no object. Nothing is lost where there was nothing. */
export function noObject(message: unknown): Flaw {
  const empty = message === null || message === undefined || message === '';
  const what = message === null ? 'null' : Array.isArray(message) ? 'a list' : typeof message;
  return flaw('unrecognized-message', '', `a message is an object, this is ${what}`, empty ? 'drop' : undefined);
}

/**
 * An id as text: numbers count as their digits, so that both sides of a pair agree. Empty text is no id.
 */
export function idOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}

/** The object that JSON text stands for, or `undefined`. */
export function parsedObject(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMembers(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What people read, with names and ids in it that a model may have made as long as it liked. */
export function bounded(text: string): string {
  return text.length <= LONGEST_WORDS ? text : `${text.slice(0, LONGEST_WORDS)}…`;
}

const LONGEST_WORDS = 400;

/** A value in a hint: short, and nothing of what is inside. */
export function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  return Array.isArray(value) ? 'a list' : value === null ? 'null' : `of type ${typeof value}`;
}

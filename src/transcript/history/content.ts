import { fingerprintText, sha256Hex } from '../../encoding/fingerprint.js';
import { onOneLine } from '../../encoding/printable.js';
import { answerFor, inputOf } from '../answer.js';
import type { CallPart, Part, ResultPart, Role, TranscriptFormat, Turn } from '../graph.js';
import type { Truth } from '../policies.js';
import type { RepairContext } from '../rule.js';
import { asJsonText, isMembers, memberOf, parsedObject, textMember } from '../shape.js';
import type { Transcript } from '../transcript.js';
import { isMedia, payloadOf } from './media.js';
import { printKey, printOf, type TextPrint } from './text-print.js';

/**
 * One thing that was said, called, answered or shown, as far as every format keeps it: no ids, no places, no white space.
 * This is all that a guard remembers.
 */
export interface Content {
  /** Equal for equal content, in whatever format. */
  readonly key: string;
  readonly kind: 'text' | 'call' | 'result' | 'media' | 'other';
  readonly role: Role;
  /** Position of its message in the list. */
  readonly turn: number;
  /** Of a text. */
  readonly print?: TextPrint;
  /** Of a result: the key of its call, when that is there. */
  readonly of?: string;
  /** For people: how it begins. */
  readonly beginning?: string;
  /** It is there, and a repair may take it away: nobody misses it. */
  readonly isLoose?: boolean;
  /** The format that it was seen in. */
  readonly format: TranscriptFormat;
}

const LONGEST_BEGINNING = 80;

/**
 * The contents of a list. What a repair takes away is none, or loose: results that answer nothing, parts that the format
 * does not have. Reasoning is none either, as most formats cannot keep it.
 *
 * @param redact - nothing of the texts is kept.
 */
export function contentsOf(transcript: Transcript, redact: boolean): Content[] {
  const { turns, dialect } = transcript;
  const { names, keys, answers } = pairsOf(transcript);
  const contents: Content[] = [];
  turns.forEach((turn, at) => {
    const role = speakerOf(turn);
    const hasMore = turn.parts.some(({ kind }) => telling.has(kind));
    const add = (
      kind: Content['kind'],
      key: string,
      beginning: string,
      more: Partial<Pick<Content, 'print' | 'isLoose' | 'of'>> = {},
    ): void => {
      contents.push({
        ...{ key: `${kind} ${key}`, kind, role, turn: at, format: dialect.format, ...more },
        ...(redact || beginning === '' ? {} : { beginning: beginningOf(beginning) }),
      });
    };
    const addMedia = ({ raw }: Part): void => {
      const { type, data } = payloadOf(raw);
      add('media', data === undefined ? canonicalHash(raw) : sha256Hex(asText(data)), type);
    };
    if (turn.role === 'unknown') {
      if (turn.flaws.every(({ mend }) => mend === undefined)) add('other', sha256Hex(canonical(turn.raw)), turn.label);
      return;
    }
    for (const part of turn.parts) {
      if (part.flaws.some(({ mend }) => mend === 'drop')) continue;
      switch (part.kind) {
        case 'text':
        case 'refusal': {
          const print = printOf(part.text);
          if (print.length > 0) add('text', `${role} ${printKey(print)}`, part.text, { print });
          break;
        }
        case 'call':
          add('call', keys.get(part)!, `the call of ${names.get(part)}`, {
            // What the provider was to run and nobody can answer, a repair takes away.
            isLoose: role !== 'assistant' || (part.executedBy === 'provider' && !answers.has(part)),
          });
          break;
        case 'result': {
          const key = outputKey(part.output);
          const isLoose = !answers.has(part) || synthetic.has(key);
          // Where names stand for ids, order decides which call it is, and order does not count.
          const of = part.legacy === true ? undefined : keys.get(part);
          add('result', key, textOf(part), { isLoose, ...(of === undefined ? {} : { of }) });
          break;
        }
        case 'media':
          addMedia(part);
          break;
        case 'reasoning':
          break;
        default:
          if (isMedia(part)) addMedia(part);
          else add('other', canonicalHash(part.raw), part.kind, { isLoose: part.kind !== 'other' || hasMore });
      }
    }
  });
  return contents;
}

/** Calls with their results. A result is that of its call: ids differ between formats, the call and its arguments do not. */
function pairsOf({ turns, links }: Transcript): {
  readonly names: ReadonlyMap<Part, string>;
  readonly keys: ReadonlyMap<Part, string>;
  /** Calls of the assistant that have a result, and their results. */
  readonly answers: ReadonlySet<Part>;
} {
  const names = new Map<Part, string>();
  const keys = new Map<Part, string>();
  const answers = new Set<Part>();
  for (const { turn, call, answer, stray } of links.calls) {
    const isAllowed = speakerOf(turns[turn]!) === 'assistant';
    const name = plainName(call.name ?? answer?.result.name ?? stray?.result.name);
    const key = callKey(call, name);
    names.set(call, name);
    keys.set(call, key);
    for (const one of [answer, stray]) {
      if (one === undefined) continue;
      if (isAllowed) answers.add(one.result).add(call);
      keys.set(one.result, key);
    }
  }
  return { names, keys, answers };
}

/** What every format has. Beside it, what only one format has is not missed. */
const telling: ReadonlySet<Part['kind']> = new Set(['text', 'refusal', 'call', 'result', 'media']);

/** Who speaks. A repair makes a message the assistant's that only calls tools, or reasons. */
function speakerOf({ role, parts }: Turn): Role {
  if (role !== 'user' || !parts.some(({ kind }) => kind === 'call')) return role;
  return parts.every(({ kind }) => kind === 'call') || parts.some(({ kind }) => kind === 'reasoning')
    ? 'assistant'
    : role;
}

/** Equal exactly for calls of the same tool with the same arguments. */
export function callKey(call: CallPart, name: string = plainName(call.name)): string {
  const read = inputOf(call);
  // As free text it is what it is as a value elsewhere.
  const input = typeof read === 'string' ? (parsedObject(read) ?? read) : read;
  const given = input === undefined || input === null || input === '' ? {} : input;
  return sha256Hex(`${name} ${canonical(isMembers(given) ? given : { input: given })}`);
}

/** Equal for outputs that say the same, whether as text, as JSON or as blocks. */
export function outputKey(output: unknown): string {
  return sha256Hex(saidBy(output).replace(/\s+/g, ''));
}

function saidBy(output: unknown): string {
  try {
    return said(untagged(output));
  } catch {
    // A proxy of the caller's, or deeper than the stack.
    return asJsonText(output);
  }
}

/** The output without the wrapping of its format. */
function untagged(output: unknown): unknown {
  if (typeof output === 'string' || !isMembers(output)) return output;
  const value = memberOf(output, 'value');
  switch (textMember(output, 'type')) {
    case 'text':
    case 'error-text':
    case 'json':
    case 'error-json':
    case 'content':
      return value === undefined ? output : value;
    case 'execution-denied':
      return textMember(output, 'reason') ?? 'Tool call execution denied.';
    default:
      return output;
  }
}

function said(value: unknown): string {
  if (typeof value === 'string') {
    const parsed = /^\s*["[{]/.test(value) ? parsedJson(value) : undefined;
    return parsed === undefined ? value : typeof parsed === 'string' ? parsed : said(parsed);
  }
  if (value === undefined || value === null) return '';
  if (Array.isArray(value) && value.length > 0 && value.every((block) => textMember(block, 'type') !== undefined)) {
    return value.map(blockText).join('');
  }
  if (!isMembers(value)) return canonical(value);
  // Formats whose results are objects wrap what is none.
  const names = Object.keys(value).filter((name) => name !== 'name');
  const [only] = names;
  const wrapped =
    names.length === 1 && (only === 'output' || only === 'result' || only === 'content' || only === 'error');
  return wrapped ? said(value[only]) : canonical(value);
}

function blockText(block: unknown): string {
  const text = textMember(block, 'text');
  if (text !== undefined && textMember(block, 'type')?.includes('text') === true) return text;
  const { data } = payloadOf(block);
  return data === undefined ? canonical(block) : sha256Hex(asText(data));
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What all providers take as a name; a repair makes the others so. */
function plainName(name: string | undefined): string {
  return (name ?? 'unknown_tool').replace(/[^a-zA-Z0-9_-]+/g, '_').slice(0, 64);
}

function canonical(value: unknown): string {
  try {
    return fingerprintText(value);
  } catch {
    return asJsonText(value);
  }
}

function canonicalHash(value: unknown): string {
  return sha256Hex(canonical(value));
}

function asText(data: string | Uint8Array): string {
  return typeof data === 'string'
    ? data
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
}

function textOf({ output }: ResultPart): string {
  const plain = untagged(output);
  return typeof plain === 'string' ? plain : asJsonText(plain);
}

function beginningOf(text: string): string {
  const line = onOneLine(text.slice(0, LONGEST_BEGINNING * 2)).trim();
  return [...line].slice(0, LONGEST_BEGINNING).join('');
}

/** What repairs put in place of a result; a real one may take its place. */
const synthetic: ReadonlySet<string> = syntheticKeys();

function syntheticKeys(): Set<string> {
  const facts = { executedBy: 'client', raw: undefined, at: '', flaws: [] } as const;
  const call: CallPart = { kind: 'call', id: 'a', name: 'a', input: {}, ...facts };
  const truths: readonly (Truth | undefined)[] = [undefined, { state: 'not-run' }, { state: 'unknown' }];
  // Of the context, an answer asks only what is known of the call.
  return new Set(
    truths.map((truth) =>
      outputKey(answerFor(call, { truthOf: () => truth } as Partial<RepairContext> as RepairContext).text),
    ),
  );
}

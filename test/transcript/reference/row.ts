import type { ProfileName } from '../../../src/transcript/index.js';
/** One row of the reference, as a case. */
export interface Row {
  /** `O01`: the row; `O18b`: another form of it; `6.3.2`: a line of a section whose rows have no id. */
  readonly id: string;
  readonly what: string;
  readonly messages: readonly unknown[];
  /** When it is not the one that is found by itself. */
  readonly profile?: ProfileName;
  /** `error [1].tool_calls[0] unanswered-call`: everything that `check` finds, in order of the list. */
  readonly finds: readonly string[];
  /** The repaired list, as `sketch` shows it. Absent: not one message is touched. */
  readonly becomes?: readonly string[];
  /** Codes that no repair mends, and why. */
  readonly remains?: { readonly codes: readonly string[]; readonly because: string };
  /** Why the oracle of the fuzzer cannot judge it. */
  readonly oracleCannotTell?: string;
}

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `assistant: "Sure", pay#c1` and `tool: c1 = "paid"`: who says, calls and answers what, one line for each message. */
export function sketch(messages: readonly unknown[]): string[] {
  return messages.map((message) => {
    if (!isMembers(message)) return JSON.stringify(message) ?? String(message);
    const { _getType: ask, role, type } = message;
    const who = typeof ask === 'function' ? String(ask.call(message)) : String(role ?? type);
    return `${who}: ${[...contentOf(message), ...callsOf(message)].join(', ')}`;
  });
}

function contentOf({ content, parts, refusal, role, name, tool_call_id: answers }: Members): string[] {
  if (answers !== undefined) return [`${idLine(answers)} = ${words(content)}`];
  if (role === 'function') return [`${String(name)}() = ${words(content)}`];
  const list = content ?? parts ?? [];
  const said = Array.isArray(list) ? list.map(partLine) : list === '' ? ['nothing'] : [words(list)];
  return typeof refusal === 'string' ? [...said, `refuses ${words(refusal)}`] : said;
}

function callsOf(message: Members): string[] {
  const { tool_calls: calls, function_call: old, role, type } = message;
  if (role === undefined && typeof type === 'string' && /_|^reasoning$/.test(type)) return [itemLine(message, type)];
  const listed = Array.isArray(calls) ? calls.map(callLine) : [];
  return isMembers(old) ? [...listed, `${String(old['name'])}()`] : listed;
}

function callLine(call: unknown): string {
  if (!isMembers(call)) return words(call);
  const body = isMembers(call['function']) ? call['function'] : call;
  return calling(body['name'], call['id'], body['arguments'] ?? body['args']);
}

/** An item of Responses. */
function itemLine(item: Members, type: string): string {
  if (type.endsWith('_output')) return `${idLine(item['call_id'])} = ${words(item['output'])}`;
  return item['call_id'] === undefined ? idLine(item['id']) : calling(item['name'], item['call_id'], item['arguments']);
}

/** A part of Anthropic, the AI SDK or Gemini. */
function partLine(part: unknown): string {
  if (!isMembers(part)) return words(part);
  const mark = 'cache_control' in part ? ' (cached)' : '';
  const { type, functionCall: call, functionResponse: response } = part;
  if (isMembers(call)) return calling(call['name'], call['id'], call['args']);
  if (isMembers(response))
    return `${idLine(response['id'])} = ${words(Object.values(response['response'] as Members)[0])}`;
  if (type === 'tool_use') return calling(part['name'], part['id'], part['input']) + mark;
  if (type === 'tool-call') return calling(part['toolName'], part['toolCallId'], part['input']);
  if (type === 'tool_result') return `${idLine(part['tool_use_id'])} = ${words(part['content'])}${mark}`;
  if (type === 'tool-result') return `${idLine(part['toolCallId'])} = ${words(part['output'])}`;
  if (type === 'thinking') return 'signature' in part ? 'thinks, signed' : 'thinks';
  return typeof part['text'] === 'string' ? words(part['text']) + mark : String(type);
}

function calling(name: unknown, id: unknown, input: unknown): string {
  const given = input === undefined ? '' : JSON.stringify(input);
  return `${String(name)}#${idLine(id)}${/^("?\{\}"?)?$/.test(given) ? '' : `(${given})`}`;
}

function idLine(id: unknown): string {
  return typeof id === 'string' ? id : id === undefined ? 'no id' : `${String(id)} (${typeof id})`;
}

/** A text, or what a result says; of what repairs make up only that they did. */
function words(value: unknown): string {
  const text = isMembers(value) && typeof value['value'] === 'string' ? value['value'] : value;
  if (typeof text !== 'string') return JSON.stringify(text) ?? 'nothing';
  return text.startsWith('No result of this call is known here') ? '(not recorded)' : JSON.stringify(text);
}

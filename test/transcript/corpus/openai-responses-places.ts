import type { Breakage, Message } from './breakage.js';
import { behind, messageWhere, omit } from './places.js';

export const typeOf = (item: Message | undefined): string => String(item?.['type'] ?? 'message');
export const isFunction = (item: Message): boolean => typeOf(item) === 'function_call';
export const isOutput = (item: Message): boolean => typeOf(item).endsWith('_call_output');
export const isReasoning = (item: Message | undefined): boolean => typeOf(item) === 'reasoning';
export const isMessage = (item: Message): boolean => 'role' in item;
export const isOutward = (item: Message): boolean => item['role'] === 'assistant';
export const isEncrypted = (item: Message): boolean => isReasoning(item) && 'encrypted_content' in item;

/** No reasoning leads to it. */
export const isFree = (_: Message, at: number, items: readonly Message[]): boolean => !isReasoning(items[at - 1]);

/** Something else may stand behind it. */
const isClosed = (item: Message): boolean => !isReasoning(item);
export const isFirst = (_: Message, at: number): boolean => at === 0;
export const add = (...more: unknown[]): Breakage['at'] => behind(isClosed, () => more);

export const content =
  (value: unknown) =>
  (item: Message): Message => ({ ...item, content: value });

export const drop = (holds: (item: Message) => boolean, ...names: string[]): Breakage['at'] =>
  messageWhere(holds, (item) => omit(item, ...names));

export const isFunctionOutput = (item: Message): boolean => typeOf(item) === 'function_call_output';
export const isCustom = (item: Message): boolean => typeOf(item) === 'custom_tool_call';
export const isNamed = (item: Message): boolean => isFunction(item) || isCustom(item);

/** Outputs that are text. */
export const isTextual = (item: Message): boolean =>
  isFunctionOutput(item) || typeOf(item) === 'custom_tool_call_output';

export const isCall = (item: Message): boolean => 'call_id' in item && !isOutput(item);

export const change = (holds: (item: Message) => boolean, changes: Message): Breakage['at'] =>
  messageWhere(holds, (item) => ({ ...item, ...changes }));

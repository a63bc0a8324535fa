import { UsageError } from '../errors/usage.js';
import { detect } from '../transcript/detect.js';
import { dialects } from '../transcript/formats.js';
import type { TranscriptFormat } from '../transcript/graph.js';
import { read } from '../transcript/read.js';

/**
 * What a model said, as messages of the conversation.
 *
 * @throws UsageError when nothing of it is a message of its format: calls in it would be overheard.
 */
export function messagesOf<Message>(
  said: Message | readonly Message[],
  before: readonly Message[],
  format: 'auto' | TranscriptFormat,
): readonly Message[] {
  const messages = Array.isArray(said) ? (said as readonly Message[]) : [said as Message];
  const dialect = dialects.find((one) => one.format === format) ?? detect([...before, ...messages]);
  const { turns } = read(dialect, messages);
  const isObject = (message: unknown): boolean => typeof message === 'object' && message !== null;
  // One kind of item more than we know does no harm beside others.
  if (messages.every(isObject) && (turns.length === 0 || turns.some(({ role }) => role !== 'unknown'))) return messages;
  const hint = turns.flatMap(({ flaws }) => flaws.map((flaw) => flaw.hint))[0];
  throw new UsageError({
    place: 'runner.run({ model })',
    problem: `gave what is no message of the format ${dialect.format}${hint === undefined ? '' : ` (${hint})`}`,
    remedy: 'Return what the model said as messages, e.g. completion.choices[0].message, and not the whole response.',
  });
}

import type { Dialect, Recognition } from './dialect.js';
import { dialects } from './formats.js';

/**
 * The dialect that most messages are of. What only one format has counts; what fits several does not. Of two that fit
 * equally the one first in the list of dialects; a list of plain texts is therefore read as OpenAI Chat Completions.
 */
export function detect(messages: readonly unknown[]): Dialect {
  let best = dialects[0]!;
  let most = Number.NEGATIVE_INFINITY;
  for (const dialect of dialects) {
    let score = 0;
    for (const message of messages) {
      const how = recognized(dialect, message);
      score += how === 'yes' ? 1 : how === 'no' ? -1 : 0;
    }
    if (score > most) {
      best = dialect;
      most = score;
    }
  }
  return best;
}

/** The format that a message is of which its list's format is not; `undefined` when it fits, or fits nowhere. */
export function foreignFormat(message: unknown, own: Dialect): string | undefined {
  if (own.recognize(message) !== 'no') return undefined;
  return dialects.find((dialect) => dialect !== own && dialect.recognize(message) === 'yes')?.format;
}

/** A message that throws when it is looked at is of no format. */
function recognized(dialect: Dialect, message: unknown): Recognition {
  try {
    return dialect.recognize(message);
  } catch {
    return 'no';
  }
}

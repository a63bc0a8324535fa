import { foreignFormat } from './detect.js';
import type { Dialect } from './dialect.js';
import type { Turn } from './graph.js';
import { flaw, unreadable } from './shape.js';
import { type Transcript, transcriptOf } from './transcript.js';

/** Reads every message of a list. One of another format is an issue, and is not read as if it were of this one. */
export function read(dialect: Dialect, messages: readonly unknown[]): Transcript {
  // Not `map`, which leaves holes out.
  const one = (message: unknown, index: number): Turn => readOne(dialect, message, index);
  return transcriptOf(dialect, Array.from(messages, one), one);
}

function readOne(dialect: Dialect, message: unknown, index: number): Turn {
  try {
    const foreign = foreignFormat(message, dialect);
    if (foreign === undefined) return dialect.parse(message, index);
    const hint = `this message is of the format ${foreign}, the list is of ${dialect.format}; convert it first`;
    return unreadable(message, index, [flaw('mixed-format', '', hint)]);
  } catch {
    // A getter or a proxy of the caller's.
    const flaws = [flaw('unrecognized-message', '', 'reading the message throws')];
    return { role: 'unknown', label: '', index, raw: message, parts: [], flaws };
  }
}

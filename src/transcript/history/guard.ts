import { nearest } from '../../encoding/nearest.js';
import { HistoryError, type HistoryIssue } from '../../errors/history.js';
import { UsageError } from '../../errors/usage.js';
import { detect } from '../detect.js';
import type { Dialect } from '../dialect.js';
import { dialects } from '../formats.js';
import type { TranscriptFormat, Turn } from '../graph.js';
import { read } from '../read.js';
import { isMembers, shown } from '../shape.js';
import { transcriptOf } from '../transcript.js';
import { contentsOf } from './content.js';
import { type Counter, counterOf, type TokenCounter } from './counter.js';
import { cut } from './cut.js';
import { droppedIssues, limitIssues } from './issues.js';
import { Memory } from './memory.js';
import { repeatedCalls } from './repeats.js';
import { type TokenCount, TokenScale } from './tokens.js';

/** What a history may be like. */
export interface HistoryGuardOptions {
  /** Most tokens of a request, tools included. Default: no limit. */
  readonly maxTokens?: number;
  /** Most messages. Default: no limit. */
  readonly maxMessages?: number;
  /** The share of a limit from which on `near-limit` warns. Default: 0.9. */
  readonly warnAt?: number;
  /** How tokens are counted. Default: an estimate, which says so. */
  readonly counter?: TokenCounter;
  /** From how many identical calls in a row with identical results on this is an issue; `true`: 3. Default: never. */
  readonly repeats?: boolean | number;
  /** The format of the messages. `auto` (default) reads it from them. */
  readonly format?: 'auto' | TranscriptFormat;
  /** The tools of the request, as the provider gets them: they are counted. */
  readonly tools?: readonly unknown[];
  /** Nothing of what messages say is remembered, or told in issues. Default: issues tell how a lost message began. */
  readonly redact?: boolean;
}

/** What was found. */
export interface HistoryReport {
  /** There is no issue of severity `error`. */
  readonly ok: boolean;
  /** How the messages were read; `unknown` when they are no list. */
  readonly format: TranscriptFormat | 'unknown';
  readonly messages: number;
  readonly tokens: TokenCount;
  readonly issues: readonly HistoryIssue[];
}

/** What a history is trimmed to. What is left out is as the guard has it. */
export interface HistoryBudget {
  readonly maxTokens?: number;
  readonly maxMessages?: number;
  /** The last so many messages stay in any case. Default: 0. */
  readonly keepRecent?: number;
}

/** A history that was trimmed. */
export interface TrimmedHistory<Message> {
  /** The same objects, in their order. */
  readonly messages: Message[];
  readonly dropped: readonly Message[];
  /** Of `messages`. */
  readonly tokens: TokenCount;
  /** `messages` are within the budget. When not: they are the least that makes sense, and even that is too much. */
  readonly fits: boolean;
}

interface Limits {
  readonly maxTokens: number;
  readonly maxMessages: number;
}

const OPTIONS = ['maxTokens', 'maxMessages', 'warnAt', 'counter', 'repeats', 'format', 'tools', 'redact'];
const BUDGET = ['maxTokens', 'maxMessages', 'keepRecent'];

/**
 * Watches the messages of one run from check to check: how long they are, whether calls repeat, and whether something
 * disappeared that nobody declared. Equal texts, another order, another format and repairs are no loss. Between checks it
 * remembers hashes and beginnings, never the messages; one guard serves one run.
 *
 * @throws {UsageError} When an option is none, or the tokenizer that is asked for is not installed.
 * @example
 * const guard = new HistoryGuard({ maxTokens: 100_000, maxMessages: 200 });
 * const messages = [
 *   { role: 'user', content: 'Pay inv-42' },
 *   { role: 'assistant', content: 'Are you sure?' },
 *   { role: 'user', content: 'yes' },
 * ];
 * guard.check(messages).ok; // → true
 * guard.check(messages.slice(1)).issues[0]?.beginning; // → 'Pay inv-42'
 * guard.compacted(messages.slice(0, 1));
 * guard.check(messages.slice(1)).ok; // → true
 */
export class HistoryGuard {
  readonly #limits: Limits;
  readonly #warnAt: number;
  readonly #counter: Counter;
  readonly #repeats: number | undefined;
  readonly #dialect: Dialect | undefined;
  readonly #tools: readonly unknown[];
  readonly #redact: boolean;
  readonly #memory: Memory = new Memory();

  constructor(options: HistoryGuardOptions = {}) {
    refuseUnknown(options, OPTIONS, CONSTRUCTOR);
    this.#limits = limitsOf(options, { maxTokens: Infinity, maxMessages: Infinity }, CONSTRUCTOR);
    this.#warnAt = shareOf(options.warnAt);
    this.#counter = counterOf(options.counter);
    this.#repeats = repeatsOf(options.repeats);
    this.#dialect = dialectOf(options.format);
    this.#tools = toolsOf(options.tools);
    this.#redact = redactOf(options.redact);
  }

  /**
   * Everything that is wrong with the messages, and what is missing since the last check. Never throws for what is in
   * them. What is missing is told again at each check until it is back, or declared.
   *
   * @throws {UsageError} When the counter gives no number.
   */
  check(messages: readonly unknown[]): HistoryReport {
    if (!Array.isArray(messages)) {
      const issues = [{ code: 'not-a-list', severity: 'error', hint: 'messages are a list' } as const];
      return { ok: false, format: 'unknown', messages: 0, tokens: { count: 0, isEstimate: true }, issues };
    }
    const dialect = this.#dialect ?? detect(messages);
    const transcript = read(dialect, messages);
    const scale = new TokenScale(this.#counter, dialect.format, this.#tools);
    const count = transcript.turns.reduce((sum, turn) => sum + scale.ofTurn(turn), scale.fixed);
    const tokens = { count, isEstimate: scale.isEstimate };
    const now = contentsOf(transcript, this.#redact);
    const { maxTokens, maxMessages } = this.#limits;
    const issues = [
      ...limitIssues('tokens', count, maxTokens, this.#warnAt, tokens.isEstimate),
      ...limitIssues('messages', messages.length, maxMessages, this.#warnAt, false),
      ...(this.#repeats === undefined ? [] : repeatedCalls(transcript, this.#repeats)),
      ...droppedIssues(this.#memory.next(now, dialect.format)),
    ];
    const ok = issues.every(({ severity }) => severity !== 'error');
    return { ok, format: dialect.format, messages: messages.length, tokens, issues };
  }

  /**
   * The same messages, when nothing is wrong with them but that a limit is near.
   *
   * @throws {HistoryError} When there is an issue of severity `error`; it carries all issues.
   */
  validate<Messages extends readonly unknown[]>(messages: Messages): Messages {
    const { ok, ...facts } = this.check(messages);
    if (!ok) throw new HistoryError(facts);
    return messages;
  }

  /**
   * Declares a compaction: these messages, in whatever format, may be missing from now on. Without an argument, the next
   * list is right as it is.
   */
  compacted(dropped?: readonly unknown[]): void {
    if (dropped === undefined) this.#memory.forgive();
    else this.#release(dropped);
  }

  /**
   * Messages within a budget: everything that the system says, the last question with its last step, and then as much as
   * fits, newest first. Calls stay with their results and steps with their question, so what was valid stays valid. What
   * is dropped counts as declared.
   *
   * @throws {UsageError} When the budget has an option that is none, or the messages are no list.
   */
  trim<Messages extends readonly unknown[]>(
    messages: Messages,
    budget: HistoryBudget = {},
  ): TrimmedHistory<Messages[number]> {
    refuseUnknown(budget, BUDGET, TRIM);
    const limits = limitsOf(budget, this.#limits, TRIM);
    const keepRecent = budget.keepRecent ?? 0;
    if (!Number.isSafeInteger(keepRecent) || keepRecent < 0) {
      throw wrong(`${TRIM}: keepRecent`, `cannot be ${String(keepRecent)}`, 'It is a number of messages.');
    }
    if (!Array.isArray(messages)) throw wrong(TRIM, 'messages are no list', 'Give the list of messages.');
    const dialect = this.#dialect ?? detect(messages);
    const transcript = read(dialect, messages);
    const scale = new TokenScale(this.#counter, dialect.format, this.#tools);
    const weights = transcript.turns.map((turn) => scale.ofTurn(turn));
    const stays = cut(transcript, weights, scale.fixed, { ...limits, keepRecent });
    const kept = transcript.turns.filter((_, at) => stays[at]);
    const dropped = transcript.turns.filter((_, at) => !stays[at]);
    const tokens = this.#weigh(kept, dialect);
    this.#memory.release(contentsOf(transcriptOf(dialect, dropped, transcript.read), true));
    const fits = tokens.count <= limits.maxTokens && kept.length <= limits.maxMessages;
    return { messages: kept.map(rawOf), dropped: dropped.map(rawOf), tokens, fits };

    function rawOf({ raw }: Turn): Messages[number] {
      return raw as Messages[number];
    }
  }

  #weigh(turns: readonly Turn[], { format }: Dialect): TokenCount {
    const scale = new TokenScale(this.#counter, format, this.#tools);
    const count = turns.reduce((sum, turn) => sum + scale.ofTurn(turn), scale.fixed);
    return { count, isEstimate: scale.isEstimate };
  }

  #release(dropped: readonly unknown[]): void {
    if (!Array.isArray(dropped)) {
      throw wrong(
        'HistoryGuard.compacted(dropped)',
        'dropped is no list',
        'Give the list of messages that were dropped.',
      );
    }
    const dialect = this.#dialect ?? detect(dropped);
    this.#memory.release(contentsOf(read(dialect, dropped), true));
  }
}

const CONSTRUCTOR = 'new HistoryGuard(options)';
const TRIM = 'HistoryGuard.trim(messages, budget)';

function limitsOf(given: Partial<Limits>, otherwise: Limits, place: string): Limits {
  const limitOf = (name: keyof Limits): number => {
    const value = given[name] ?? otherwise[name];
    if (typeof value === 'number' && value > 0 && (value === Infinity || Number.isSafeInteger(value))) return value;
    throw wrong(`${place}: ${name}`, `cannot be ${String(value)}`, 'It is a whole number from 1.');
  };
  return { maxTokens: limitOf('maxTokens'), maxMessages: limitOf('maxMessages') };
}

function shareOf(given: number = 0.9): number {
  if (typeof given === 'number' && given > 0 && given <= 1) return given;
  throw wrong(`${CONSTRUCTOR}: warnAt`, `cannot be ${String(given)}`, 'It is a share: above 0, and at most 1.');
}

const FEWEST_REPEATS = 3;

function repeatsOf(given: HistoryGuardOptions['repeats']): number | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return FEWEST_REPEATS;
  if (Number.isSafeInteger(given) && given >= 2) return given;
  throw wrong(`${CONSTRUCTOR}: repeats`, `cannot be ${String(given)}`, 'It is true, or a whole number from 2.');
}

/** What is no boolean is refused: somebody who writes `yes` wants nothing kept. */
function redactOf(given: boolean = false): boolean {
  if (typeof given === 'boolean') return given;
  throw wrong(`${CONSTRUCTOR}: redact`, `cannot be ${shown(given)}`, 'It is true or false.');
}

function toolsOf(given: readonly unknown[] = []): readonly unknown[] {
  if (Array.isArray(given)) return [...given];
  throw wrong(`${CONSTRUCTOR}: tools`, 'is no list', 'Give the tools as the provider gets them, as a list.');
}

function dialectOf(format: HistoryGuardOptions['format'] = 'auto'): Dialect | undefined {
  if (format === 'auto') return undefined;
  const dialect = dialects.find((one) => one.format === format);
  if (dialect !== undefined) return dialect;
  const known = dialects.map((one) => one.format).join(', ');
  throw wrong(
    `${CONSTRUCTOR}: format`,
    `there is no format ${JSON.stringify(format)}`,
    `The formats are auto, ${known}.`,
  );
}

function refuseUnknown(given: object, known: readonly string[], place: string): void {
  if (!isMembers(given)) throw wrong(place, `the options cannot be ${shown(given)}`, `They are ${known.join(', ')}.`);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const meant = nearest(unknown, known);
  const remedy = meant === undefined ? `There are ${known.join(', ')}.` : `Did you mean ${meant}?`;
  throw wrong(place, `there is no option ${JSON.stringify(unknown)}`, remedy);
}

function wrong(place: string, problem: string, remedy: string): UsageError {
  return new UsageError({ place, problem, remedy });
}

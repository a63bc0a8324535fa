import { inputOf } from './answer.js';
import { detect } from './detect.js';
import { Draft } from './draft.js';
import { dialects, profiles } from './formats.js';
import type { CallPart, TranscriptFormat, Turn } from './graph.js';
import { defaultPolicies, type Truth } from './policies.js';
import { read } from './read.js';
import { repairAll } from './repair.js';
import { unansweredCall } from './rules/pairing.js';
import type { Transcript } from './transcript.js';

/** A call that the model made last and nothing answers yet. */
export interface OpenCall {
  /** Absent in formats that pair calls and results without ids, and where the model gave none. */
  readonly id: string | undefined;
  readonly name: string | undefined;
  /** JSON text is parsed where it can be. */
  readonly input: unknown;
  /** Whether the arguments can be read: they are a value, JSON text, or the text of a custom tool. */
  readonly isReadable: boolean;
}

/** The end of a conversation, with the calls that wait for their results. */
export interface OpenTurn<Message> {
  readonly format: TranscriptFormat;
  /** In the order of the messages. */
  readonly calls: readonly OpenCall[];
  /**
   * The messages with a result for each of them, in their order, and repaired: a provider takes them. Messages that need
   * neither are the same objects.
   *
   * @param answers - one for each call.
   */
  answer(answers: readonly Truth[]): Message[];
}

const OF_IDS: ReadonlySet<string> = new Set([
  'missing-call-id',
  'missing-result-id',
  'duplicate-call-id',
  'reused-call-id',
  'invalid-id',
  'id-too-long',
]);

const nobodyKnows = (): undefined => undefined;

/** Reads what a model called last. What was left unanswered before somebody spoke again is not run: that is repaired. */
export function openTurn<Messages extends readonly unknown[]>(
  messages: Messages,
  format: 'auto' | TranscriptFormat = 'auto',
): OpenTurn<Messages[number]> {
  const dialect = dialects.find((one) => one.format === format) ?? detect(messages);
  const profile = profiles.find((one) => one.format === dialect.format)!;
  // Two calls under one id would be one to whoever records them, and their results could not be told apart.
  const ids = { ...profile, rules: profile.rules.filter(({ code }) => OF_IDS.has(code)) };
  const { transcript } = repairAll(read(dialect, messages), ids, defaultPolicies, nobodyKnows);
  const begin = lastTurns(transcript);
  const open = unansweredCall.find(transcript).filter(({ turn }) => turn >= begin);
  const calls = open.map(({ turn, part }) => callOf(transcript.turns[turn]!.parts[part!] as CallPart));
  return {
    format: dialect.format,
    calls,
    answer(answers) {
      const draft = new Draft(transcript, unansweredCall.code);
      // Asked for each call in its turn.
      let next = 0;
      const truthOf = (): Truth | undefined => answers[next++];
      unansweredCall.repair?.(open, draft, { transcript, policies: defaultPolicies, truthOf });
      // What the model left broken beside its calls, and what was left open before, is mended with the rest.
      const { transcript: mended } = repairAll(draft.commit(), profile, defaultPolicies, nobodyKnows);
      return mended.turns.map(({ raw }) => raw as Messages[number]);
    },
  };
}

/** Where the turns begin in which nobody but the model and its tools has spoken. */
function lastTurns({ turns }: Transcript): number {
  let begin = turns.length;
  while (begin > 0 && isOfTheModel(turns[begin - 1]!)) begin -= 1;
  return begin;
}

function isOfTheModel({ role, parts }: Turn): boolean {
  if (role === 'assistant' || role === 'tool') return true;
  return role === 'user' && parts.length > 0 && parts.every(({ kind }) => kind === 'result');
}

function callOf(call: CallPart): OpenCall {
  const input = inputOf(call);
  const isReadable = typeof call.input !== 'string' || call.isFreeText === true || typeof input !== 'string';
  return { id: call.id, name: call.name, input, isReadable };
}

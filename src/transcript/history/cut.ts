import type { Role, Turn } from '../graph.js';
import type { Transcript } from '../transcript.js';

/** What may stay. */
export interface CutLimits {
  readonly maxTokens: number;
  readonly maxMessages: number;
  /** The last so many messages stay whatever it costs. */
  readonly keepRecent: number;
}

/** Turns that stay or go together. Positions in the list; `to` is included. */
interface Segment {
  readonly from: number;
  to: number;
  /** Somebody asks: it begins a round, and the steps behind it mean nothing without it. */
  readonly isQuestion: boolean;
}

/** A question and the steps that answer it. */
interface Round {
  readonly questions: Segment[];
  readonly steps: Segment[];
}

/**
 * Which turns stay: what the system says, the last question with its last step, then further steps and rounds, newest
 * first, as long as they fit. A step is what the model says and calls in one go, with every result of it, so that nothing
 * is orphaned and reasoning stays beside what it produced. Whole rounds stay or go, except the oldest that stays: it may
 * lose its first steps, not its question. So a list that began with a question still does.
 */
export function cut(transcript: Transcript, weights: readonly number[], fixed: number, limits: CutLimits): boolean[] {
  const { turns } = transcript;
  const stays = turns.map(({ role }) => role === 'system');
  let tokens = fixed;
  let messages = 0;
  const weigh = ({ from, to }: Segment): { tokens: number; messages: number } => {
    const sum = { tokens: 0, messages: 0 };
    for (let at = from; at <= to; at += 1) {
      if (stays[at]) continue;
      sum.tokens += weights[at]!;
      sum.messages += 1;
    }
    return sum;
  };
  const keep = (segment: Segment): void => {
    const added = weigh(segment);
    tokens += added.tokens;
    messages += added.messages;
    stays.fill(true, segment.from, segment.to + 1);
  };
  const fits = (segments: readonly Segment[]): boolean => {
    const sums = segments.map(weigh);
    const moreTokens = sums.reduce((sum, one) => sum + one.tokens, 0);
    const moreMessages = sums.reduce((sum, one) => sum + one.messages, 0);
    return tokens + moreTokens <= limits.maxTokens && messages + moreMessages <= limits.maxMessages;
  };
  turns.forEach((_, at) => {
    if (!stays[at]) return;
    tokens += weights[at]!;
    messages += 1;
  });

  const rounds = roundsOf(segmentsOf(transcript));
  const recentFrom = turns.length - limits.keepRecent;
  for (const [at, { questions, steps }] of [...rounds.entries()].reverse()) {
    const must = steps.filter(
      ({ to }, step) => to >= recentFrom || (at === rounds.length - 1 && step === steps.length - 1),
    );
    const needed = must.length > 0 || at === rounds.length - 1 || questions.some(({ to }) => to >= recentFrom);
    const last = steps.at(-1);
    if (!needed && !fits(last === undefined ? questions : [...questions, last])) break;
    for (const segment of [...questions, ...must]) keep(segment);
    const rest = steps.slice(0, steps.length - must.length);
    let isWhole = true;
    while (isWhole && rest.length > 0) {
      isWhole = fits([rest.at(-1)!]);
      if (isWhole) keep(rest.pop()!);
    }
    // What is older would stand before a gap.
    if (!isWhole) break;
  }
  return stays;
}

function roundsOf(segments: readonly Segment[]): Round[] {
  const rounds: Round[] = [];
  let hasSteps = true;
  for (const segment of segments) {
    if (rounds.length === 0 || (segment.isQuestion && hasSteps)) {
      rounds.push({ questions: [], steps: [] });
      hasSteps = false;
    }
    const round = rounds.at(-1)!;
    if (segment.isQuestion) round.questions.push(segment);
    else {
      round.steps.push(segment);
      hasSteps = true;
    }
  }
  return rounds;
}

function segmentsOf({ turns, links }: Transcript): Segment[] {
  /** By position: how far what begins there must reach, so that calls keep their results. */
  const reach = turns.map((_, at) => at);
  for (const { turn, answer, stray } of links.calls) {
    for (const other of [answer?.turn, stray?.turn]) {
      if (other === undefined) continue;
      const first = Math.min(turn, other);
      reach[first] = Math.max(reach[first]!, turn, other);
    }
  }
  const segments: Segment[] = [];
  let end = -1;
  let before: Role | undefined;
  turns.forEach((turn, at) => {
    if (turn.role === 'system' && at > end) return;
    const current = segments.at(-1);
    if (at <= end || (current !== undefined && !begins(turn, before, current))) {
      current!.to = at;
    } else {
      segments.push({ from: at, to: at, isQuestion: isQuestion(turn) });
    }
    end = Math.max(end, reach[at]!);
    before = turn.role;
  });
  return segments;
}

/** The model goes on in the same step until somebody else has spoken. What nobody understands belongs to what is before it. */
function begins(turn: Turn, before: Role | undefined, current: Segment): boolean {
  if (isQuestion(turn)) return true;
  return turn.role === 'assistant' && (before !== 'assistant' || current.isQuestion);
}

function isQuestion({ role, parts }: Turn): boolean {
  return role === 'user' && !(parts.length > 0 && parts.every(({ kind }) => kind === 'result'));
}

import type { Dialect } from './dialect.js';
import type { CallPart, ResultPart, Turn } from './graph.js';

/** Where a part is: positions in the graph's turns, which a repair shifts, unlike `turn.index`. */
export interface Place {
  readonly turn: number;
  readonly part: number;
}

/** A call, and the result it has. */
export interface LinkedCall extends Place {
  readonly call: CallPart;
  /** In its place: a provider takes it as this call's answer. */
  answer: LinkedResult | undefined;
  /** Elsewhere: it answers this call, and no provider would see it. */
  stray: LinkedResult | undefined;
}

/** A result, and what it answers. */
export interface LinkedResult extends Place {
  readonly result: ResultPart;
  /**
   * `answers`: its call, in place. `misplaced`: its call, elsewhere. `duplicate`: its call has another result already.
   * `orphan`: no call has its id.
   */
  verdict: 'answers' | 'misplaced' | 'duplicate' | 'orphan';
  call: LinkedCall | undefined;
}

/** Which result answers which call. Made in time linear in the number of parts. */
export interface Links {
  readonly calls: readonly LinkedCall[];
  readonly results: readonly LinkedResult[];
  /** By position of the turn that has the calls: the last turn that may hold their results, as the list is now. */
  readonly windowEnd: ReadonlyMap<number, number>;
}

/** The key by which results find calls: the id; for the obsolete form without ids the name, marked so that it is no id. */
function keyOf(part: CallPart | ResultPart): string | undefined {
  if (part.legacy !== true) return part.id;
  return part.name === undefined ? undefined : `\u0000${part.name}`;
}

export function linkOf(turns: readonly Turn[], dialect: Dialect): Links {
  const calls: LinkedCall[] = [];
  const results: LinkedResult[] = [];
  turns.forEach((turn, turnAt) => {
    turn.parts.forEach((part, partAt) => {
      if (part.kind === 'call') {
        calls.push({ turn: turnAt, part: partAt, call: part, answer: undefined, stray: undefined });
      } else if (part.kind === 'result') {
        results.push({ turn: turnAt, part: partAt, result: part, verdict: 'orphan', call: undefined });
      }
    });
  });
  const windowEnd = windowsOf(turns, dialect, calls);
  linkInPlace(turns, calls, results, windowEnd, dialect.answers.window === 'inline');
  linkStrays(turns, calls, results);
  return { calls, results, windowEnd };
}

/** For each turn with calls: how far its answers may stand. A later turn with calls closes no window by itself. */
function windowsOf(turns: readonly Turn[], dialect: Dialect, calls: readonly LinkedCall[]): Map<number, number> {
  const ends = new Map<number, number>();
  const { window } = dialect.answers;
  const last = turns.length - 1;
  // From the end to the beginning, so that each turn knows at once where the run behind it ends.
  let toolRun = last;
  let boundary = last;
  let call = calls.length - 1;
  for (let at = last; at >= 0; at -= 1) {
    if (calls[call]?.turn === at) {
      while (calls[call]?.turn === at) call -= 1;
      if (window === 'inline') ends.set(at, at);
      else if (window === 'anywhere') ends.set(at, last);
      else if (window === 'next-turn') ends.set(at, turns[at + 1]?.role === 'user' ? at + 1 : at);
      else if (window === 'tool-turns') ends.set(at, turns[at + 1]?.role === 'tool' ? toolRun : at);
      else ends.set(at, boundary);
    }
    const role = turns[at]!.role;
    if (role !== 'tool') toolRun = at - 1;
    else if (turns[at + 1]?.role !== 'tool') toolRun = at;
    if (role === 'user' || role === 'system' || role === 'unknown') boundary = at - 1;
  }
  return ends;
}

/** In order of the list: a result answers the oldest open call with its id whose window reaches as far as the result. */
function linkInPlace(
  turns: readonly Turn[],
  calls: readonly LinkedCall[],
  results: readonly LinkedResult[],
  windowEnd: ReadonlyMap<number, number>,
  inline: boolean,
): void {
  const open = new Map<string, LinkedCall[]>();
  let next = 0;
  for (const result of results) {
    for (let call = calls[next]; call !== undefined && before(call, result); call = calls[++next]) {
      const key = keyOf(call.call);
      if (key !== undefined) list(open, key).push(call);
    }
    // Beside each other, call and result are of one part, whatever its id.
    const beside = inline ? calls[next - 1] : undefined;
    if (beside !== undefined && beside.call.raw === result.result.raw) {
      beside.answer = result;
      result.call = beside;
      result.verdict = 'answers';
      continue;
    }
    const key = keyOf(result.result);
    const waiting = key === undefined ? undefined : open.get(key);
    if (waiting === undefined) continue;
    while (waiting.length > 0 && endOf(waiting[0]!, windowEnd, inline) < result.turn) waiting.shift();
    const call = waiting[0];
    if (call === undefined || !mayAnswer(turns, call, result, inline)) continue;
    call.answer = result;
    result.call = call;
    result.verdict = 'answers';
    waiting.shift();
  }
}

/** What the provider runs itself may end in a later turn. */
function endOf(call: LinkedCall, windowEnd: ReadonlyMap<number, number>, inline: boolean): number {
  if (call.call.executedBy === 'provider' && !inline) return Number.POSITIVE_INFINITY;
  return windowEnd.get(call.turn) ?? call.turn;
}

/** The assistant answers only what the provider ran; the rest is answered by whoever ran it. */
function mayAnswer(turns: readonly Turn[], call: LinkedCall, result: LinkedResult, inline: boolean): boolean {
  if (inline) return true;
  // What the provider ran, it answers itself, where the assistant speaks.
  if (call.call.executedBy === 'provider') return turns[result.turn]!.role === 'assistant';
  return turns[call.turn]!.role === 'assistant' && turns[result.turn]!.role !== 'assistant';
}

/** Results out of place: to the nearest open call before them with the same id, else after them, else they are too many. */
function linkStrays(turns: readonly Turn[], calls: readonly LinkedCall[], results: readonly LinkedResult[]): void {
  // Mostly there is none, and then nothing is looked up.
  const strays = results.filter(({ verdict }) => verdict !== 'answers');
  if (strays.length === 0) return;
  const wanted = new Set(strays.map(({ result }) => keyOf(result)));
  const byKey = new Map<string, LinkedCall[]>();
  const openFrom = new Map<string, LinkedCall[]>();
  for (const call of calls) {
    const key = keyOf(call.call);
    if (key === undefined || !wanted.has(key) || turns[call.turn]!.role !== 'assistant') continue;
    list(byKey, key).push(call);
    if (call.answer === undefined) list(openFrom, key).push(call);
  }
  for (const result of strays) {
    const key = keyOf(result.result);
    const all = key === undefined ? undefined : byKey.get(key);
    if (key === undefined || all === undefined) continue;
    const call = openFrom.get(key)?.shift();
    if (call === undefined) {
      result.verdict = 'duplicate';
      result.call = all[0];
      continue;
    }
    result.verdict = 'misplaced';
    result.call = call;
    call.stray = result;
  }
}

function before(call: Place, result: Place): boolean {
  return call.turn < result.turn || (call.turn === result.turn && call.part < result.part);
}

function list<Value>(map: Map<string, Value[]>, key: string): Value[] {
  let found = map.get(key);
  if (found === undefined) {
    found = [];
    map.set(key, found);
  }
  return found;
}

import { isDeepStrictEqual } from 'node:util';
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

/** In order of the list: a result answers the nearest open call with its id whose window reaches as far as the result. */
function linkInPlace(
  turns: readonly Turn[],
  calls: readonly LinkedCall[],
  results: readonly LinkedResult[],
  windowEnd: ReadonlyMap<number, number>,
  inline: boolean,
): void {
  const open = new OpenCalls(turns);
  let next = 0;
  for (const result of results) {
    for (let call = calls[next]; call !== undefined && before(call, result); call = calls[++next]) open.add(call);
    // Beside each other, call and result are of one part, whatever its id.
    const beside = inline ? calls[next - 1] : undefined;
    if (beside !== undefined && beside.call.raw === result.result.raw) {
      beside.answer = result;
      result.call = beside;
      result.verdict = 'answers';
      continue;
    }
    const call = open.nearest(result, (one) => endOf(one, windowEnd, inline) >= result.turn);
    if (call === undefined || !mayAnswer(turns, call, result, inline)) continue;
    call.answer = result;
    result.call = call;
    result.verdict = 'answers';
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
  const candidates = calls.filter(
    ({ call, turn }) => wanted.has(keyOf(call)) && keyOf(call) !== undefined && turns[turn]!.role === 'assistant',
  );
  const open = new OpenCalls(turns);
  const early: LinkedResult[] = [];
  let next = 0;
  for (const result of strays) {
    for (let call = candidates[next]; call !== undefined && before(call, result); call = candidates[++next])
      open.add(call);
    const call = open.nearest(result, () => true);
    if (call !== undefined) misplace(result, call);
    else early.push(result);
  }
  const byKey = new Map<string, LinkedCall[]>();
  for (const call of candidates) list(byKey, keyOf(call.call)!).push(call);
  const from = new Map<string, number>();
  for (const result of early) {
    const key = keyOf(result.result);
    const all = key === undefined ? undefined : byKey.get(key);
    if (key === undefined || all === undefined) continue;
    let at = from.get(key) ?? 0;
    while (all[at] !== undefined && (!isOpen(all[at]!) || before(all[at]!, result))) at += 1;
    from.set(key, at);
    if (all[at] !== undefined) misplace(result, all[at]!);
    else {
      result.verdict = 'duplicate';
      result.call = all.findLast((call) => before(call, result)) ?? all[0];
    }
  }
}

function misplace(result: LinkedResult, call: LinkedCall): void {
  result.verdict = 'misplaced';
  result.call = call;
  call.stray = result;
}

function isOpen({ answer, stray }: LinkedCall): boolean {
  return answer === undefined && stray === undefined;
}

/**
 * The calls before a place, by id. Where several have the same one, a result is of those made last: of the calls after
 * which nobody but the assistant has spoken. Among these it is of the first, as results come in the order of their calls.
 */
class OpenCalls {
  readonly #byKey = new Map<string, { readonly rounds: Round[]; last: LinkedCall }>();
  readonly #turns: readonly Turn[];
  #spoken: Int32Array | undefined;

  constructor(turns: readonly Turn[]) {
    this.#turns = turns;
  }

  add(call: LinkedCall): void {
    const key = keyOf(call.call);
    if (key === undefined) return;
    const same = this.#byKey.get(key);
    if (same === undefined) {
      this.#byKey.set(key, { rounds: [{ calls: [call], next: 0 }], last: call });
      return;
    }
    const round = same.rounds.at(-1);
    if (round !== undefined && this.#isTogether(round.calls[0]!, call)) round.calls.push(call);
    else same.rounds.push({ calls: [call], next: 0 });
    same.last = call;
  }

  /** Whether nobody but the assistant speaks between them. Mostly no id comes twice, and then nothing is counted. */
  #isTogether(one: LinkedCall, other: LinkedCall): boolean {
    if (this.#spoken === undefined) {
      let count = 0;
      this.#spoken = Int32Array.from(this.#turns, ({ role }) => (role === 'assistant' ? count : count++));
    }
    return this.#spoken[one.turn] === this.#spoken[other.turn];
  }

  /** `reaches`: whether it may still be answered; what may not be, may not be later. */
  nearest({ result }: LinkedResult, reaches: (call: LinkedCall) => boolean): LinkedCall | undefined {
    const key = keyOf(result);
    const same = key === undefined ? undefined : this.#byKey.get(key);
    if (same === undefined) return undefined;
    const { rounds, last } = same;
    // The same once more: it is not what an older call is waiting for.
    const given = last.answer ?? last.stray;
    if (given !== undefined && isSame(given.result.output, result.output)) return undefined;
    for (let round = rounds.at(-1); round !== undefined; round = rounds.at(-1)) {
      const { calls } = round;
      while (calls[round.next] !== undefined && !(isOpen(calls[round.next]!) && reaches(calls[round.next]!)))
        round.next += 1;
      if (round.next < calls.length) return calls[round.next];
      rounds.pop();
    }
    return undefined;
  }
}

/** Calls with one id, made together. */
interface Round {
  readonly calls: LinkedCall[];
  /** The first that may be open. */
  next: number;
}

/** Whether two outputs say the same. What is too deep to be compared does not. */
export function isSame(one: unknown, other: unknown): boolean {
  try {
    return isDeepStrictEqual(one, other);
  } catch {
    return false;
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

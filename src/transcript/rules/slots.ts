import type { Draft } from '../draft.js';
import type { ResultPart, Turn } from '../graph.js';
import type { LinkedResult } from '../links.js';
import type { Transcript } from '../transcript.js';

/** Whether a turn has nothing but results of one turn's calls. */
export function isWhole({ parts }: Turn, results: readonly LinkedResult[]): boolean {
  return results.length === parts.length && results.every(({ call }) => call?.turn === results[0]?.call?.turn);
}

/** Where results go: the one thing that differs between formats when something is put behind a call. */
export class Slots {
  readonly #draft: Draft;
  readonly #transcript: Transcript;
  /** By turn of the calls: the turn that new results of it share. */
  readonly #shared = new Map<number, { parts: ResultPart[] }>();
  /** Turns of calls behind which a turn of results was moved as a whole. */
  readonly #moved = new Set<number>();
  /** By turn of a call that is an item: the last of the calls beside it. */
  readonly #ends = new Map<number, number>();
  /** Turns that go elsewhere, as far as one can tell beforehand. */
  leaving: ReadonlySet<number> = new Set();

  constructor(draft: Draft, transcript: Transcript) {
    this.#draft = draft;
    this.#transcript = transcript;
  }

  /** Moves results of one turn to their calls: the whole turn, as it is, where it has nothing else and fits there. */
  move(results: readonly LinkedResult[]): void {
    const { turns } = this.#transcript;
    const [{ turn, call }] = results as readonly [LinkedResult];
    const from = turns[turn]!;
    const isOfProvider = results.some((one) => this.#isOfProvider(one.call!));
    if (!isOfProvider && isWhole(from, results) && this.#fitsBehind(call!.turn, from)) {
      this.#draft.take(turn);
      this.#draft.putBehind(this.#endOf(call!.turn), from);
      return;
    }
    for (const one of results) {
      this.#draft.take(turn, one.part);
      this.put(one.call!, one.result);
    }
  }

  /** In formats where one turn has all results, none may stand there already. */
  #fitsBehind(turn: number, moved: Turn): boolean {
    const { turns, dialect } = this.#transcript;
    const { place, role } = dialect.answers;
    if (place === 'inline' || moved.role !== role) return false;
    if (place === 'own-turn' || role === 'tool') return true;
    const taken = turns[turn + 1]?.role === role && !this.leaving.has(turn + 1);
    if (taken || this.#moved.has(turn)) return false;
    this.#moved.add(turn);
    return !this.#shared.has(turn);
  }

  put(call: { readonly turn: number; readonly part?: number }, result: ResultPart): void {
    const { turns, dialect } = this.#transcript;
    const { place, role } = dialect.answers;
    // What the provider ran has its result where the assistant speaks.
    if (place === 'inline' || this.#isOfProvider(call)) {
      this.#draft.putBehindPart(call.turn, call.part!, result);
      return;
    }
    const next = turns[call.turn + 1];
    if (place === 'shared-turn' && next?.role === role) {
      // Behind the results that are there: where ids do not pair them, their order does.
      const stays = !this.leaving.has(call.turn + 1);
      const last = stays ? next.parts.findLastIndex(({ kind }) => kind === 'result') : -1;
      if (last >= 0) this.#draft.putBehindPart(call.turn + 1, last, result);
      else if (role === 'user') this.#draft.putFirst(call.turn + 1, result);
      else this.#draft.putLast(call.turn + 1, result);
      return;
    }
    const shared = place === 'shared-turn' ? this.#shared.get(call.turn) : undefined;
    if (shared !== undefined) {
      shared.parts.push(result);
      return;
    }
    const turn = { ...emptyTurn(role), parts: [result] };
    this.#shared.set(call.turn, turn);
    this.#draft.putBehind(this.#endOf(call.turn), turn);
  }

  #isOfProvider(place: { readonly turn: number; readonly part?: number }): boolean {
    const call = this.#transcript.turns[place.turn]!.parts[place.part!];
    return call?.kind === 'call' && call.executedBy === 'provider';
  }

  /** The turn behind which a new result goes: the last of those that hold results of these calls already. */
  #endOf(turn: number): number {
    const { links, turns, dialect } = this.#transcript;
    if (dialect.answers.window === 'tool-turns') return links.windowEnd.get(turn) ?? turn;
    if (dialect.answers.window !== 'anywhere') return turn;
    // Calls of one answer are items beside each other; results go behind the last of them.
    let end = turn;
    while (!this.#ends.has(end) && isCall(turns[end + 1])) end += 1;
    end = this.#ends.get(end) ?? end;
    for (let at = turn; at <= end && !this.#ends.has(at); at += 1) this.#ends.set(at, end);
    return end;
  }
}

function isCall(turn: Turn | undefined): boolean {
  return turn?.role === 'assistant' && turn.parts[0]?.kind === 'call';
}

export function userTurn({ dialect }: Transcript, text: string): Turn {
  return { ...emptyTurn('user'), parts: [dialect.text(text)] };
}

function emptyTurn(role: Turn['role']): Turn & { parts: ResultPart[] } {
  return { role, label: role, index: -1, raw: undefined, parts: [], flaws: [] };
}

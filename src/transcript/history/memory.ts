import type { TranscriptFormat } from '../graph.js';
import type { Content } from './content.js';
import { joined, printKey, type TextPrint } from './text-print.js';

/** How many texts one text may have been joined from. */
const MOST_JOINED = 64;
/** Of what was lost and not declared, this many are remembered. */
const MOST_LOST = 10_000;

/** Formats that keep what the system says outside of the list. */
const withoutSystem: ReadonlySet<TranscriptFormat> = new Set(['anthropic', 'gemini']);

/**
 * What of `before` is not in `now`. Each content counts as often as it is there; places do not count. A result is there
 * as long as somebody says it, unless its call is answered with another one now.
 */
function missingFrom(before: readonly Content[], now: readonly Content[]): Content[] {
  const left = countsOf(now, exactKey);
  const gone = before.filter((one) => !takes(left, exactKey(one)));
  if (gone.length === 0) return gone;
  const fresh = now.filter((one) => takes(left, exactKey(one)));
  const missing = withoutResults(gone, fresh);
  if (!missing.some(({ kind }) => kind === 'text')) return missing;
  // A conversion may have joined several texts, or split one.
  const found = new Set([...puzzle(missing, fresh).pieces, ...puzzle(fresh, missing).wholes]);
  return missing.filter((one) => !found.has(one));
}

/** Without the results that are still said: to the same call, to none, or to another while their own has none. */
function withoutResults(gone: readonly Content[], fresh: readonly Content[]): Content[] {
  const results = fresh.filter(({ kind }) => kind === 'result');
  const orphaned = countsOf(
    results.filter(({ of }) => of === undefined),
    keyOf,
  );
  const paired = countsOf(
    results.filter(({ of }) => of !== undefined),
    keyOf,
  );
  const answered = new Set(results.map(({ of }) => of));
  return gone.filter(({ kind, key, of }) => {
    if (kind !== 'result') return true;
    if (takes(orphaned, key)) return false;
    return (of !== undefined && answered.has(of)) || !takes(paired, key);
  });
}

function keyOf({ key }: Content): string {
  return key;
}

function exactKey({ key, of }: Content): string {
  return of === undefined ? key : `${key} of ${of}`;
}

function countsOf(contents: readonly Content[], by: (content: Content) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of contents) {
    const key = by(one);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Takes one away, if one is left. */
function takes(counts: Map<string, number>, key: string): boolean {
  const count = counts.get(key) ?? 0;
  if (count > 0) counts.set(key, count - 1);
  return count > 0;
}

/** Texts that follow each other and, joined, are one of the others. */
function puzzle(
  pieces: readonly Content[],
  wholes: readonly Content[],
): { readonly pieces: readonly Content[]; readonly wholes: readonly Content[] } {
  const open = new Map<string, Content[]>();
  for (const whole of wholes) {
    if (whole.print === undefined) continue;
    const same = open.get(whole.key);
    if (same === undefined) open.set(whole.key, [whole]);
    else same.push(whole);
  }
  const used: Content[] = [];
  const made: Content[] = [];
  if (open.size === 0) return { pieces: used, wholes: made };
  const texts = pieces.filter(({ print }) => print !== undefined);
  let from = 0;
  while (from < texts.length) {
    const { role } = texts[from]!;
    let print: TextPrint = texts[from]!.print!;
    let to = from;
    let whole: Content | undefined;
    while (whole === undefined && to + 1 < texts.length && texts[to + 1]!.role === role && to - from < MOST_JOINED) {
      to += 1;
      print = joined(print, texts[to]!.print!);
      whole = open.get(`text ${role} ${printKey(print)}`)?.shift();
    }
    if (whole !== undefined) {
      used.push(...texts.slice(from, to + 1));
      made.push(whole);
    }
    from = whole === undefined ? from + 1 : to + 1;
  }
  return { pieces: used, wholes: made };
}

/** What a guard remembers of the lists that it saw: hashes, and how texts begin. Never the messages. */
export class Memory {
  #contents: readonly Content[] = [];
  /** Gone without a word. It is missed until it is declared, or back. */
  #lost: readonly Content[] = [];
  #isForgiving = false;

  /** Takes in the next list, and answers what is missing from it. */
  next(now: readonly Content[], format: TranscriptFormat): readonly Content[] {
    if (this.#isForgiving) this.forget();
    const missing = missingFrom([...this.#lost, ...this.#contents], now);
    this.#lost = missing.filter((one) => isMissed(one, format)).slice(-MOST_LOST);
    this.#contents = now.filter(({ isLoose }) => isLoose !== true);
    return this.#lost;
  }

  /** These may be missing from now on. */
  release(dropped: readonly Content[]): void {
    const count = this.#lost.length;
    const all = [...this.#lost, ...this.#contents];
    const kept = new Set(missingFrom(all, dropped));
    this.#lost = all.slice(0, count).filter((one) => kept.has(one));
    this.#contents = all.slice(count).filter((one) => kept.has(one));
  }

  /** The next list is right as it is. */
  forgive(): void {
    this.#isForgiving = true;
  }

  forget(): void {
    this.#contents = [];
    this.#lost = [];
    this.#isForgiving = false;
  }
}

function isMissed({ kind, role, format: seenIn }: Content, format: TranscriptFormat): boolean {
  if (seenIn === format) return true;
  // What only one format has, no other can keep.
  if (kind === 'other') return false;
  return !(role === 'system' && withoutSystem.has(format));
}

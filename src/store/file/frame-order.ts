import type { Origin } from './log-entry.js';

/** Bytes that a crash left behind and that stand for nothing. */
export interface Gap {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Finds frames that are missing or doubled, and places that were whole when somebody flushed them and are
 * not any more. A checksum cannot: each frame that is there may well be whole.
 */
export class FrameOrder {
  readonly gaps: Gap[] = [];
  readonly #writers = new Map<string, { sequence: number; gaps: number }>();

  /** What is wrong with a frame of this origin that stands next in the log, at `offset`; undefined when nothing is. */
  problemWith([writer, sequence, flushed, skipped]: Origin, offset: number): string | undefined {
    if (flushed > offset)
      return `it was written behind ${flushed} bytes that had been flushed, and only ${offset} are there`;
    let gaps = this.gaps.length;
    while (gaps > 0 && this.gaps[gaps - 1]!.offset >= flushed) gaps--;
    if (gaps !== skipped) {
      return `${skipped} damaged places were known before byte ${flushed} when it was written, and now there are ${gaps}`;
    }
    const last = this.#writers.get(writer);
    if (sequence <= (last?.sequence ?? 0)) return `frame ${sequence} of its writer stands there twice`;
    // Frames may be missing only where a crash has left its mark since.
    if (sequence > (last?.sequence ?? 0) + 1 && this.gaps.length === (last?.gaps ?? 0)) {
      return `frame ${(last?.sequence ?? 0) + 1} of its writer is missing before it`;
    }
    this.note(writer, sequence);
    return undefined;
  }

  /** Takes note of a frame that is in its place. */
  note(writer: string, sequence: number): void {
    const last = this.#writers.get(writer);
    if (last === undefined) this.#writers.set(writer, { sequence, gaps: this.gaps.length });
    else {
      last.sequence = sequence;
      last.gaps = this.gaps.length;
    }
  }
}

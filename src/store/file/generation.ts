import { StoreDamagedError, StoreFormatError } from '../../errors/store.js';
import { STORE_FORMAT } from '../contract.js';
import { BROKEN, encodeFrame, findFrame, frameEnd, payloadOf, unexplained } from './frame.js';
import { FrameOrder, type Gap } from './frame-order.js';
import { type Entry, type KeptRecord, type LoggedEntry, type OpeningEntry, type Origin, textOf } from './log-entry.js';
import type { FileFacts, LogFile } from './log-file.js';
import type { LogState, Verdict } from './log-state.js';

/** What became of an entry: the verdict on a transaction, or for each renewal whether its lease is held. */
export type Outcome = Verdict | readonly boolean[];

/** Is told what became of this writer's entries, as the log is read past them. False: nothing behind is to be read. */
export type OnOwn = (sequence: number, outcome: Outcome) => boolean;

/** How much is read at once: what the event loop is kept from other work for is a few milliseconds. */
const CHUNK = 1 << 20;

/** One log file, and the state that its part read so far gives. */
export class Generation {
  readonly file: LogFile;
  readonly number: number;
  readonly state: LogState;
  /** Everything before it has been read and applied. */
  read = 0;
  /** The size the file was last found to have. */
  seen = 0;
  /** How large it was when it was created. */
  base = 0;
  /** What its first frame says. */
  opening: OpeningEntry | undefined;
  readonly #writer: string;
  readonly #order = new FrameOrder();
  readonly #onGap: (gap: Gap) => void;
  #sequence = 0;
  #frames = 0;
  /** While a large part of the log is read; a chunk of memory for each read would be most of what is to be collected. */
  #chunk: Buffer | undefined;
  #keptLeft = 0;
  #flushed = 0;
  #flushedGaps = 0;

  constructor(file: LogFile, number: number, state: LogState, writer: string, onGap: (gap: Gap) => void) {
    this.file = file;
    this.number = number;
    this.state = state;
    this.#writer = writer;
    this.#onGap = onGap;
  }

  /** More bytes than a successor takes: JSON spells a character with up to six, and not with more than stand here. */
  get successorBytes(): number {
    return Math.min(2 * this.read, 6 * this.state.liveBytes);
  }

  /** What the file is like now. */
  look(): FileFacts {
    const facts = this.file.facts();
    if (facts.size < this.read)
      throw this.#damage(facts.size, `the file was ${this.read} bytes long and has become shorter`);
    this.seen = facts.size;
    return facts;
  }

  /** Makes the next frame of ours. It is in the log only once it has been appended. */
  frame(entryOf: (origin: Origin) => Entry): Buffer {
    const origin: Origin = [this.#writer, ++this.#sequence, this.#flushed, this.#flushedGaps];
    return encodeFrame(JSON.stringify(entryOf(origin)));
  }

  /** Takes back the numbers of frames that are certain not to be in the log. */
  takeBack(firstSequence: number): void {
    this.#sequence = firstSequence - 1;
  }

  /** States that everything read so far is known to be on the disk. */
  markFlushed(): void {
    if (!this.file.flushes) return;
    this.#flushed = this.read;
    this.#flushedGaps = this.#order.gaps.length;
  }

  /**
   * Applies an entry of ours that is known to stand next in the log, without reading it back.
   *
   * @returns undefined when the generation had ended before it.
   */
  applyOwn(entry: LoggedEntry, texts: readonly string[], end: number): Outcome | undefined {
    if (this.state.sealed) return undefined;
    this.#order.note(this.#writer, entry[1][1]);
    this.#frames++;
    this.read = end;
    return this.#outcomeOf(entry, texts);
  }

  /**
   * Reads and applies what stands before `to`, or the part of it that is at hand in one piece of time.
   * An end that is not whole is left for later: somebody may be writing it, and nobody can tell.
   *
   * @returns whether there is more to read before `to`.
   * @throws StoreDamagedError when something stands there that no crash explains.
   */
  readSome(to: number, onOwn: OnOwn): boolean {
    for (let length = CHUNK; this.read < to && !this.state.sealed; length *= 4) {
      const rest = to - this.read;
      if (rest > CHUNK) this.#chunk ??= Buffer.allocUnsafeSlow(CHUNK);
      const bytes = this.file.read(this.read, Math.min(length, rest), this.#chunk);
      if (rest <= CHUNK) this.#chunk = undefined;
      const taken = this.#take(bytes, onOwn);
      if (taken !== 'none') return taken === 'some' && this.read < to && !this.state.sealed;
      const next = findFrame(bytes, 0, bytes.length);
      if (next === -1 && bytes.length < rest && length < rest) continue;
      const bad = unexplained(bytes, 0, next === -1 ? bytes.length : next, this.read);
      if (bad !== -1)
        throw this.#damage(
          this.read + bad,
          'what stands there is neither a whole record nor what a crash leaves behind',
        );
      if (next === -1) return false;
      this.#skip({ offset: this.read, bytes: next });
      return true;
    }
    return false;
  }

  /** Throws a StoreDamagedError unless everything that the file had when it got its name has been read. */
  checkWhole(): void {
    if (this.opening === undefined)
      throw this.#damage(0, 'it has no whole opening record, and a log gets its name only once it is whole');
    if (this.#keptLeft > 0)
      throw this.#damage(this.read, `${this.#keptLeft} records handed down by the generation before are missing`);
  }

  close(): void {
    this.file.close();
  }

  /** Applies the whole frames at the beginning of the bytes. `enough`: `onOwn` wants no more. */
  #take(bytes: Buffer, onOwn: OnOwn): 'none' | 'some' | 'enough' {
    let at = 0;
    let enough = false;
    while (!this.state.sealed && !enough) {
      const end = frameEnd(bytes, at, bytes.length);
      if (end <= 0) {
        if (end === BROKEN && at === 0 && this.read === 0 && bytes.length > 0) {
          throw this.#damage(0, 'its first record is not whole, and a log gets its name only once it is');
        }
        break;
      }
      enough = !this.#apply(this.#parse(payloadOf(bytes, at, end), this.read + at), this.read + at, onOwn);
      this.#frames++;
      at = end;
    }
    this.read += at;
    if (enough) return 'enough';
    return at > 0 ? 'some' : 'none';
  }

  #parse(payload: string, offset: number): Entry {
    try {
      const entry: unknown = JSON.parse(payload);
      if (Array.isArray(entry)) return entry as unknown as Entry;
    } catch {
      // As below.
    }
    throw this.#damage(offset, 'the record is not the text it should be');
  }

  /** Whether what stands behind the entry is to be read as well. */
  #apply(entry: Entry, offset: number, onOwn: OnOwn): boolean {
    if (this.opening === undefined) {
      if (entry[0] !== 'open') throw this.#damage(offset, 'the log does not begin with its opening record');
      this.#open(entry, offset);
      return true;
    }
    if (entry[0] === 'kept') {
      this.#keep(entry[1], offset);
      return true;
    }
    if (this.#keptLeft > 0)
      throw this.#damage(offset, `${this.#keptLeft} records handed down by the generation before are missing`);
    if (entry[0] === 'open') throw this.#damage(offset, 'a second opening record stands inside the log');
    if (entry[0] !== 'write' && entry[0] !== 'renew' && entry[0] !== 'seal') {
      throw new StoreFormatError({
        store: this.file.path,
        field: `at byte ${offset} a record of type`,
        found: JSON.stringify(String(entry[0])),
        expected: '"write", "renew" and "seal"',
        remedy: 'Open it with the newer version that wrote it.',
      });
    }
    const problem = this.#order.problemWith(entry[1], offset);
    if (problem !== undefined) throw this.#damage(offset, problem);
    const outcome = this.#outcomeOf(entry, entry[0] === 'write' ? entry[4].map(textOf) : []);
    return entry[1][0] !== this.#writer || onOwn(entry[1][1], outcome);
  }

  #outcomeOf(entry: LoggedEntry, texts: readonly string[]): Outcome {
    if (entry[0] === 'write')
      return this.state.write(
        { texts, nonce: entry[3], expect: entry[4], write: entry[5], remove: entry[6] ?? [] },
        entry[2],
      );
    if (entry[0] === 'renew') return entry[3].map((renewal) => this.state.renew(renewal, entry[2]));
    this.state.passTo(entry[2]);
    this.state.sealed = true;
    return 'holds';
  }

  #open(entry: OpeningEntry, offset: number): void {
    const [, format, , , generation, records, at] = entry;
    if (format !== STORE_FORMAT) {
      throw new StoreFormatError({
        store: this.file.path,
        field: 'format',
        found: format,
        expected: STORE_FORMAT,
        remedy: 'Open it with the version that created it.',
      });
    }
    if (generation !== this.number)
      throw this.#damage(offset, `it is generation ${generation} under the name of generation ${this.number}`);
    this.opening = entry;
    this.#keptLeft = records;
    this.state.passTo(at);
  }

  #keep(records: readonly KeptRecord[], offset: number): void {
    for (const record of records) {
      if (this.#keptLeft-- <= 0)
        throw this.#damage(offset, 'more records stand there than the generation before handed down');
      if (!this.state.keep(record))
        throw this.#damage(offset, 'a record handed down by the generation before stands there twice');
    }
    if (this.#keptLeft === 0) this.base = offset;
  }

  #skip(gap: Gap): void {
    if (this.opening === undefined || this.#keptLeft > 0) {
      throw this.#damage(
        gap.offset,
        'part of what the generation before handed down is missing, and a log gets its name only once it is whole',
      );
    }
    this.#order.gaps.push(gap);
    this.#onGap(gap);
    this.read += gap.bytes;
  }

  #damage(offset: number, what: string): StoreDamagedError {
    return new StoreDamagedError({
      file: this.file.path,
      record: this.#frames + 1,
      offset,
      what,
      remedy:
        'Nothing was changed, and nothing runs on a log that cannot be trusted. Stop every process that uses the folder, keep a copy of it, and restore it from a backup; what was recorded since then has to be checked by hand.',
    });
  }
}

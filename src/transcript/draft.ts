import type { IssueCode } from '../errors/transcript.js';
import type { Finding } from './finding.js';
import { type Part, pathOf, type Turn } from './graph.js';
import { bounded, flaw, unreadable } from './shape.js';
import { type Transcript, transcriptOf } from './transcript.js';

/** One thing that a repair did. */
export interface TranscriptChange {
  /** The issue that it mends. */
  readonly code: IssueCode;
  readonly action: 'rewrite' | 'add' | 'remove' | 'move' | 'rename';
  /** Where in the list that was given; `[-1]` for what another repair added. */
  readonly path: string;
  readonly callId?: string;
  /** What was done, in words. */
  readonly what: string;
  /** What is not in the messages any more, as it was. */
  readonly removed?: unknown;
}

interface EditedTurn {
  parts: (Part | undefined)[];
  role: Turn['role'] | undefined;
  label: string | undefined;
  /** Put before the first part. */
  first: Part[];
  /** Put behind the last part. */
  last: Part[];
  /** By position of a part: put behind it. */
  behind: Map<number, Part[]>;
}

/**
 * The edits of one rule, collected and then made all at once: positions stay those of the transcript that the rule saw.
 * Only turns that an edit touches are written anew.
 */
export class Draft {
  readonly #changes: { readonly turn: number; readonly change: TranscriptChange }[] = [];
  /** Ids of calls that were given new ones, by the new ones. */
  readonly renamed: Map<string, string> = new Map();
  readonly #edits = new Map<number, EditedTurn>();
  readonly #dropped = new Set<number>();
  /** Turns that could not be written: what was noted of them did not happen. */
  readonly #unmade = new Set<number>();
  readonly #behind = new Map<number, Turn[]>();
  readonly #transcript: Transcript;
  readonly #code: IssueCode;

  constructor(transcript: Transcript, code: IssueCode) {
    this.#transcript = transcript;
    this.#code = code;
  }

  /** What was done: known when it is. */
  get changes(): TranscriptChange[] {
    return this.#changes.filter(({ turn }) => !this.#unmade.has(turn)).map(({ change }) => change);
  }

  get changed(): boolean {
    return this.#edits.size > 0 || this.#dropped.size > 0 || this.#behind.size > 0;
  }

  /** Writes the turn anew from what was read: the repair of a flaw. */
  rewrite(finding: Finding, what: string): void {
    this.#edit(finding.turn);
    this.note(finding, 'rewrite', what);
  }

  setPart(finding: Finding & { readonly part: number }, part: Part, action: 'rewrite' | 'rename', what: string): void {
    const before = this.#transcript.turns[finding.turn]!.parts[finding.part]!;
    if (before.kind === 'call' && part.kind === 'call' && before.id !== undefined && part.id !== undefined)
      if (before.id !== part.id) this.renamed.set(part.id, before.id);
    this.#edit(finding.turn).parts[finding.part] = part;
    this.note(finding, action, what);
  }

  dropPart(finding: Finding, what: string): void {
    const at = finding.part!;
    const part = this.#transcript.turns[finding.turn]!.parts[at]!;
    this.#edit(finding.turn).parts[at] = undefined;
    this.note(finding, 'remove', what, part.raw);
  }

  dropTurn(finding: Finding, what: string): void {
    this.#dropped.add(finding.turn);
    this.note(finding, 'remove', what, this.#transcript.turns[finding.turn]!.raw);
  }

  setRole(finding: Finding, role: Turn['role'], label: string, what: string): void {
    const edit = this.#edit(finding.turn);
    edit.role = role;
    edit.label = label;
    this.note(finding, 'rewrite', what);
  }

  /** Takes a part or a turn from its place without saying so: for a move, which says it once. */
  take(turn: number, part?: number): void {
    if (part === undefined) this.#dropped.add(turn);
    else this.#edit(turn).parts[part] = undefined;
  }

  /** Puts a part before all others of its turn. */
  putFirst(turn: number, part: Part): void {
    this.#edit(turn).first.push(part);
  }

  putLast(turn: number, part: Part): void {
    this.#edit(turn).last.push(part);
  }

  putBehindPart(turn: number, at: number, part: Part): void {
    const { behind } = this.#edit(turn);
    const there = behind.get(at);
    if (there === undefined) behind.set(at, [part]);
    else there.push(part);
  }

  /** Puts a turn behind another; several come in the order in which they were put. -1: before the first. */
  putBehind(turn: number, added: Turn): void {
    const there = this.#behind.get(turn);
    if (there === undefined) this.#behind.set(turn, [added]);
    else there.push(added);
  }

  note(finding: Finding, action: TranscriptChange['action'], what: string, removed?: unknown): void {
    const turn = this.#transcript.turns[finding.turn];
    const part = finding.part === undefined ? undefined : turn?.parts[finding.part];
    const change: TranscriptChange = {
      code: this.#code,
      action,
      path: turn === undefined ? '' : pathOf(turn, part, finding.at),
      ...(finding.callId === undefined ? {} : { callId: finding.callId }),
      what: bounded(what),
      ...(removed === undefined ? {} : { removed }),
    };
    this.#changes.push({ turn: finding.turn, change });
  }

  /** Makes the edits. A turn that had parts and has none left goes. Touched turns are written and read again. */
  commit(): Transcript {
    const { dialect, turns } = this.#transcript;
    const made: Turn[] = [...this.#added(-1)];
    turns.forEach((turn, at) => {
      const edit = this.#edits.get(at);
      if (this.#dropped.has(at)) {
        // The turn went elsewhere; what was put into it stays here.
        const put = [...(edit?.first ?? []), ...(edit?.last ?? [])];
        if (put.length > 0) made.push(written({ ...turn, index: -1, raw: undefined, parts: put }, this.#transcript));
      } else {
        const now = edit === undefined ? turn : this.#written(at, edit);
        if (now !== undefined) made.push(now);
      }
      for (const added of this.#added(at)) made.push(added);
    });
    return transcriptOf(dialect, made, this.#transcript.read);
  }

  #added(at: number): Turn[] {
    return (this.#behind.get(at) ?? []).map((turn) =>
      turn.raw === undefined ? written(turn, this.#transcript) : turn,
    );
  }

  #written(position: number, edit: EditedTurn): Turn | undefined {
    const turn = this.#transcript.turns[position]!;
    const own = edit.parts.flatMap((part, at) => [
      ...(part === undefined ? [] : [part]),
      ...(edit.behind.get(at) ?? []),
    ]);
    const parts: Part[] = [...edit.first, ...own, ...edit.last];
    if (parts.length === 0 && turn.parts.length > 0) return undefined;
    const now = { ...turn, parts, role: edit.role ?? turn.role, label: edit.label ?? turn.label };
    try {
      return written(now, this.#transcript);
    } catch {
      // A getter of the caller's, of a member that no rule looks at. The message stays as it is, and is none.
      this.#unmade.add(position);
      return unreadable(turn.raw, turn.index, [flaw('unrecognized-message', '', 'reading the message throws')]);
    }
  }

  #edit(at: number): EditedTurn {
    let edit = this.#edits.get(at);
    if (edit === undefined) {
      const parts = [...this.#transcript.turns[at]!.parts];
      edit = { parts, role: undefined, label: undefined, first: [], last: [], behind: new Map() };
      this.#edits.set(at, edit);
    }
    return edit;
  }
}

/** Written, and read again: it may be of another format now. */
function written(turn: Turn, { dialect, read }: Transcript): Turn {
  return read(dialect.write(turn), turn.index);
}

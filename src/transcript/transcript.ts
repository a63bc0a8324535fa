import type { IssueCode } from '../errors/transcript.js';
import type { Dialect } from './dialect.js';
import type { Finding } from './finding.js';
import type { Part, Turn } from './graph.js';
import { type Links, linkOf } from './links.js';

/** A whole list, read: what rules look at. */
export interface Transcript {
  readonly dialect: Dialect;
  readonly turns: readonly Turn[];
  /** Reads one message more, as these were read. Never throws. */
  readonly read: (message: unknown, index: number) => Turn;
  /** Made when the first rule asks. */
  readonly links: Links;
  /** What parsers found, by code; made when the first rule asks. */
  readonly flaws: ReadonlyMap<IssueCode, readonly Finding[]>;
}

export function transcriptOf(dialect: Dialect, turns: readonly Turn[], read: Transcript['read']): Transcript {
  let links: Links | undefined;
  let flaws: ReadonlyMap<IssueCode, readonly Finding[]> | undefined;
  return {
    dialect,
    turns,
    read,
    get links(): Links {
      links ??= linkOf(turns, dialect);
      return links;
    },
    get flaws(): ReadonlyMap<IssueCode, readonly Finding[]> {
      flaws ??= flawsOf(turns);
      return flaws;
    },
  };
}

function flawsOf(turns: readonly Turn[]): Map<IssueCode, Finding[]> {
  const byCode = new Map<IssueCode, Finding[]>();
  const add = (turn: number, node: Turn | Part, part?: number): void => {
    for (const { code, at, hint, mend } of node.flaws) {
      const found = byCode.get(code) ?? [];
      found.push({
        turn,
        ...(part === undefined ? {} : { part, ...callIdOf(node as Part) }),
        at,
        hint,
        ...(mend === undefined ? { unfixable: true } : {}),
      });
      byCode.set(code, found);
    }
  };
  for (let at = 0; at < turns.length; at += 1) {
    const turn = turns[at]!;
    if (turn.flaws.length > 0) add(at, turn);
    for (let place = 0; place < turn.parts.length; place += 1) {
      if (turn.parts[place]!.flaws.length > 0) add(at, turn.parts[place]!, place);
    }
  }
  return byCode;
}

function callIdOf(part: Part): { readonly callId?: string } {
  return (part.kind === 'call' || part.kind === 'result') && part.id !== undefined ? { callId: part.id } : {};
}

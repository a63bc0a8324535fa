import { inputOf } from '../answer.js';
import type { Draft } from '../draft.js';
import { type CallPart, edited, type ResultPart } from '../graph.js';
import type { LinkedCall, LinkedResult, Place } from '../links.js';
import type { Finding, RuleCore } from '../rule.js';
import { asJsonText } from '../shape.js';
import type { Transcript } from '../transcript.js';
import { digest, FreshIds } from './fresh-ids.js';

/**
 * A call without an id, though its format, or a result with an id behind it, asks for one. It gets that of a result that
 * has no call, if one stands there, else one made of what it is.
 */
export const missingCallId: RuleCore = {
  code: 'missing-call-id',
  find({ links }) {
    const ownerless = links.results.filter(({ verdict, result }) => verdict === 'orphan' && result.id !== undefined);
    const names = new Set(ownerless.flatMap(({ result }) => result.name ?? []));
    const isWanted = ({ call, answer, stray }: LinkedCall): boolean =>
      call.legacy !== true || (call.name !== undefined && names.has(call.name) && !answer && !stray);
    return links.calls
      .filter((linked) => linked.call.id === undefined && isWanted(linked))
      .map(({ turn, part, call }) => ({
        turn,
        part,
        at: 'id',
        hint: `the call of ${call.name ?? 'a tool'} has no id`,
      }));
  },
  repair(findings, draft, { transcript }) {
    const wanted = new Set(findings.map(key));
    const ids = new FreshIds(transcript);
    for (const { calls, results } of roundsOf(transcript)) {
      const nameless = calls.filter((call) => wanted.has(key(call)));
      const ownerless = results.filter(({ verdict, result }) => verdict === 'orphan' && result.id !== undefined);
      nameless.forEach(({ call, turn, part }, at) => {
        const adopted = nameless.length === ownerless.length ? ownerless[at]!.result.id : undefined;
        const id = adopted ?? ids.free(`call_${digest(`${call.name} ${asJsonText(inputOf(call))}`)}`);
        const what = adopted === undefined ? `got the id ${id}` : `got the id ${id}, which the result behind it has`;
        const mended = edited(call, { id, legacy: false });
        draft.setPart({ turn, part, at: 'id', callId: id, hint: '' }, mended, 'rename', what);
      });
    }
  },
};

/**
 * A result that does not say what it answers: it has no id, or, where names stand for ids, no name. It gets that of the
 * call it stands behind, in order; with no such call it goes.
 */
export const missingResultId: RuleCore = {
  code: 'missing-result-id',
  find({ links }) {
    const open = links.calls.filter(({ call, answer, stray }) => call.id !== undefined && !answer && !stray);
    const names = new Set(open.map(({ call }) => call.name));
    return links.results
      .filter(({ result, verdict }) => isOwnerless(result) || (verdict === 'orphan' && isNamedOnly(result, names)))
      .map(({ turn, part }) => ({ turn, part, hint: 'the result does not say which call it answers' }));
  },
  repair(findings, draft, { transcript }) {
    const wanted = new Map(findings.map((finding) => [key(finding as Place), finding]));
    for (const { calls, results } of roundsOf(transcript)) {
      const open = calls.filter(({ call, answer, stray }) => !answer && !stray && !isOwnerless(call));
      for (const { result, turn, part } of results) {
        const finding = wanted.get(`${turn} ${part}`);
        if (finding === undefined) continue;
        wanted.delete(`${turn} ${part}`);
        const [owner] = open.splice(Math.max(ownerAt(open, result), 0), 1);
        if (owner === undefined) draft.dropPart(finding, 'removed, every call in front of it has its result');
        else {
          const { id, name } = owner.call;
          const place = { turn, part, hint: '', ...(id === undefined ? {} : { callId: id }) };
          const what = id === undefined ? `got the name ${name}` : `got the id ${id}`;
          const mended = edited(result, id === undefined ? { name } : { id, legacy: false });
          draft.setPart(place, mended, 'rename', `${what} of the call in front of it`);
        }
      }
    }
    for (const finding of wanted.values()) draft.dropPart(finding, 'removed, no call stands in front of it');
  },
};

/** It has nothing by which its other half could be found. */
function isOwnerless({ id, name, legacy }: CallPart | ResultPart): boolean {
  return (legacy === true ? name : id) === undefined;
}

/** It has the name of a call that has an id: what stands for an id elsewhere is none here. */
function isNamedOnly({ name, legacy }: ResultPart, open: ReadonlySet<string | undefined>): boolean {
  return legacy === true && open.has(name);
}

/** The first call that is of the same tool, as far as the result says which that is. */
function ownerAt(open: readonly LinkedCall[], { name }: ResultPart): number {
  return name === undefined ? 0 : open.findIndex(({ call }) => call.name === name);
}

/** Two calls with one id that are open at the same time. The later one is renamed, with its result. */
export const duplicateCallId: RuleCore = {
  code: 'duplicate-call-id',
  find: (transcript) => sameIds(transcript, true, 'another call that is open with it has the same id'),
  repair: renameLater,
};

/** An id that an earlier, finished call has. Renamed with its result. */
export const reusedCallId: RuleCore = {
  code: 'reused-call-id',
  find: (transcript) => sameIds(transcript, false, 'an earlier call has the same id'),
  repair: renameLater,
};

/** Ids of a provider's form. All who carry the same id get the same new one, which no other has. */
export function idForm(
  code: 'invalid-id' | 'id-too-long',
  fits: (id: string) => boolean,
  hint: string,
  longest: number,
): RuleCore {
  return {
    code,
    find({ links }) {
      const findings: Finding[] = [];
      const look = ({ turn, part }: Place, { id }: CallPart | ResultPart): void => {
        if (id !== undefined && !fits(id)) findings.push({ turn, part, callId: id, hint });
      };
      for (const linked of links.calls) look(linked, linked.call);
      for (const linked of links.results) look(linked, linked.result);
      return findings;
    },
    repair(findings, draft, { transcript }) {
      const ids = new FreshIds(transcript);
      const renamed = new Map<string, string>();
      for (const finding of findings) {
        const part = transcript.turns[finding.turn]!.parts[finding.part!] as CallPart | ResultPart;
        const old = part.id!;
        let id = renamed.get(old);
        if (id === undefined) {
          const clean = old.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, longest - 16);
          id = ids.free(`${clean}_${digest(old)}`);
          renamed.set(old, id);
        }
        draft.setPart(
          { ...finding, part: finding.part! },
          edited<CallPart | ResultPart>(part, { id }),
          'rename',
          `${old} is now ${id}, in the call and its result`,
        );
      }
      renameInApprovals(renamed, draft, transcript);
    },
  };
}

/** Questions about a call name it, too. */
function renameInApprovals(renamed: ReadonlyMap<string, string>, draft: Draft, { turns }: Transcript): void {
  turns.forEach((turn, turnAt) => {
    turn.parts.forEach((part, partAt) => {
      if (part.kind !== 'approval-request' || part.callId === undefined) return;
      const callId = renamed.get(part.callId);
      if (callId === undefined) return;
      const what = `${part.callId} is now ${callId}, as its call`;
      draft.setPart({ turn: turnAt, part: partAt, hint: '' }, edited(part, { callId }), 'rename', what);
    });
  });
}

/** A call of nothing. */
export const missingName: RuleCore = {
  code: 'missing-name',
  find: ({ links }) =>
    links.calls
      .filter(({ call }) => call.name === undefined)
      .map(({ turn, part, call }) => ({
        turn,
        part,
        ...(call.id === undefined ? {} : { callId: call.id }),
        hint: 'the call does not say which tool it is of',
      })),
  repair(findings, draft, { transcript }) {
    const byPlace = new Map(transcript.links.calls.map((call) => [key(call), call]));
    for (const finding of findings) {
      const linked = byPlace.get(key(finding as Place))!;
      const name = linked.answer?.result.name ?? linked.stray?.result.name ?? 'unknown_tool';
      draft.setPart({ ...finding, part: finding.part! }, edited(linked.call, { name }), 'rewrite', `named ${name}`);
    }
  },
};

/** Names of tools in a provider's form. */
export function nameForm(pattern: RegExp, longest: number, hint: string): RuleCore {
  return {
    code: 'invalid-name',
    find: ({ turns }) => {
      const findings: Finding[] = [];
      turns.forEach((turn, turnAt) => {
        turn.parts.forEach((part, partAt) => {
          if (part.kind !== 'call' && part.kind !== 'result') return;
          if (part.name === undefined || pattern.test(part.name)) return;
          findings.push({ turn: turnAt, part: partAt, ...(part.id === undefined ? {} : { callId: part.id }), hint });
        });
      });
      return findings;
    },
    repair(findings, draft, { transcript }) {
      for (const finding of findings) {
        const part = transcript.turns[finding.turn]!.parts[finding.part!] as CallPart | ResultPart;
        const name = part.name!.replace(/[^a-zA-Z0-9_-]+/g, '_').slice(0, longest);
        draft.setPart(
          { ...finding, part: finding.part! },
          edited<CallPart | ResultPart>(part, { name }),
          'rewrite',
          `${part.name} is now ${name}`,
        );
      }
    },
  };
}

function sameIds({ links, dialect, turns }: Transcript, open: boolean, hint: string): Finding[] {
  const { window } = dialect.answers;
  const last = new Map<string, LinkedCall>();
  const findings: Finding[] = [];
  for (const linked of links.calls) {
    const { id } = linked.call;
    if (id === undefined || turns[linked.turn]!.role !== 'assistant') continue;
    const earlier = last.get(id);
    last.set(id, linked);
    if (earlier === undefined) continue;
    const together =
      earlier.turn === linked.turn ||
      ((window === 'before-user' || window === 'anywhere') &&
        (earlier.answer?.turn ?? Number.POSITIVE_INFINITY) > linked.turn);
    if (together === open) findings.push({ turn: linked.turn, part: linked.part, callId: id, hint });
  }
  return findings;
}

function renameLater(
  findings: readonly Finding[],
  draft: Draft,
  { transcript }: { readonly transcript: Transcript },
): void {
  const ids = new FreshIds(transcript);
  const byPlace = new Map(transcript.links.calls.map((call) => [key(call), call]));
  for (const finding of findings) {
    const { call, answer, stray } = byPlace.get(key(finding as Place))!;
    const old = call.id!;
    const id = ids.next(old);
    draft.setPart(
      { ...finding, part: finding.part! },
      edited(call, { id }),
      'rename',
      `${old} is now ${id}, in the call and its result`,
    );
    const owned = answer ?? stray;
    if (owned === undefined) continue;
    draft.setPart(
      { turn: owned.turn, part: owned.part, callId: old, hint: '' },
      edited(owned.result, { id }),
      'rename',
      `${old} is now ${id}, as its call`,
    );
  }
}

interface Round {
  readonly calls: LinkedCall[];
  readonly results: LinkedResult[];
}

/** Calls made together, with the results behind them: what belongs together when ids do not say it. */
function roundsOf({ links, turns }: Transcript): Round[] {
  const rounds: Round[] = [];
  let round: Round = { calls: [], results: [] };
  let nextCall = 0;
  let nextResult = 0;
  turns.forEach((turn, at) => {
    const startsAnew = turn.parts.some(({ kind }) => kind === 'call') && round.results.length > 0;
    const holdsResults = turn.parts.some(({ kind }) => kind === 'result');
    if (startsAnew || ((turn.role === 'user' || turn.role === 'system') && !holdsResults)) {
      rounds.push(round);
      round = { calls: [], results: [] };
    }
    while (links.calls[nextCall]?.turn === at) round.calls.push(links.calls[nextCall++]!);
    while (links.results[nextResult]?.turn === at) round.results.push(links.results[nextResult++]!);
  });
  rounds.push(round);
  return rounds;
}

function key(place: { readonly turn: number; readonly part?: number }): string {
  return `${place.turn} ${place.part}`;
}

import { answerFor, isPlaceholder } from '../answer.js';
import type { Draft } from '../draft.js';
import { type CallPart, edited, type ResultPart } from '../graph.js';
import { isSame, type LinkedCall, type LinkedResult } from '../links.js';
import type { Finding, RepairContext, RuleCore } from '../rule.js';
import { asJsonText } from '../shape.js';
import type { Transcript } from '../transcript.js';
import { isWhole, Slots, userTurn } from './slots.js';

/** A result that stands where no provider takes it for its call's answer. */
export const misplacedResult: RuleCore = {
  code: 'misplaced-result',
  find: (transcript) =>
    resultsThat(
      transcript,
      'misplaced',
      ({ call }) => `it belongs right behind its call, ${whereOf(transcript, call!)}`,
    ),
  repair(findings, draft, context) {
    const places = new Slots(draft, context.transcript);
    const byTurn = new Map<number, LinkedResult[]>();
    for (const [finding, linked] of resultsOf(findings, context.transcript)) {
      draft.note(finding, 'move', 'moved behind its call');
      const others = byTurn.get(linked.turn);
      if (others === undefined) byTurn.set(linked.turn, [linked]);
      else others.push(linked);
    }
    const wholes = [...byTurn].filter(([turn, results]) => isWhole(context.transcript.turns[turn]!, results));
    places.leaving = new Set(wholes.map(([turn]) => turn));
    for (const results of byTurn.values()) places.move(results);
  },
};

/** A result that comes after the assistant went on speaking: some conversions hand that on, and providers refuse it. */
export const separatedResult: RuleCore = {
  code: misplacedResult.code,
  find({ links, turns }) {
    let spoken = 0;
    // How many turns of the assistant there are up to each position.
    const before = turns.map(({ role }) => {
      if (role === 'assistant') spoken += 1;
      return spoken;
    });
    return links.results
      .filter(
        ({ verdict, call, turn }) => verdict === 'answers' && turn > call!.turn && before[turn] !== before[call!.turn],
      )
      .map((linked) => ({ ...placeOf(linked), hint: 'the assistant speaks between the call and its result' }));
  },
  ...(misplacedResult.repair && { repair: misplacedResult.repair }),
};

/** A second result for a call that has one. The first stays, unless a repair made it up. */
export const duplicateResult: RuleCore = {
  code: 'duplicate-result',
  find: (transcript) =>
    resultsThat(transcript, 'duplicate', ({ call, result }) => {
      const kept = call?.answer ?? call?.stray;
      const same = kept === undefined || isSame(kept.result.output, result.output);
      return `its call has a result already, ${same ? 'the same' : 'and this one says something else'}`;
    }),
  repair(findings, draft, context) {
    const replaced = new Set<LinkedResult>();
    for (const [finding, { call, result }] of resultsOf(findings, context.transcript)) {
      const kept = call?.answer ?? call?.stray;
      if (kept !== undefined && isPlaceholder(kept.result.output) && !isPlaceholder(result.output)) {
        if (replaced.has(kept)) draft.dropPart(finding, 'removed, the first result stays; the contents differ');
        else
          draft.dropPart(
            { ...finding, turn: kept.turn, part: kept.part },
            'removed, it stood for the result that came later',
          );
        replaced.add(kept);
        continue;
      }
      const same = kept === undefined || isSame(kept.result.output, result.output);
      draft.dropPart(
        finding,
        same ? 'removed, it repeats the first result' : 'removed, the first result stays; the contents differ',
      );
    }
  },
};

/** A result of a call that is not there. */
export const orphanResult: RuleCore = {
  code: 'orphan-result',
  find: (transcript) =>
    whereAllIsRead(
      transcript,
      resultsThat(transcript, 'orphan', () => 'no call in the list has its id'),
    ),
  repair(findings, draft, context) {
    const { transcript, policies } = context;
    for (const [finding, { result, turn }] of resultsOf(findings, transcript)) {
      draft.dropPart(finding, policies.orphan === 'drop' ? 'removed' : 'made text of the user');
      if (policies.orphan === 'drop') continue;
      const text = `Result of the tool ${result.name ?? 'call'} ${result.id ?? ''}, whose call is not in this conversation: ${asJsonText(result.output)}`;
      draft.putBehind(turn, userTurn(transcript, text));
    }
  },
};

/** A call that nothing answers. */
export const unansweredCall: RuleCore = {
  code: 'unanswered-call',
  find(transcript) {
    const { links, turns } = transcript;
    const findings = links.calls
      .filter(({ call, answer, stray }) => answer === undefined && stray === undefined && call.executedBy === 'client')
      .filter(({ turn }) => turns[turn]!.role === 'assistant')
      .map(({ turn, part, call }) => ({
        turn,
        part,
        ...(call.id === undefined ? {} : { callId: call.id }),
        hint: `${call.name ?? 'a tool'} was called and has no result`,
      }));
    return whereAllIsRead(transcript, findings);
  },
  repair(findings, draft, context) {
    const { transcript, policies } = context;
    const places = new Slots(draft, transcript);
    const dropped = new Map<number, Set<number>>();
    for (const finding of findings) {
      const call = transcript.turns[finding.turn]!.parts[finding.part!] as CallPart;
      if (policies.unanswered === 'answer') {
        const answer = answerFor(call, context);
        places.put(finding, transcript.dialect.answers.make(call, answer, transcript.turns));
        // What a tool gave back is for the model, not for whoever reads what was done.
        const what = isPlaceholder(answer.text) ? `: ${answer.text}` : ' that says what became of the call';
        draft.note(finding, 'add', `added a result${what}`);
      } else {
        draft.dropPart(finding, 'removed, nothing answers it');
        const parts = dropped.get(finding.turn) ?? new Set();
        dropped.set(finding.turn, parts.add(finding.part!));
      }
    }
    for (const [turn, parts] of dropped) dropItsReasoning(turn, parts, draft, transcript);
  },
};

/** A result that names another tool than its call does. */
export const mismatchedResult: RuleCore = {
  code: 'mismatched-result',
  find({ links, dialect }) {
    const { named } = dialect.answers;
    return links.results
      .filter(({ call, result, verdict }) => verdict !== 'orphan' && namesDiffer(call, result, named))
      .map(({ turn, part, call, result }) => ({
        turn,
        part,
        ...(result.id === undefined ? {} : { callId: result.id }),
        hint: `its call is of ${call?.call.name}, it says ${result.name ?? 'nothing'}`,
      }));
  },
  repair(findings, draft, context) {
    for (const [finding, { call, result, part }] of resultsOf(findings, context.transcript)) {
      const name = call?.call.name;
      draft.setPart({ ...finding, part }, edited(result, { name }), 'rewrite', `names ${name}, as its call does`);
    }
  },
};

/** Results stand in front of everything else in their turn. */
export const resultsFirst: RuleCore = {
  code: 'results-not-first',
  find({ turns, links }) {
    const findings: Finding[] = [];
    for (const { turn, part, result, verdict } of links.results) {
      if (verdict !== 'answers' || turns[turn]!.role !== 'user') continue;
      if (turns[turn]!.parts[part - 1] === undefined || turns[turn]!.parts[part - 1]!.kind === 'result') continue;
      findings.push({
        turn,
        part,
        ...(result.id === undefined ? {} : { callId: result.id }),
        hint: 'results come first in their message, text and the rest behind them',
      });
    }
    return findings;
  },
  repair(findings, draft, { transcript }) {
    for (const at of new Set(findings.map(({ turn }) => turn))) {
      transcript.turns[at]!.parts.forEach((part, partAt) => {
        if (part.kind !== 'result') return;
        draft.take(at, partAt);
        draft.putFirst(at, part);
      });
    }
    for (const finding of findings) draft.note(finding, 'move', 'moved to the front of its message');
  },
};

/** A message that could not be read may have the other half of a pair: nothing is made up or dropped beside it. */
function whereAllIsRead({ turns }: Transcript, findings: Finding[]): Finding[] {
  if (findings.length === 0 || turns.every(({ role }) => role !== 'unknown')) return findings;
  return findings.map((finding) => ({
    ...finding,
    hint: `${finding.hint}; a message that could not be read may have it`,
    unfixable: true,
  }));
}

/** Reasoning that led to dropped calls only has nothing to go with any more. */
function dropItsReasoning(turnAt: number, dropped: ReadonlySet<number>, draft: Draft, { turns }: Transcript): void {
  const { parts } = turns[turnAt]!;
  const rest = parts.filter((part, at) => !dropped.has(at) && part.kind !== 'reasoning');
  if (rest.some((part) => part.kind !== 'text' || part.text.trim() !== '')) return;
  parts.forEach((part, at) => {
    if (part.kind === 'reasoning')
      draft.dropPart({ turn: turnAt, part: at, hint: '' }, 'removed with the call it led to');
  });
}

function resultsThat(
  { links }: Transcript,
  verdict: LinkedResult['verdict'],
  hint: (result: LinkedResult) => string,
): Finding[] {
  return links.results
    .filter(
      ({ verdict: found, result }) =>
        found === verdict && (result.legacy === true ? result.name : result.id) !== undefined,
    )
    .map((linked) => ({ ...placeOf(linked), hint: hint(linked) }));
}

function placeOf({ turn, part, result }: LinkedResult): Omit<Finding, 'hint'> {
  return { turn, part, ...(result.id === undefined ? {} : { callId: result.id }) };
}

/** The links that findings are about. */
function resultsOf(
  findings: readonly Finding[],
  { links }: RepairContext['transcript'],
): [Finding & { readonly part: number }, LinkedResult][] {
  const byPlace = new Map(links.results.map((linked) => [`${linked.turn} ${linked.part}`, linked]));
  return findings.map((finding) => [
    { ...finding, part: finding.part! },
    byPlace.get(`${finding.turn} ${finding.part}`)!,
  ]);
}

function namesDiffer(call: LinkedCall | undefined, result: ResultPart, named: boolean): boolean {
  const wanted = call?.call.name;
  if (wanted === undefined || (result.name === undefined && !named)) return false;
  return wanted !== result.name;
}

function whereOf({ turns }: Transcript, { turn }: LinkedCall): string {
  return `[${turns[turn]!.index}]`;
}

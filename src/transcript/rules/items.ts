import type { Draft } from '../draft.js';
import type { Turn } from '../graph.js';
import type { LinkedResult } from '../links.js';
import type { Finding, RepairContext, RuleCore } from '../rule.js';
import { textMember } from '../shape.js';
import type { Transcript } from '../transcript.js';
import { orphanResult, unansweredCall } from './pairing.js';
import { invalidItemId as itemIds } from './states.js';

/** Two items with one id. The later one goes on without: what it says is in the item itself. */
export const duplicateItemId: RuleCore = {
  code: 'duplicate-item-id',
  find({ turns }) {
    const seen = new Set<string>();
    return turns.flatMap((turn, at) => {
      const id = textMember(turn.raw, 'id');
      // The output of a local shell has the id of its call.
      if (id === undefined || turn.role === 'tool' || textMember(turn.raw, 'type') === 'item_reference') return [];
      if (!seen.has(id)) {
        seen.add(id);
        return [];
      }
      return [{ turn: at, at: 'id', hint: 'another item has the same id' }];
    });
  },
  repair(findings, draft, context) {
    for (const finding of findings) {
      const turn = context.transcript.turns[finding.turn]!;
      if (isStoredOnly(turn)) dropReasoning(finding, 'removed, it refers to the same stored reasoning', draft, context);
      else omitId(finding, draft, context);
    }
  },
};

/** Reasoning that is known by its id only, where the provider stores nothing. What came of it forgets its id, too. */
export const unencryptedReasoning: RuleCore = {
  code: 'unsigned-reasoning',
  find: ({ turns }) =>
    turns.flatMap((turn, at) =>
      isStoredOnly(turn)
        ? [{ turn: at, at: 'encrypted_content', hint: 'with store: false, reasoning is sent with encrypted_content' }]
        : [],
    ),
  repair(findings, draft, context) {
    for (const finding of findings)
      dropReasoning(finding, 'removed, it has no encrypted content and is not stored', draft, context);
  },
};

/** Ids that are none, or of another kind of item. Reasoning that is known by such an id only cannot be found. */
export const invalidItemId: RuleCore = {
  ...itemIds,
  repair(findings, draft, context) {
    const isLost = ({ turn }: Finding): boolean => isStoredOnly(context.transcript.turns[turn]!);
    for (const finding of findings.filter(isLost))
      dropReasoning(finding, 'removed, nothing is stored under this id', draft, context);
    const others = findings.filter((finding) => !isLost(finding));
    itemIds.repair?.(others, draft, context);
  },
};

/** Items that came with reasoning are known with it: without, they are sent as if they were new. */
function dropReasoning(finding: Finding, what: string, draft: Draft, context: RepairContext): void {
  const { turns } = context.transcript;
  draft.dropTurn(finding, what);
  for (let at = finding.turn + 1; turns[at]?.role === 'assistant' && !isReasoning(turns[at]); at += 1) {
    if (textMember(turns[at]!.raw, 'id') !== undefined) omitId({ turn: at, at: 'id', hint: '' }, draft, context);
  }
}

/** References to stored items, where the provider stores nothing. */
export const unstoredReference: RuleCore = {
  code: 'unstored-reference',
  find: ({ turns }) =>
    turns.flatMap((turn, at) =>
      textMember(turn.raw, 'type') === 'item_reference'
        ? [{ turn: at, hint: 'with store: false there is nothing that it could refer to: send the item itself' }]
        : [],
    ),
};

/**
 * Reasoning without what it led to behind it. A call that others were put in front of gets it back; where nothing came
 * of it, text says so, so that its encrypted form stays.
 */
export const reasoningSeparated: RuleCore = {
  code: 'reasoning-separated',
  find: ({ turns }) =>
    turns.flatMap((turn, at) =>
      isReasoning(turn) && turns[at + 1]?.role !== 'assistant'
        ? [{ turn: at, hint: 'reasoning stands in front of the call or message that it led to' }]
        : [],
    ),
  repair(findings, draft, { transcript }) {
    const { turns, dialect } = transcript;
    for (const finding of findings) {
      const turn = turns[finding.turn]!;
      let next = finding.turn + 1;
      while (turns[next] !== undefined && turns[next]!.role !== 'assistant') next += 1;
      if (turns[next]?.parts[0]?.kind === 'call' && !isStoredOnly(turn)) {
        draft.take(finding.turn);
        draft.putBehind(next - 1, turn);
        draft.note(finding, 'move', 'moved in front of the call that it led to');
      } else if (isStoredOnly(turn)) draft.dropTurn(finding, 'removed, nothing came of it');
      else {
        const parts = [dialect.text('[The answer broke off here.]')];
        draft.putBehind(finding.turn, {
          role: 'assistant',
          label: 'assistant',
          index: -1,
          raw: undefined,
          parts,
          flaws: [],
        });
        draft.note(finding, 'add', 'added text that says that the answer broke off');
      }
    }
  },
};

/** An output of another kind than its call. What says something becomes the right kind; of the rest nobody knows how it ended. */
export function otherKind(
  isPair: (call: NonNullable<LinkedResult['call']>['call'], result: LinkedResult['result']) => boolean,
): RuleCore {
  return {
    code: 'mismatched-result',
    find: ({ links }) =>
      links.results
        .filter(({ call, result }) => call !== undefined && !isPair(call.call, result))
        .map(({ turn, part, call, result }) => ({
          turn,
          part,
          at: 'type',
          ...(result.id === undefined ? {} : { callId: result.id }),
          hint: `its call is a ${textMember(call?.call.raw, 'type')}`,
          ...(takesText(call?.call.raw) && isSaid(result.output) ? {} : { unfixable: true }),
        })),
    repair(findings, draft, { transcript }) {
      const calls = new Map(transcript.links.results.map(({ turn, call }) => [turn, call]));
      for (const finding of findings) {
        const turn = transcript.turns[finding.turn]!;
        const type = `${textMember(calls.get(finding.turn)?.call.raw, 'type')}_output`;
        replace(finding.turn, turn, { ...(turn.raw as object), type }, draft, transcript);
        draft.note(finding, 'rewrite', `the type is now ${type}`);
      }
    },
  };
}

/** As `unansweredCall`. What a computer shows is a picture: nobody can make that up. */
export const unansweredItem: RuleCore = {
  ...unansweredCall,
  find: (transcript) =>
    unansweredCall
      .find(transcript)
      .map((finding) =>
        textMember(transcript.turns[finding.turn]!.raw, 'type') === 'computer_call'
          ? { ...finding, hint: 'a computer call is answered with a screenshot', unfixable: true }
          : finding,
      ),
};

/** As `orphanResult`. A reference to a stored item in front of a result may stand for its call. */
export const orphanItem: RuleCore = {
  ...orphanResult,
  find(transcript) {
    const first = transcript.turns.findIndex(mayBeCall);
    const found = orphanResult.find(transcript);
    return first < 0 ? found : found.filter(({ turn }) => turn < first);
  },
};

function mayBeCall({ raw }: Turn): boolean {
  return textMember(raw, 'type') === 'item_reference' && !/^(msg|rs)_/.test(textMember(raw, 'id') ?? '');
}

function omitId(finding: Finding, draft: Draft, { transcript }: RepairContext): void {
  const turn = transcript.turns[finding.turn]!;
  const { id: _id, ...rest } = turn.raw as Record<string, unknown>;
  replace(finding.turn, turn, rest, draft, transcript);
  draft.note(finding, 'rewrite', 'its id is left out');
}

function replace(at: number, turn: Turn, item: unknown, draft: Draft, { dialect }: Transcript): void {
  draft.take(at);
  draft.putBehind(at, dialect.parse(item, turn.index));
}

function takesText(item: unknown): boolean {
  const type = textMember(item, 'type');
  return type === 'function_call' || type === 'custom_tool_call';
}

/** Text, or the parts that stand for it. */
function isSaid(output: unknown): boolean {
  if (typeof output === 'string') return true;
  return Array.isArray(output) && output.every((part) => textMember(part, 'type')?.startsWith('input_'));
}

function isReasoning(turn: Turn | undefined): boolean {
  return turn?.parts[0]?.kind === 'reasoning';
}

function isStoredOnly({ parts: [part] }: Turn): boolean {
  return part?.kind === 'reasoning' && !part.signed;
}

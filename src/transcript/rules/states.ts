import { flawRule, type RuleCore } from '../rule.js';
import { memberOf, textMember } from '../shape.js';
import { emptyTurn } from './content.js';
import { unansweredCall } from './pairing.js';

/** A part whose state is none, or not the one that its members are of. */
export const invalidState: RuleCore = flawRule('invalid-state');

/** The id of a message or an item. */
export const invalidItemId: RuleCore = flawRule('invalid-item-id');

/** An output that was shown before the tool had ended. It is sent as if it were the result. */
export const preliminary: RuleCore = {
  code: 'invalid-state',
  find: ({ links }) =>
    links.results
      .filter(({ result }) => memberOf(result.raw, 'preliminary') === true)
      .map(({ turn, part, result }) => ({
        turn,
        part,
        at: 'preliminary',
        ...(result.id === undefined ? {} : { callId: result.id }),
        hint: 'this output is not the final one: the tool had not ended',
      })),
};

/** Messages of people have parts; an answer that has not begun has none. */
export const emptyWords: RuleCore = {
  ...emptyTurn(false),
  find: (transcript) =>
    emptyTurn(false)
      .find(transcript)
      .filter(({ turn }) => transcript.turns[turn]!.role !== 'assistant'),
};

/** An answer without anything in it: version 5 refuses it, version 6 does not. */
export const emptyAnswer: Pick<RuleCore, 'code' | 'find'> = {
  code: 'empty-content',
  find: (transcript) =>
    emptyTurn(true)
      .find(transcript)
      .filter(({ turn }) => transcript.turns[turn]!.role === 'assistant'),
};

/**
 * As `unansweredCall`, without what waits for approval, and what was decided in the last step: the SDK runs that before it
 * asks the model. What was decided in an earlier step it does not run any more.
 */
export const unansweredStep: RuleCore = {
  ...unansweredCall,
  find(transcript) {
    const { turns } = transcript;
    const lastStep =
      turns.at(-1)?.parts.findLastIndex((part) => part.kind === 'other' && part.type === 'step-start') ?? -1;
    return unansweredCall.find(transcript).filter(({ turn, part }) => {
      const state = textMember(turns[turn]!.parts[part!]!.raw, 'state');
      const decidedNow = state === 'approval-responded' && turn === turns.length - 1 && part! > lastStep;
      return state !== 'approval-requested' && !decidedNow;
    });
  },
};

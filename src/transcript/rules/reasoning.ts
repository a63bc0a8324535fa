import type { Finding, RuleCore } from '../rule.js';

/** Reasoning without its signature, or of another provider: it cannot be replayed, so it goes. */
export const unsignedReasoning: RuleCore = {
  code: 'unsigned-reasoning',
  find({ turns }) {
    const findings: Finding[] = [];
    turns.forEach((turn, turnAt) => {
      turn.parts.forEach((part, partAt) => {
        if (part.kind === 'reasoning' && !part.signed) {
          findings.push({
            turn: turnAt,
            part: partAt,
            at: 'signature',
            hint: 'thinking is replayed with the signature that it came with',
          });
        }
      });
    });
    return findings;
  },
  repair(findings, draft) {
    for (const finding of findings) draft.dropPart(finding, 'removed, it has no signature and cannot be replayed');
  },
};

/** A turn that ends with signed thinking: the thinking stays, and text behind it says that nothing followed. */
export const reasoningLast: RuleCore = {
  code: 'reasoning-last',
  find: ({ turns }) =>
    turns.flatMap((turn, at) =>
      turn.role === 'assistant' && turn.parts.at(-1)?.kind === 'reasoning'
        ? [{ turn: at, part: turn.parts.length - 1, hint: 'an assistant message does not end with thinking' }]
        : [],
    ),
  repair(findings, draft, { transcript }) {
    for (const finding of findings) {
      draft.putLast(finding.turn, transcript.dialect.text('[The answer broke off here.]'));
      draft.note(finding, 'add', 'added text that says that the answer broke off');
    }
  },
};

/** With thinking on, the turn that the model is to go on from starts with thinking. Nobody can make that up. */
export const reasoningMissing: RuleCore = {
  code: 'reasoning-missing',
  find({ turns }) {
    const at = turns.findLastIndex(({ role }) => role === 'assistant');
    const turn = turns[at];
    if (turn === undefined || !turn.parts.some(({ kind }) => kind === 'call') || turn.parts[0]?.kind === 'reasoning')
      return [];
    return [{ turn: at, hint: 'with thinking on, an assistant message that calls tools starts with its thinking' }];
  },
};

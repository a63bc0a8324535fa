import type { Part } from '../graph.js';
import type { Finding, RuleCore } from '../rule.js';
import { callNotAllowed } from '../rules/shape.js';
import { emptyWords } from '../rules/states.js';
import { messageOf, rawsOf } from './ai-sdk-ui-versions.js';

const ofTools: ReadonlySet<string> = new Set(['call', 'result', 'approval-request', 'approval-response']);

/**
 * A tool part in a message of somebody else than the assistant: the SDK leaves it out without a word. A message of nothing
 * else, or with reasoning, is the assistant's; beside words of somebody else, tool parts become a message of their own.
 */
export const toolsOfOthers: RuleCore = {
  ...callNotAllowed,
  repair(findings, draft, { transcript: { dialect, turns } }) {
    const byTurn = new Map<number, Finding[]>();
    for (const finding of findings) {
      const others = byTurn.get(finding.turn);
      if (others === undefined) byTurn.set(finding.turn, [finding]);
      else others.push(finding);
    }
    for (const [at, found] of byTurn) {
      const turn = turns[at]!;
      const isAssistants =
        turn.parts.every(({ kind }) => ofTools.has(kind)) || turn.parts.some(({ kind }) => kind === 'reasoning');
      if (isAssistants) {
        draft.setRole(found[0]!, 'assistant', 'assistant', "the message is now the assistant's");
        continue;
      }
      const { id } = messageOf(turn);
      const moved = turn.parts.filter(({ kind }) => ofTools.has(kind));
      turn.parts.forEach(({ kind }, part) => {
        if (ofTools.has(kind)) draft.take(at, part);
      });
      for (const finding of found) draft.note(finding, 'move', 'moved into a message of the assistant');
      draft.putBehind(at, dialect.parse({ id: `${id}-tools`, role: 'assistant', parts: rawsOf(moved) }, -1));
    }
  },
};

/**
 * Words with nothing in them that is sent: no text, no file. The SDK takes them, and makes a message without content of
 * them, which providers refuse. Of an answer every step becomes a message. Parts of data count: programs may turn them into
 * text. The last step may just have begun.
 */
export const unsaidWords: RuleCore = {
  ...emptyWords,
  find(transcript) {
    const { turns } = transcript;
    const unsaid = turns.flatMap(({ role, parts }, turn): Finding[] => {
      if (role === 'assistant')
        return emptySteps(parts, turn === turns.length - 1).map((part) => ({ turn, part, hint }));
      return role === 'user' && parts.length > 0 && parts.every(isUnsaid) ? [{ turn, at: 'parts', hint }] : [];
    });
    return [...emptyWords.find(transcript), ...unsaid];
  },
  repair(findings, draft) {
    for (const finding of findings) {
      if (finding.part === undefined) draft.dropTurn(finding, 'removed, there is nothing in it');
      else draft.dropPart(finding, 'removed, there is no text in it');
    }
  },
};

const hint = 'nothing of it is sent: there is neither text nor a file';

/** Positions of texts without text in steps of nothing else. A step of no text at all is not sent. */
function emptySteps(parts: readonly Part[], isLast: boolean): number[] {
  const found: number[] = [];
  let texts: number[] = [];
  let isSaid = false;
  parts.forEach((part, at) => {
    if (part.kind === 'other' && part.type === 'step-start') {
      if (!isSaid) for (const text of texts) found.push(text);
      texts = [];
      isSaid = false;
    } else if (!isUnsaid(part)) isSaid = true;
    else if (part.kind === 'text') texts.push(at);
  });
  return isSaid || isLast ? found : [...found, ...texts];
}

function isUnsaid(part: Part): boolean {
  if (part.flaws.length > 0 || part.kind === 'media') return false;
  if (part.kind === 'text') return part.text === '';
  return part.kind === 'other' && part.type?.startsWith('data-') === false;
}

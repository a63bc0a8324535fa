import type { Turn } from '../graph.js';
import type { Finding, RuleCore } from '../rule.js';
import { misplacedResult } from './pairing.js';

/** What the provider ran itself, answered by somebody else than the assistant: the result goes back behind its call. */
export const strayProviderResult: RuleCore = {
  code: misplacedResult.code,
  find: ({ links, turns }) =>
    links.results
      .filter(
        ({ verdict, result, turn }) => verdict === 'answers' && result.executedBy === 'provider' && !isOwn(turns, turn),
      )
      .map(({ turn, part, result }) => ({
        turn,
        part,
        ...(result.id === undefined ? {} : { callId: result.id }),
        hint: 'what the provider ran is answered in a message of the assistant',
      })),
  ...(misplacedResult.repair && { repair: misplacedResult.repair }),
};

/**
 * A call that the provider runs and that has no result, though somebody spoke since. As long as nobody did, it may still
 * end. Nobody else can answer it, so it goes.
 */
export const unansweredProviderCall: RuleCore = {
  code: 'unanswered-call',
  find({ links, turns }) {
    const lastWords = turns.findLastIndex(
      ({ role, parts }) => role === 'user' && parts.some(({ kind }) => kind !== 'result'),
    );
    const findings: Finding[] = [];
    for (const { call, answer, stray, turn, part } of links.calls) {
      if (call.executedBy !== 'provider' || turns[turn]!.role !== 'assistant') continue;
      if (answer !== undefined || stray !== undefined || turn > lastWords) continue;
      findings.push({
        turn,
        part,
        ...(call.id === undefined ? {} : { callId: call.id }),
        hint: `the provider was to run ${call.name ?? 'a tool'}, and no result of it is in the messages`,
      });
    }
    return findings;
  },
  repair(findings, draft) {
    for (const finding of findings) draft.dropPart(finding, 'removed, only the provider could have answered it');
  },
};

function isOwn(turns: readonly Turn[], at: number): boolean {
  return turns[at]!.role === 'assistant';
}

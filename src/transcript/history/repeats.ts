import type { HistoryIssue } from '../../errors/history.js';
import { pathOf } from '../graph.js';
import type { LinkedCall } from '../links.js';
import type { Transcript } from '../transcript.js';
import { callKey, outputKey } from './content.js';

/**
 * Calls in a row that are the same, with the same arguments, and got the same result: evidence that the model goes in
 * circles. Equal texts are none. Who speaks in between may have asked for it again, so the row ends there.
 */
export function repeatedCalls({ turns, links }: Transcript, atLeast: number): HistoryIssue[] {
  const issues: HistoryIssue[] = [];
  /** By position: how often somebody else than the model and its tools had spoken before. */
  let spoken = 0;
  const spokenBefore = turns.map(({ role, parts }) => {
    if (role === 'user' && parts.some(({ kind }) => kind !== 'result')) spoken += 1;
    return spoken;
  });
  let row: LinkedCall[] = [];
  let key = '';
  const close = (): void => {
    const last = row.at(-1);
    if (last === undefined || row.length < atLeast) return;
    const name = last.call.name ?? 'a tool';
    issues.push({
      code: 'repeated-calls',
      severity: 'error',
      path: pathOf(turns[last.turn]!, last.call),
      ...(last.call.id === undefined ? {} : { callId: last.call.id }),
      hint: `${row.length} calls of ${name} in a row have the same arguments and the same result`,
      count: row.length,
      limit: atLeast,
    });
  };
  for (const linked of links.calls) {
    const { call, answer, turn } = linked;
    const now = answer === undefined ? '' : `${spokenBefore[turn]} ${callKey(call)} ${outputKey(answer.result.output)}`;
    if (now !== '' && now === key) row.push(linked);
    else {
      close();
      row = [linked];
      key = now;
    }
  }
  close();
  return issues;
}

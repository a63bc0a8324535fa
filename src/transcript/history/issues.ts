import type { HistoryIssue } from '../../errors/history.js';
import type { Content } from './content.js';

/** Too many, or nearly so. */
export function limitIssues(
  what: 'tokens' | 'messages',
  count: number,
  limit: number,
  warnAt: number,
  isEstimate: boolean,
): HistoryIssue[] {
  const about = isEstimate ? 'about ' : '';
  if (count > limit) {
    const hint = `${about}${count} ${what}, and at most ${limit} are allowed`;
    return [{ code: `too-many-${what}`, severity: 'error', hint, count, limit }];
  }
  if (count < limit * warnAt) return [];
  return [{ code: 'near-limit', severity: 'warning', hint: `${about}${count} ${what} of ${limit}`, count, limit }];
}

/** One issue for each message that lost something. */
export function droppedIssues(lost: readonly Content[]): HistoryIssue[] {
  const byMessage = new Map<string, Content[]>();
  for (const content of lost) {
    const place = `${content.turn} ${content.role}`;
    const there = byMessage.get(place);
    if (there === undefined) byMessage.set(place, [content]);
    else there.push(content);
  }
  return [...byMessage.values()].map((contents) => {
    const { turn, role } = contents[0]!;
    const beginning = contents.find((one) => one.beginning !== undefined)?.beginning;
    const said = beginning === undefined ? '' : ` (${JSON.stringify(beginning)})`;
    const hint = `what ${role} said at [${turn}]${said} is not there any more, or was changed, and nobody declared it`;
    return {
      code: 'dropped',
      severity: 'error',
      path: `[${turn}]`,
      hint,
      role,
      ...(beginning === undefined ? {} : { beginning }),
    };
  });
}

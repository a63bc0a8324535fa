import { expect, test } from 'vitest';
import { HistoryGuard } from '../../src/transcript/index.js';

const ratioLimit = 12;
const fewestRounds = 2;
const mostRounds = 10;

const call = (at: number) => ({
  id: `call_${at}`,
  type: 'function',
  function: { name: 'search', arguments: JSON.stringify({ query: `orders of customer ${at}`, page: at % 7 }) },
});

/** Two thirds calls and results, one third text, no two alike. */
function turn(at: number): object[] {
  return [
    { role: 'user', content: `What became of order ${at}, and when will it arrive?` },
    { role: 'assistant', content: null, tool_calls: [call(at)] },
    { role: 'tool', tool_call_id: `call_${at}`, content: JSON.stringify({ order: at, state: 'shipped' }) },
    { role: 'assistant', content: `Order ${at} was shipped.` },
  ];
}

const long = Array.from({ length: 1_250 }, (_, at) => turn(at)).flat();
/** The same messages, as ten lists: what is remembered of one list is of no use to the next. */
const short = Array.from({ length: 10 }, (_, at) => long.slice(at * 500, at * 500 + 500));

/** Of this process alone, in microseconds: a neighbour on the machine is not in it. */
function costOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const works: Readonly<Record<string, (messages: readonly object[]) => void>> = {
  'a first check, and one more message': (messages) => {
    const guard = new HistoryGuard({ repeats: true });
    guard.check(messages);
    guard.check([...messages, { role: 'user', content: 'And now?' }]);
  },
  'everything is missing, and then declared': (messages) => {
    const guard = new HistoryGuard();
    guard.check(messages);
    guard.check([{ role: 'user', content: 'Go' }]);
    guard.compacted(messages);
  },
  trim: (messages) => {
    new HistoryGuard().trim(messages, { maxMessages: messages.length / 2 });
  },
};

test.each(Object.entries(works))('5,000 messages cost what ten lists of 500 cost: %s', (name, work) => {
  let whole = Number.POSITIVE_INFINITY;
  let parts = Number.POSITIVE_INFINITY;
  let ratio = Number.POSITIVE_INFINITY;
  // In turns, and the least of each: what is collected or compiled meanwhile only ever adds.
  for (let round = 0; round < mostRounds && (round < fewestRounds || ratio > ratioLimit); round += 1) {
    parts = Math.min(
      parts,
      costOf(() => short.forEach(work)),
    );
    whole = Math.min(
      whole,
      costOf(() => work(long)),
    );
    ratio = whole / (parts / short.length);
  }
  process.stdout.write(`${name}: ${(whole / 1_000).toFixed(0)} ms, ${ratio.toFixed(1)} times 500\n`);
  expect(ratio).toBeLessThanOrEqual(ratioLimit);
});

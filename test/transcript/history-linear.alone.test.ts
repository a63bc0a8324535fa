import { expect, test } from 'vitest';
import { leastGrowth } from '../../bench/growth.js';
import { estimateTokens } from '../../src/transcript/history/estimate.js';
import { HistoryGuard } from '../../src/transcript/index.js';

/** 10 is linear; what is remembered of more messages fits the processor's cache less well. */
const ratioLimit = 15;

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
  const { ratio, wholeMs } = leastGrowth(long, work, ratioLimit);
  process.stdout.write(`${name}: ${wholeMs.toFixed(0)} ms, ${ratio.toFixed(1)} times 500\n`);
  expect(ratio).toBeLessThanOrEqual(ratioLimit);
});

test.each(['a', '漢', '7', ' ', 'aB', '{"a":'])('the estimate takes linear time: %j', (piece) => {
  const pieces = Array.from({ length: 200_000 }, () => piece);
  const { ratio } = leastGrowth(pieces, (some) => void estimateTokens(some.join('')), ratioLimit);
  expect(ratio).toBeLessThanOrEqual(ratioLimit);
});

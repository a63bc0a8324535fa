import { describe, expect, test } from 'vitest';
import { MessageValidator, type TranscriptFormat } from '../../src/transcript/index.js';
import { fuzzFormats } from './fuzz/formats.js';

const ratioLimit = 12;
/** What 5,000 messages may keep the event loop from doing anything else. */
const blockLimitMs = 150;

const said = Array.from({ length: 2_500 }, (_, at) => [
  { by: 'user', text: `question ${at}`, image: false } as const,
  {
    by: 'assistant',
    text: '',
    refuses: false,
    thinking: '',
    calls: [{ id: `call_${at}`, name: 'pay', input: { at }, output: 'ok' }],
  } as const,
]).flat();

/** The fastest of several: a neighbour only ever adds time. */
function fastest(work: () => void): number {
  return Math.min(
    ...Array.from({ length: 15 }, () => {
      const start = performance.now();
      work();
      return performance.now() - start;
    }),
  );
}

/** Both measurements take about as long, so that a neighbour disturbs both alike. */
function tenTimes(work: () => void): void {
  for (let round = 0; round < 10; round += 1) work();
}

describe.each(fuzzFormats)('$format', ({ format, render }) => {
  const whole = render(said).slice(0, 5_000);
  const validator = new MessageValidator({ format: format as TranscriptFormat });

  test.each([
    ['valid', whole],
    [
      'broken',
      whole
        .filter((_, at) => at % 7 !== 3)
        .concat(whole.slice(0, 700))
        .reverse()
        .slice(0, 5_000),
    ],
  ])(`5,000 messages take at most ${ratioLimit} times as long as 500: %s`, (_, messages) => {
    const few = messages.slice(0, 500);
    fastest(() => validator.check(few));
    const ratios: number[] = [];
    // A busy machine needs more than one look; what grows with the square is at 100 in every one.
    while (ratios.length < 8 && Math.min(...ratios) > ratioLimit) {
      const short = fastest(() => tenTimes(() => validator.check(few))) / 10;
      const long = fastest(() => validator.check(messages));
      expect(long).toBeLessThan(blockLimitMs);
      ratios.push(long / short);
    }
    process.stdout.write(`${format}: ${ratios.map((ratio) => ratio.toFixed(1)).join(', ')}\n`);
    expect(Math.min(...ratios)).toBeLessThanOrEqual(ratioLimit);
  });

  test('a repair, too', () => {
    const broken = whole.filter((_, at) => at % 7 !== 3).reverse();
    const few = broken.slice(0, 500);
    const short = fastest(() => tenTimes(() => validator.repair(few))) / 10;
    const ratio = fastest(() => validator.repair(broken)) / short;
    expect(ratio).toBeLessThanOrEqual(ratioLimit);
  });
});

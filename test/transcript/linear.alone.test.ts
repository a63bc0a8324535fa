import { describe, expect, test } from 'vitest';
import { leastGrowth } from '../../bench/growth.js';
import { brokenAlike, longConversation } from '../../bench/transcripts.js';
import { MessageValidator, type TranscriptFormat } from '../../src/transcript/index.js';
import { fuzzFormats } from './fuzz/formats.js';

/** 10 is linear; what grows with the square is at 100. What is found in broken messages is collected garbage in the end. */
const limits = { valid: 12, broken: 15 };
/** What 5,000 messages may keep the event loop from doing anything else. */
const blockLimitMs = 150;

describe.each(fuzzFormats)(
  '$format: 5,000 messages take at most 12 times as long as 500, broken ones 15 times',
  ({ format, render }) => {
    const whole = longConversation(render);
    const broken = brokenAlike(whole);
    const validator = new MessageValidator({ format: format as TranscriptFormat });
    const check = (messages: readonly unknown[]): void => void validator.check(messages);

    test.each([
      ['checked, valid', whole, check, limits.valid],
      ['checked, broken', broken, check, limits.broken],
      ['repaired', broken, (messages: readonly unknown[]): void => void validator.repair(messages), limits.broken],
    ] as const)('%s', (what, messages, work, ratioLimit) => {
      expect(messages).toHaveLength(5_000);
      const { ratio, wholeMs } = leastGrowth(messages, work, ratioLimit);
      process.stdout.write(`${format} ${what}: ${ratio.toFixed(1)} times, ${wholeMs.toFixed(1)} ms\n`);
      expect(ratio).toBeLessThanOrEqual(ratioLimit);
      expect(wholeMs).toBeLessThan(blockLimitMs);
    });
  },
);

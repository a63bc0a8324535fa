import { describe, expect, test } from 'vitest';
import { HistoryGuard, MessageValidator } from '../../src/transcript/index.js';
import { fuzzFormats } from './fuzz/formats.js';
import { anthropicRows } from './reference/anthropic.js';
import { historyRows } from './reference/history.js';
import { openaiChatRows } from './reference/openai-chat.js';
import { repairRows } from './reference/repairs.js';
import { type Row, sketch } from './reference/row.js';
import { otherRows, validRows } from './reference/valid.js';

const numbered = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${letter}${String(at + 1).padStart(2, '0')}`);

/** The ids that stand in the reference's §6.1; it has no O10, O27, O28, O32, O37–O43. */
const idsOf61 = [
  ...numbered('O', 36).filter((id) => !['O10', 'O27', 'O28', 'O32'].includes(id)),
  ...['O44', ...numbered('A', 18), 'V02', 'L'],
];
const linesOf = (section: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${section}.${at + 1}`);

describe.each<[string, readonly Row[], readonly string[]]>([
  [
    '6.1, accepted by the original and refused by providers',
    [...openaiChatRows, ...anthropicRows, ...otherRows],
    idsOf61,
  ],
  ['6.2, rejected by the original and valid', validRows, linesOf('6.2', 10)],
  ['6.3, repaired by the original and still invalid', repairRows, linesOf('6.3', 7)],
])('%s', (_, rows, ids) => {
  test('has every row of the reference', () => {
    const there = rows.map(({ id }) => id.replace(/[b-z]$/, ''));
    expect([...new Set(there)].sort()).toEqual([...ids].sort());
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });

  test.each(rows)('$id: $what', (row) => {
    const { messages, profile, finds, remains } = row;
    const validator = new MessageValidator(profile === undefined ? {} : { profile });
    const before = [...messages];
    const { ok, format, issues } = validator.check(messages);
    expect(issues.map(({ severity, path, code }) => `${severity} ${path} ${code}`)).toEqual(finds);
    expect(ok).toBe(finds.every((line) => !line.startsWith('error')));

    const repaired = validator.repair(messages);
    expect(messages).toEqual(before);
    expect(repaired.remaining.map(({ code }) => code)).toEqual(remains?.codes ?? []);
    expect(validator.check(repaired.messages).ok).toBe(remains === undefined);
    if (row.becomes === undefined) expect(repaired.messages.every((one, at) => one === messages[at])).toBe(true);
    else expect(sketch(repaired.messages)).toEqual(row.becomes);
    expect(validator.repair(repaired.messages).changes).toEqual([]);

    const { oracle, kept } = fuzzFormats.find((one) => one.format === format)!;
    expect(kept(repaired.messages).map((text) => text.trim())).toEqual(
      expect.arrayContaining(kept(messages).map((text) => text.trim())),
    );
    if (row.oracleCannotTell !== undefined) return;
    expect(oracle(messages).length > 0).toBe(!ok);
    expect(oracle(repaired.messages).length > 0).toBe(remains !== undefined);
  });
});

test('O36b: what is no list is an issue, and nothing is made of it', () => {
  const validator = new MessageValidator();
  const given = 'hello' as unknown as unknown[];
  expect(validator.check(given)).toMatchObject({ ok: false, issues: [{ code: 'not-a-list', severity: 'error' }] });
  expect(validator.repair(given)).toMatchObject({
    messages: 'hello',
    changes: [],
    remaining: [{ code: 'not-a-list' }],
  });
});

describe('6.4, HistoryGuard', () => {
  test('has every line of the reference', () => {
    const there = historyRows.map(({ id }) => id.replace(/[b-z]$/, ''));
    expect([...new Set(there)]).toEqual(linesOf('6.4', 6));
  });

  test.each(historyRows)('$id: $what', ({ lists, compacted, finds, tokens }) => {
    // The defaults: what the original fails with.
    const guard = new HistoryGuard();
    for (const list of lists.slice(0, -1)) expect(guard.check(list).ok).toBe(true);
    if (compacted !== undefined) guard.compacted(compacted);
    const report = guard.check(lists.at(-1)!);
    expect(report.issues.map(({ severity, path, code }) => `${severity} ${path} ${code}`)).toEqual(finds);
    if (tokens === undefined) return;
    expect(report.tokens.count).toBeGreaterThan(tokens[0]);
    expect(report.tokens.count).toBeLessThan(tokens[1]);
  });
});

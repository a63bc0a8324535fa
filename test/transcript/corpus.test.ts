import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { MessageValidator, type TranscriptFormat } from '../../src/transcript/index.js';
import { fuzzFormats } from './fuzz/formats.js';

/** One published case. */
interface Case {
  readonly name: string;
  /** Codes of its errors; empty: a provider takes it. */
  readonly breaks: readonly string[];
  readonly warns?: readonly string[];
  /** Codes that no repair mends. */
  readonly remaining?: readonly string[];
  readonly messages: readonly unknown[];
}

const folder = fileURLToPath(new URL('../transcripts', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

const sorted = (codes: Iterable<string>): string[] => [...new Set(codes)].sort();

test('there is a file for every format that is fuzzed', () => {
  expect(files).toEqual(expect.arrayContaining(fuzzFormats.map(({ format }) => `${format}.json`)));
});

describe.each(files)('%s', (file) => {
  const cases = JSON.parse(readFileSync(join(folder, file), 'utf8')) as readonly Case[];
  const format = file.replace('.json', '') as TranscriptFormat;
  const validator = new MessageValidator({ format });
  const oracle = fuzzFormats.find((one) => one.format === format)?.oracle;

  test('has several dozen cases, each with its own name', () => {
    expect(cases.length).toBeGreaterThan(36);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });

  test.each(cases)('$name', ({ messages, breaks, warns = [], remaining = [] }) => {
    const before = structuredClone(messages);
    const { ok, issues } = validator.check(messages);
    expect(ok).toBe(breaks.length === 0);
    expect(sorted(issues.filter(({ severity }) => severity === 'error').map(({ code }) => code))).toEqual(
      sorted(breaks),
    );
    expect(sorted(issues.filter(({ severity }) => severity === 'warning').map(({ code }) => code))).toEqual(
      sorted(warns),
    );
    const repaired = validator.repair(messages);
    expect(messages).toEqual(before);
    expect(sorted(repaired.remaining.map(({ code }) => code))).toEqual(sorted(remaining));
    expect(validator.check(repaired.messages).ok).toBe(remaining.length === 0);
    if (remaining.length === 0 && oracle !== undefined && isOfOracle(messages))
      expect(oracle(repaired.messages)).toEqual([]);
    const again = validator.repair(repaired.messages);
    expect(again.changes).toEqual([]);
    expect(again.messages).toEqual(repaired.messages);
  });
});

/** The oracles know what the generator writes; what providers run themselves, approvals and old forms they do not. */
function isOfOracle(messages: readonly unknown[]): boolean {
  const text = JSON.stringify(messages);
  return !/server_tool_use|providerExecuted|function_call"|"custom"|redacted_thinking|"audio"|search_result|approval/.test(
    text,
  );
}

import { describe, expect, test } from 'vitest';
import { profiles } from '../../src/transcript/formats.js';
import { HistoryGuard, MessageValidator } from '../../src/transcript/index.js';
import { anthropicRules } from './reference/anthropic-rules.js';
import { openaiChatRules, openaiResponsesRules } from './reference/openai-rules.js';
import { aiSdkRules, geminiRules, othersRules } from './reference/other-rules.js';

const providerRules = [
  ...[...openaiChatRules, ...openaiResponsesRules, ...anthropicRules, ...aiSdkRules, ...othersRules, ...geminiRules],
];

const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${name}${at + 1}`);

test('every rule of the reference has its line, and says who finds what breaks it, or why nobody can', () => {
  const counts = { OC: 11, OR: 8, AN: 13, VM: 7, VU: 2, LC: 2, MCP: 4, G: 1 };
  const ids = Object.entries(counts).flatMap(([name, count]) => numbered(name, count));
  expect(providerRules.map(({ id }) => id)).toEqual(ids);
  for (const { broken, not } of providerRules) expect(broken.length > 0 || not !== undefined).toBe(true);
});

describe.each(providerRules.filter(({ broken }) => broken.length > 0))('$id $says', ({ broken }) => {
  test.each(broken)('$profile: $code', ({ profile, code, severity = 'error', messages }) => {
    const rules = profiles.find(({ name }) => name === profile)!.rules;
    expect(rules.some((rule) => rule.code === code && rule.severity === severity)).toBe(true);
    const validator = new MessageValidator({ profile });
    const { issues } = validator.check(messages);
    expect(issues.map((issue) => `${issue.severity} ${issue.rule}`)).toContain(`${severity} ${profile}/${code}`);
    const repaired = validator.repair(messages);
    expect(validator.check(repaired.messages).ok).toBe(repaired.remaining.length === 0);
  });
});

test('AN12: what is trimmed keeps callers and the calls that they name', () => {
  const run = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'code_execution', input: { code: 'pay()' } };
  const caller = { type: 'code_execution_20250825', tool_id: 'srvtoolu_1' };
  const done = {
    type: 'code_execution_tool_result',
    tool_use_id: 'srvtoolu_1',
    content: { type: 'code_execution_result' },
  };
  const messages = [
    { role: 'user', content: 'An old question, which goes first' },
    { role: 'assistant', content: 'An old answer' },
    { role: 'user', content: 'Pay' },
    { role: 'assistant', content: [run, { type: 'tool_use', id: 't1', name: 'pay', input: {}, caller }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'paid' }] },
    { role: 'assistant', content: [done, { type: 'text', text: 'Paid' }] },
  ];
  expect(new MessageValidator({ profile: 'anthropic' }).check(messages).issues).toEqual([]);
  const trimmed = new HistoryGuard({ format: 'anthropic' }).trim(messages, { maxMessages: 4 });
  expect(trimmed.messages).toEqual(messages.slice(2));
  expect(trimmed.messages[1]).toBe(messages[3]);
});

test('AN13: the limit of messages is one of HistoryGuard', () => {
  const guard = new HistoryGuard({ format: 'anthropic', maxMessages: 3 });
  const messages = Array.from({ length: 4 }, (_, at) => ({ role: 'user', content: String(at) }));
  expect(guard.check(messages).issues.map(({ code }) => code)).toEqual(['too-many-messages']);
});

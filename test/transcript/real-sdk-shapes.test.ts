import { modelMessageSchema, safeValidateUIMessages } from 'ai';
import { describe, expect, test } from 'vitest';
import type { ProfileName } from '../../src/transcript/index.js';
import { MessageValidator } from '../../src/transcript/index.js';

const models = new MessageValidator({ format: 'ai-sdk' });
const user = { role: 'user', content: 'Pay invoice 42' };
const call = { type: 'tool-call', toolCallId: 'call_1', toolName: 'pay', input: { amount: 5 } };
const pays = { role: 'assistant', content: [call] };
const result = { type: 'tool-result', toolCallId: 'call_1', toolName: 'pay' };
const answered = (output: unknown) => [user, pays, { role: 'tool', content: [{ ...result, output }] }];
const isTakenBySdk = (messages: readonly unknown[]) =>
  messages.every((message) => modelMessageSchema.safeParse(message).success);
const codesOf = (validator: MessageValidator, messages: readonly unknown[]) =>
  validator.check(messages).issues.map(({ code }) => code);

/** Repairs, and looks that the SDK refuses what was found and takes what came out. */
function mended(messages: readonly unknown[], code: string): readonly unknown[] {
  expect(isTakenBySdk(messages)).toBe(false);
  expect(codesOf(models, messages)).toContain(code);
  const repaired = models.repair(messages);
  expect(repaired.remaining).toEqual([]);
  expect(isTakenBySdk(repaired.messages)).toBe(true);
  expect(models.repair(repaired.messages).changes).toEqual([]);
  return repaired.messages;
}

describe('outputs that the SDK refuses', () => {
  const at = new Date(0);
  const content = (...value: readonly unknown[]) => ({ type: 'content', value });
  test.each([
    ['a date in JSON', { type: 'json', value: { at } }, { type: 'json', value: { at: at.toISOString() } }],
    ['a failure in JSON', { type: 'error-json', value: new Map() }, { type: 'error-json', value: {} }],
    ['a number that is none', { type: 'json', value: [Number.NaN] }, { type: 'json', value: [null] }],
    ['a reason that is no text', { type: 'execution-denied', reason: 7 }, { type: 'execution-denied', reason: '7' }],
    ['text as a piece', content('paid'), content({ type: 'text', text: 'paid' })],
    ['a piece of another kind', content({ type: 'note', text: 'paid' }), content({ type: 'text', text: 'paid' })],
    ['a piece without its text', content({ type: 'text' }), content({ type: 'text', text: '{"type":"text"}' })],
    [
      'an image as tools hand it on',
      content({ type: 'image', data: 'AAAA', mimeType: 'image/png' }),
      content({ type: 'image-data', data: 'AAAA', mediaType: 'image/png' }),
    ],
    [
      'another file as tools hand it on',
      content({ type: 'blob', data: 'AAAA', mimeType: 'application/pdf' }),
      content({ type: 'file-data', data: 'AAAA', mediaType: 'application/pdf' }),
    ],
  ])('%s', (_what, output, wanted) => {
    const [, , tool] = mended(answered(output), 'invalid-result');
    expect(tool).toEqual({ role: 'tool', content: [{ ...result, output: wanted }] });
  });

  test('values that no request can carry, though the SDK takes them, are told as text', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const deep = JSON.parse(`${'['.repeat(900)}${']'.repeat(900)}`);
    for (const [value, output] of [
      [cyclic, { type: 'json', value: { self: '[circular]' } }],
      [deep, { type: 'text', value: JSON.stringify(deep) }],
    ]) {
      const messages = answered({ type: 'json', value });
      expect(codesOf(models, messages)).toEqual(['invalid-result']);
      const repaired = models.repair(messages);
      expect(repaired.remaining).toEqual([]);
      expect(repaired.messages[2]).toEqual({
        role: 'tool',
        content: [{ ...result, output }],
      });
    }
  });
});

describe('files that the SDK refuses', () => {
  const bytes = Buffer.from('Hello');
  const said = { type: 'text', text: 'Read' };
  const read = (part: unknown) => [{ role: 'user', content: [said, part] }];
  const stored = (value: unknown) => JSON.parse(JSON.stringify(value));
  test.each([
    ['a buffer that was stored', { type: 'file', mediaType: 'text/plain', data: stored(bytes) }, 'data'],
    ['an image that was stored', { type: 'image', image: stored(new Uint8Array(bytes)) }, 'image'],
  ])('%s', (_what, part, name) => {
    const [message] = mended(read(part), 'invalid-content');
    expect(message).toEqual({ role: 'user', content: [said, { ...part, [name]: 'SGVsbG8=' }] });
  });

  test.each([
    { type: 'file', mediaType: 'text/plain', data: 7 },
    { type: 'image', image: {} },
    { type: 'file', mediaType: 'text/plain', data: { type: 'data' } },
  ])('there is nothing in %j', (part) => {
    expect(mended(read(part), 'invalid-content')).toEqual([{ role: 'user', content: [said] }]);
  });

  test('bytes, buffers and URLs are what they are', () => {
    const data = [bytes, new Uint8Array(bytes), bytes.buffer, new URL('https://example.com/a.txt'), 'SGVsbG8='];
    const messages = [
      { role: 'user', content: data.map((one) => ({ type: 'file', mediaType: 'text/plain', data: one })) },
    ];
    expect(models.check(messages).issues).toEqual([]);
    expect(isTakenBySdk(messages)).toBe(true);
  });
});

test('questions for approval: without an id they go, with a number it is text', () => {
  const asks = (ids: object) => ({ role: 'assistant', content: [call, { type: 'tool-approval-request', ...ids }] });
  const tool = { role: 'tool', content: [{ ...result, output: { type: 'text', value: 'paid' } }] };
  expect(mended([user, asks({ toolCallId: 'call_1' }), tool], 'invalid-content')).toEqual([user, pays, tool]);
  expect(mended([user, asks({ approvalId: 'a1' }), tool], 'invalid-content')).toEqual([user, pays, tool]);
  const said = { role: 'tool', content: [{ type: 'tool-approval-response', approvalId: 1, approved: true }] };
  const [, one, other] = mended([user, asks({ approvalId: 1, toolCallId: 'call_1' }), said], 'invalid-id');
  expect(one).toEqual(asks({ approvalId: '1', toolCallId: 'call_1' }));
  expect(other).toEqual({ role: 'tool', content: [{ ...said.content[0], approvalId: '1' }] });
});

test('parts of version 7 tell the format', () => {
  const custom = { role: 'assistant', content: [{ type: 'custom', kind: 'openai.compaction' }] };
  const { format, issues } = new MessageValidator().check([user, custom]);
  expect(format).toBe('ai-sdk');
  expect(issues).toEqual([expect.objectContaining({ code: 'part-not-allowed', severity: 'warning' })]);
  const { messages, remaining } = new MessageValidator({ profile: 'ai-sdk-7' }).repair([user, custom]);
  expect([messages, remaining]).toEqual([[user, custom], []]);
  expect(mendedBy('ai-sdk-6', [user, custom])).toEqual([user]);
});

function mendedBy(profile: ProfileName, messages: readonly unknown[]): readonly unknown[] {
  return new MessageValidator({ profile }).repair(messages).messages;
}

describe('a UIMessage', () => {
  const asked = { id: 'm0', role: 'user', parts: [{ type: 'text', text: 'Pay invoice 42' }] };
  const paid = {
    type: 'tool-pay',
    toolCallId: 'call_1',
    state: 'output-available',
    input: { amount: 5 },
    output: 'ok',
  };
  const step = { type: 'step-start' };
  const empty = { type: 'text', text: '' };
  const repairedBy = (profile: ProfileName, messages: readonly unknown[]) => {
    const validator = new MessageValidator({ profile });
    const { messages: repaired, remaining } = validator.repair(messages);
    expect(remaining).toEqual([]);
    expect(validator.repair(repaired).changes).toEqual([]);
    return repaired;
  };
  const isTaken = async (messages: readonly unknown[]) =>
    (await safeValidateUIMessages({ messages: structuredClone(messages) })).success;

  test('tool parts beside words of a user become a message of the assistant', async () => {
    const text = { type: 'text', text: 'Look' };
    const messages = [{ id: 'm0', role: 'user', parts: [text, paid, { type: 'text', text: 'here' }] }];
    const repaired = repairedBy('ai-sdk-ui', messages);
    expect(repaired).toEqual([
      { id: 'm0', role: 'user', parts: [text, { type: 'text', text: 'here' }] },
      { id: 'm0-tools', role: 'assistant', parts: [paid] },
    ]);
    expect(await isTaken(repaired)).toBe(true);
    expect(repairedBy('ai-sdk-ui', [{ id: 'm0', role: 'user', parts: [paid] }])).toEqual([
      { id: 'm0', role: 'assistant', parts: [paid] },
    ]);
  });

  test('words without anything to send go, and what may still be written stays', () => {
    const nothing = { id: 'm1', role: 'user', parts: [empty] };
    const begun = { id: 'm3', role: 'assistant', parts: [step, empty] };
    const steps = {
      id: 'm2',
      role: 'assistant',
      parts: [step, paid, step, empty, step, { type: 'text', text: 'Paid' }],
    };
    const noted = { id: 'm4', role: 'user', parts: [{ type: 'data-note', data: {} }] };
    const messages = [asked, nothing, steps, noted, begun];
    expect(codesOf(new MessageValidator({ profile: 'ai-sdk-ui' }), messages)).toEqual([
      'empty-content',
      'empty-content',
    ]);
    expect(repairedBy('ai-sdk-ui', messages)).toEqual([
      asked,
      { ...steps, parts: [step, paid, step, step, { type: 'text', text: 'Paid' }] },
      noted,
      begun,
    ]);
  });

  test('calls of version 4 beside its text are kept', async () => {
    const old = {
      ...{ id: 'm1', role: 'assistant', content: 'I pay' },
      toolInvocations: [{ state: 'result', toolCallId: 'call_1', toolName: 'pay', args: { amount: 5 }, result: 'ok' }],
    };
    const repaired = repairedBy('ai-sdk-ui', [asked, old]);
    expect(repaired[1]).toEqual({ id: 'm1', role: 'assistant', parts: [{ type: 'text', text: 'I pay' }, paid] });
    expect(await isTaken(repaired)).toBe(true);
  });

  test('a failed call has an input, for it is sent', () => {
    const failed = { type: 'tool-pay', toolCallId: 'call_1', state: 'output-error', errorText: 'no' };
    const inputOf = (part: object): unknown => {
      const [, message] = repairedBy('ai-sdk-ui', [asked, { id: 'm1', role: 'assistant', parts: [part] }]);
      return (message as { parts: { input: unknown }[] }).parts[0]!.input;
    };
    expect(inputOf(failed)).toEqual({});
    expect(inputOf({ ...failed, rawInput: '{"amount":5}' })).toEqual({ amount: 5 });
    expect(inputOf({ ...failed, rawInput: '{"amount"' })).toEqual({});
    const streaming = { type: 'tool-pay', toolCallId: 'call_1', state: 'input-streaming' };
    expect(inputOf(streaming)).toEqual({});
    const { changes } = new MessageValidator().repair([asked, { id: 'm1', role: 'assistant', parts: [streaming] }]);
    expect(changes.map(({ code }) => code)).toEqual(['unanswered-call']);
  });

  test('a dynamic tool that says so twice', async () => {
    const twice = { ...paid, type: 'dynamic-tool', toolName: 'pay', dynamic: true };
    const messages = [asked, { id: 'm1', role: 'assistant', parts: [twice] }];
    expect(await isTaken(messages)).toBe(false);
    const { dynamic: _dynamic, ...once } = twice;
    const repaired = repairedBy('ai-sdk-ui', messages);
    expect(repaired[1]).toEqual({ id: 'm1', role: 'assistant', parts: [once] });
    expect(await isTaken(repaired)).toBe(true);
  });

  test('what a user says in the middle of an answer is a message of its own before version 7', () => {
    const [first, second, last] = ['Let me see', 'Half, then', 'Done'].map((text) => ({ type: 'text', text }));
    const said = (id: string) => ({ type: 'steering-message', id, parts: [{ type: 'text', text: id }] });
    const answer = {
      id: 'm1',
      role: 'assistant',
      metadata: 7,
      parts: [first, said('s1'), second, paid, said('s2'), last],
    };
    const message = (id: string) => ({ id, role: 'user', parts: [{ type: 'text', text: id }] });
    expect(repairedBy('ai-sdk-ui-6', [asked, answer])).toEqual([
      asked,
      { ...answer, parts: [first] },
      message('s1'),
      { ...answer, id: 'm1-2', parts: [second, paid] },
      message('s2'),
      { ...answer, id: 'm1-3', parts: [last] },
    ]);
    expect(repairedBy('ai-sdk-ui-7', [asked, answer])).toEqual([asked, answer]);
    const broken = {
      ...answer,
      parts: [{ type: 'steering-message', parts: ['stop', { type: 'text', text: 'now' }, 7] }],
    };
    expect(repairedBy('ai-sdk-ui-7', [asked, broken])[1]).toMatchObject({
      parts: [{ id: 'steering-parts[0]', parts: [{ text: 'stop' }, { text: 'now' }] }],
    });
  });

  test.each([
    ['data:,a%20b', 'data:text/plain;base64,YSBi'],
    ['data:;base64,SGVsbG8=', 'data:text/plain;base64,SGVsbG8='],
    ['data:text/html,100%', 'data:text/plain;base64,MTAwJQ=='],
    ['SGVsbG8=', 'data:text/plain;base64,SGVsbG8='],
  ])('the address %s is written as it is read', (url, wanted) => {
    const file = { type: 'file', mediaType: 'text/plain', url };
    const [message] = repairedBy('ai-sdk-ui-7', [{ id: 'm0', role: 'user', parts: [file] }]);
    expect(message).toEqual({ id: 'm0', role: 'user', parts: [{ ...file, url: wanted }] });
  });

  test('an address that is none stays, and stays found', () => {
    const file = { type: 'file', mediaType: 'text/plain', url: 'no address' };
    const messages = [{ id: 'm0', role: 'user', parts: [file] }];
    const { remaining, messages: same } = new MessageValidator({ profile: 'ai-sdk-ui-7' }).repair(messages);
    expect(remaining.map(({ code }) => code)).toEqual(['invalid-content']);
    expect(same).toEqual(messages);
    expect(repairedBy('ai-sdk-ui-6', messages)).toEqual(messages);
  });
});

import { isObject } from '../fuzz/format.js';
import { asked, before, denied, each, granted, inState, isDone, isOf, isOwn, isPlain } from './ai-sdk-ui-places.js';
import type { Breakage } from './breakage.js';
import { omit } from './places.js';

export const brokenStates: readonly Breakage[] = [
  // States.
  {
    name: 'the state result of version 4',
    breaks: ['invalid-state'],
    at: each(isDone, (part) => ({ ...part, state: 'result' })),
  },
  { name: 'no state', breaks: ['invalid-state'], at: each(isDone, (part) => omit(part, 'state')) },
  {
    name: 'an output before its state',
    breaks: ['invalid-state'],
    at: each(
      (part) => isDone(part) && part['output'] !== null,
      (part) => ({ ...omit(part, 'preliminary'), state: 'input-available' }),
    ),
  },
  {
    name: 'an error before its state',
    breaks: ['invalid-state'],
    at: each(
      (part) => isPlain(part) && part['state'] === 'output-error' && part['input'] !== undefined,
      (part) => ({ ...part, state: 'input-available' }),
    ),
  },
  {
    name: 'an output and an error',
    breaks: ['invalid-state'],
    at: each(isDone, (part) => ({ ...part, errorText: 'no money' })),
  },
  {
    name: 'an error and an output',
    breaks: ['invalid-state'],
    at: each(
      (part) => isOwn(part) && part['state'] === 'output-error',
      (part) => ({ ...part, output: 'paid' }),
    ),
  },
  { name: 'no output', breaks: ['invalid-state'], at: each(isDone, (part) => omit(part, 'output')) },
  {
    name: 'an error without its text',
    breaks: ['invalid-state'],
    at: each(inState('output-error'), (part) => omit(part, 'errorText')),
  },
  {
    name: 'an error that is an object',
    breaks: ['invalid-state'],
    at: each(inState('output-error'), (part) => ({ ...part, errorText: { code: 402 } })),
  },
  { name: 'no input', breaks: ['invalid-state'], at: each(isDone, (part) => omit(part, 'input')) },
  { name: 'denied by nobody', breaks: ['invalid-state'], at: each(isDone, (part) => before(part, 'output-denied')) },
  {
    name: 'denied, and approved',
    breaks: ['invalid-state'],
    at: each(isDone, (part) => before(part, 'output-denied', granted)),
  },
  {
    name: 'an output of what was denied',
    breaks: ['invalid-state'],
    at: each(isDone, (part) => ({ ...part, approval: denied })),
  },
  {
    name: 'an output of what nobody decided',
    breaks: ['invalid-state'],
    at: each(isDone, (part) => ({ ...part, approval: asked })),
  },
  {
    name: 'an approval without an id',
    breaks: ['invalid-state'],
    at: each(isDone, (part) => ({ ...part, approval: { approved: true } })),
  },
  {
    name: 'text in a state that it does not have',
    breaks: ['invalid-state'],
    at: each(isOf('text', 'reasoning'), (part) => ({ ...part, state: 'half' })),
  },
  {
    name: 'an output that is not the final one',
    breaks: [],
    warns: ['invalid-state'],
    at: each(isDone, (part) => ({ ...part, preliminary: true })),
  },
  {
    name: 'input as JSON text',
    breaks: [],
    warns: ['invalid-arguments'],
    at: each(
      (part) => isOwn(part) && isObject(part['input']),
      (part) => ({ ...part, input: JSON.stringify(part['input']) }),
    ),
  },
  {
    name: 'a failed call without its input',
    breaks: [],
    warns: ['invalid-arguments'],
    at: each(inState('output-error'), (part) => omit(part, 'input')),
  },
  {
    name: 'a failed call whose input was no JSON',
    breaks: [],
    warns: ['invalid-arguments'],
    at: each(inState('output-error'), (part) => ({ ...omit(part, 'input'), rawInput: '{"invoice":' })),
  },
  {
    name: 'a call of version 4',
    breaks: ['obsolete-shape'],
    at: each(isDone, (part) => ({
      type: 'tool-invocation',
      toolInvocation: {
        state: 'result',
        toolCallId: part['toolCallId'],
        toolName: part['toolName'] ?? String(part['type']).slice('tool-'.length),
        args: part['input'],
        result: part['output'] ?? 'ok',
      },
    })),
  },
  {
    name: 'a call of version 4 that nothing answers',
    breaks: ['obsolete-shape', 'unanswered-call'],
    at: each(isDone, (part) => ({
      type: 'tool-invocation',
      toolInvocation: { state: 'call', toolCallId: part['toolCallId'], toolName: 'pay', args: part['input'] },
    })),
  },
];

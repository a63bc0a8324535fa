import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors/usage.js';
import {
  MessageValidationError,
  MessageValidator,
  type MessageValidatorOptions,
  type Truth,
} from '../../src/transcript/index.js';
import { fuzzFormats } from './fuzz/formats.js';

type Message = Record<string, unknown>;

const user = (content: unknown): Message => ({ role: 'user', content });
const tool = (id: string, content: unknown): Message => ({ role: 'tool', tool_call_id: id, content });
const call = (id: string, input: unknown = {}, name = 'pay'): Message => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(input) },
});
const calls = (...tool_calls: readonly Message[]): Message => ({ role: 'assistant', content: null, tool_calls });
const chat = new MessageValidator({ format: 'openai-chat' });

/** What the results say, in order of the list. */
function results(messages: readonly unknown[]): string[] {
  return (messages as Message[])
    .filter(({ role }) => role === 'tool')
    .map(({ tool_call_id: id, content }) => `${id}: ${content}`);
}

describe('a result stays with its call', () => {
  it('the nearest before it, where several have one id', () => {
    const messages = [
      calls(call('c1', { n: 1 })),
      user('a'),
      calls(call('c1', { n: 2 })),
      user('b'),
      tool('c1', 'two'),
    ];
    const { messages: repaired } = chat.repair([user('q'), ...messages]);
    const at = repaired.findIndex((message) => (message as Message)['content'] === 'two');
    expect(repaired[at - 1]).toEqual(messages[2]);
  });

  it('also when it is said by somebody else', () => {
    const use = (n: number): Message => ({ type: 'tool-call', toolCallId: 'c1', toolName: 'pay', input: { n } });
    const paid = { type: 'tool-result', toolCallId: 'c1', toolName: 'pay', output: { type: 'text', value: 'two' } };
    const { messages: repaired, remaining } = new MessageValidator({ format: 'ai-sdk' }).repair([
      user('q'),
      { role: 'assistant', content: [use(1)] },
      user('wait'),
      { role: 'assistant', content: [use(2)] },
      user([paid]),
    ]);
    expect(remaining).toEqual([]);
    const text = JSON.stringify(repaired);
    expect(text.indexOf('"two"')).toBeGreaterThan(text.indexOf('{"n":2}'));
  });

  it('where one id is that of all calls, and one of them has no result', () => {
    const item = (n: number): Message => ({
      type: 'function_call',
      call_id: 'c',
      name: 'pay',
      arguments: `{"n":${n}}`,
    });
    const output = (n: number): Message => ({ type: 'function_call_output', call_id: 'c', output: `out ${n}` });
    const validator = new MessageValidator({ format: 'openai-responses' });
    const { messages: repaired } = validator.repair([
      user('a'),
      item(1),
      user('b'),
      item(2),
      output(2),
      item(3),
      item(4),
      output(3),
      output(4),
    ]);
    const inputs = new Map((repaired as Message[]).map(({ call_id, arguments: given }) => [call_id, given]));
    const items = repaired as Message[];
    for (const n of [2, 3, 4]) {
      const answer = items.find(({ output: said }) => said === `out ${n}`)!;
      const asked = items.find(({ call_id, type }) => type === 'function_call' && call_id === answer['call_id'])!;
      expect(asked['arguments']).toBe(`{"n":${n}}`);
    }
    expect(inputs.size).toBeGreaterThan(3);
  });

  it('said twice, it answers no older call with its id', () => {
    const said = tool('c1', 'two');
    const { messages: repaired } = chat.repair([
      user('q'),
      calls(call('c1', { n: 1 })),
      user('b'),
      calls(call('c1', { n: 2 })),
      said,
      { ...said },
    ]);
    expect(results(repaired)).toEqual([expect.stringContaining('may or may not'), 'c1: two']);
  });
});

describe.each(fuzzFormats.filter(({ format }) => format !== 'ai-sdk-ui'))('$format', ({ format, render }) => {
  const said = [
    { by: 'user', text: 'q', image: false },
    {
      by: 'assistant',
      text: '',
      refuses: false,
      thinking: '',
      calls: [{ id: 'c1', name: 'pay', input: { n: 1 }, output: 'paid 4711' }],
    },
  ] as const;
  const [asked, called, paid] = render(said) as [Message, Message, Message];
  const validator = new MessageValidator({ format: format as 'openai-chat' });

  it('a result that comes later takes the place of what a repair made up', () => {
    const { messages: open } = validator.repair([asked, called]);
    expect(open).toHaveLength(3);
    for (const between of [[], [asked]]) {
      const { messages: repaired, remaining, changes } = validator.repair([...open, ...between, paid]);
      expect(remaining).toEqual([]);
      expect(JSON.stringify(repaired)).toContain('paid 4711');
      expect(JSON.stringify(repaired)).not.toContain('may or may not');
      expect(changes.length).toBeGreaterThan(0);
      expect(validator.repair(repaired).changes).toEqual([]);
    }
    // And not the other way round.
    expect(JSON.stringify(validator.repair([asked, called, paid, open[2]]).messages)).not.toContain('may or may not');
  });

  it('whatever else a message has stays, also what JSON leaves out', () => {
    const mark = Symbol('mark');
    const marked: Message = { ...structuredClone(called), [mark]: 1, later: undefined };
    Object.defineProperty(marked, '__proto__', { value: { x: 1 }, enumerable: true });
    const broken = JSON.stringify(called).includes('"c1"') ? [asked, marked, { ...paid }, marked] : [];
    const { messages: repaired, changes } = validator.repair(broken);
    expect(changes.length).toBeGreaterThan(0);
    for (const message of repaired as Message[]) {
      if (!('later' in message)) continue;
      expect([Object.hasOwn(message, mark), Object.hasOwn(message, '__proto__')]).toEqual([true, true]);
    }
    expect(repaired.filter((message) => 'later' in (message as Message))).toHaveLength(2);
  });

  it('a hole in a list of parts is an issue', () => {
    const name = format === 'gemini' ? 'parts' : 'content';
    const part =
      format === 'gemini' ? { text: 'q' } : { type: format === 'openai-responses' ? 'input_text' : 'text', text: 'q' };
    const sparse = new Array<unknown>(2);
    sparse[1] = part;
    const message: Message =
      format === 'langchain' ? { type: 'human', content: sparse } : { role: 'user', [name]: sparse };
    expect(validator.check([message]).ok).toBe(false);
    const { messages: repaired, remaining } = validator.repair([message]);
    expect(remaining).toEqual([]);
    expect((repaired[0] as Message)[name]).toEqual([part]);
  });
});

describe('what is known of a call', () => {
  const asked: string[] = [];
  const truth = ({ id, input }: { id: string; input: unknown }): Truth | undefined => {
    asked.push(`${id} ${JSON.stringify(input)}`);
    return { state: 'completed', result: `did ${JSON.stringify(input)}` };
  };
  const told = async (options: MessageValidatorOptions, messages: readonly unknown[]): Promise<string> => {
    asked.length = 0;
    return JSON.stringify((await new MessageValidator({ ...options, truth }).repairWithTruth(messages)).messages);
  };

  it('is told of each, where calls have no ids', async () => {
    const parts = [1, 2].map((n) => ({ functionCall: { name: 'pay', args: { n } } }));
    const text = await told({ format: 'gemini' }, [
      { role: 'user', parts: [{ text: 'q' }] },
      { role: 'model', parts },
    ]);
    expect(text).toMatch(/did \{\\"n\\":1\}.*did \{\\"n\\":2\}/);
  });

  it('is asked under the id that the model gave it', async () => {
    const content = [{ type: 'tool_use', id: 'call:1', name: 'pay', input: {} }];
    const known = ({ id }: { id: string }): Truth | undefined => (id === 'call:1' ? { state: 'not-run' } : undefined);
    const { messages } = await new MessageValidator({ format: 'anthropic', truth: known }).repairWithTruth([
      user('q'),
      { role: 'assistant', content },
    ]);
    expect(JSON.stringify(messages)).toContain('was not run');
  });

  it('is told of no call whose id others have: nobody can tell which is meant', async () => {
    const text = await told({ format: 'openai-chat' }, [
      user('q'),
      calls(call('c1', { n: 1 })),
      tool('c1', 'one'),
      calls(call('c1', { n: 2 }), call('c2', { n: 3 })),
      user('?'),
    ]);
    expect(asked).toEqual(['c2 {"n":3}']);
    expect(text).not.toContain('did {\\"n\\":2}');
  });

  it('is not quoted in what was done', async () => {
    const messages = [user('q'), calls(call('c1'))];
    const validator = new MessageValidator({ truth: () => ({ state: 'completed', result: 'iban DE00' }) });
    const { changes, messages: repaired } = await validator.repairWithTruth(messages);
    expect(JSON.stringify(repaired)).toContain('iban');
    expect(JSON.stringify(changes)).not.toContain('iban');
  });
});

describe('what people read', () => {
  it('is short, however long names are', () => {
    const broken = Array.from({ length: 500 }, (_, n) => calls(call(`c${n}`, {}, 'x'.repeat(100_000))));
    const { issues } = chat.check([user('q'), ...broken]);
    expect(Math.max(...issues.map(({ hint }) => hint.length))).toBeLessThan(500);
    const error = new MessageValidationError({ format: 'openai-chat', issues });
    expect(error.message.length).toBeLessThan(2_500);
    const { changes } = chat.repair([user('q'), ...broken]);
    expect(Math.max(...changes.map(({ what }) => what.length))).toBeLessThan(500);
  });

  it.each([
    [null, 'cannot be null'],
    [{ policies: null }, 'cannot be null'],
    [{ policies: 'drop' }, 'cannot be "drop"'],
    [{ truth: 'ledger' }, 'cannot be "ledger"'],
  ])('options that are none are refused: %j', (options, problem) => {
    const make = (): MessageValidator => new MessageValidator(options as MessageValidatorOptions);
    expect(make).toThrow(UsageError);
    expect(make).toThrow(problem);
  });
});

import { describe, expect, it } from 'vitest';
import { type CallOptions, UsageError } from '../../../src/index.js';
import { failure, listen } from '../../ledger/workers.js';
import { runtime, sleep } from './surroundings.js';

const user = (content: string): object => ({ role: 'user', content });
const long = (count: number): object[] => Array.from({ length: count }, (_, index) => user(`question ${index}`));
const summary = { role: 'user', content: 'Summary: three questions' };

describe('a history that is compacted', () => {
  it('goes on when it was declared, and only then', async () => {
    const mycelium = await runtime('history_guard: {}');
    await mycelium.run({ runId: 'r' }, async () => {
      await mycelium.prepareMessages(long(4));
      const refused = await failure(mycelium.prepareMessages([summary, ...long(4).slice(3)]));
      expect(refused).toMatchObject({
        code: 'HISTORY_REFUSED',
        remedy: expect.stringContaining('mycelium.compacted('),
      });
      expect((refused as { remedy?: string }).remedy).not.toContain('guard.compacted');
      mycelium.compacted(long(2));
      expect(await failure(mycelium.prepareMessages([summary, ...long(4).slice(3)]))).toMatchObject({
        issues: [{ code: 'dropped', beginning: 'question 2' }],
      });
      mycelium.compacted(long(3));
      expect(await mycelium.prepareMessages([summary, ...long(4).slice(3)])).toHaveLength(2);
      // What was not among it is still missed.
      expect(await failure(mycelium.prepareMessages([summary]))).toMatchObject({
        issues: [{ code: 'dropped', beginning: 'question 3' }],
      });
      // Without a word of what: whatever is missing at the next check, and not after it.
      mycelium.compacted();
      await mycelium.prepareMessages([user('Another summary')]);
      expect(await failure(mycelium.prepareMessages([user('new')]))).toMatchObject({
        issues: [{ beginning: 'Another summary' }],
      });
    });
  });

  it('is watched conversation by conversation', async () => {
    const mycelium = await runtime('history_guard: {}');
    using heard = listen('mycelium:history-watched');
    await mycelium.run({ runId: 'r', threadId: 't' }, async () => {
      await mycelium.prepareMessages(long(3));
      const titles = [user('Find a title')];
      expect(await mycelium.prepareMessages(titles, { conversation: 'titles' })).toEqual(titles);
      expect(await mycelium.prepareMessages(long(4))).toHaveLength(4);
      // A declaration is for one of them.
      mycelium.compacted(undefined, { conversation: 'titles' });
      expect(await mycelium.prepareMessages([user('Again')], { conversation: 'titles' })).toHaveLength(1);
      const lost = await failure(mycelium.prepareMessages([user('Once more')], { conversation: 'titles' }));
      expect(lost).toMatchObject({ remedy: expect.stringContaining("{ conversation: 'titles' }") });
      await failure(mycelium.prepareMessages(long(1)));
    });
    expect(heard.events).toMatchObject([
      { runId: 'r', threadId: 't', conversation: 'titles', issues: ['dropped'] },
      { runId: 'r', threadId: 't', issues: ['dropped', 'dropped', 'dropped'] },
    ]);
    expect(heard.events[1]).not.toHaveProperty('conversation');
  });

  it('with on_loss: warn a loss is told once, and the run goes on', async () => {
    const mycelium = await runtime('history_guard: { on_loss: warn, max_messages: 4 }');
    using heard = listen('mycelium:warning');
    await mycelium.run({ runId: 'r' }, async () => {
      await mycelium.prepareMessages(long(4));
      const losses = (): number => heard.events.filter(({ code }) => code === 'history-lost').length;
      expect(await mycelium.prepareMessages(long(4).slice(1))).toHaveLength(3);
      expect(losses()).toBe(1);
      await mycelium.prepareMessages(long(4).slice(1));
      expect(losses()).toBe(1);
      // Another loss, at the same place.
      await mycelium.prepareMessages(long(4).slice(2));
      expect(losses()).toBe(2);
      // Everything else is refused as ever.
      expect(await failure(mycelium.prepareMessages(long(9)))).toMatchObject({
        issues: [{ code: 'too-many-messages' }],
        remedy: expect.stringContaining('trim: true'),
      });
    });
    expect(heard.events[0]).toMatchObject({ tool: 'prepareMessages', message: expect.stringContaining('[0] user') });
    expect(JSON.stringify(heard.events)).not.toContain('question');
  });

  it.each(['openai-chat', 'anthropic'])('of a call under way, another answer is no loss: %s', async (format) => {
    const mycelium = await runtime('history_guard: {}\ntools: { pay: { side_effect_class: irreversible } }');
    let finish: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const pay = mycelium.guard('pay')(async (_: object, _call?: CallOptions) => {
      await asked;
      return 'paid';
    });
    const called =
      format === 'anthropic'
        ? { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'pay', input: {} }] }
        : {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 'c1', type: 'function', function: { name: 'pay', arguments: '{}' } }],
          };
    const messages = [user('go'), called, user('And?')];
    await mycelium.run({ runId: 'r', threadId: 't' }, async () => {
      const paid = pay({}, { toolCallId: 'c1' });
      await sleep(50);
      expect(JSON.stringify(await mycelium.prepareMessages(messages))).toContain('under way');
      finish();
      await paid;
      expect(JSON.stringify(await mycelium.prepareMessages(messages))).toContain('paid');
      // What others said is still missed.
      const lost = await failure(mycelium.prepareMessages(messages.slice(0, 2)));
      expect(lost).toMatchObject({ issues: [{ beginning: 'And?' }] });
    });
  });

  it('refuses what declares nothing', async () => {
    const mycelium = await runtime('history_guard: {}');
    await mycelium.run({ runId: 'r' }, async () => {
      expect(() => mycelium.compacted('question 0' as never)).toThrow(UsageError);
      expect(() => mycelium.compacted([], { conversation: 7 as never })).toThrow(UsageError);
      expect(await failure(mycelium.prepareMessages([], { conversation: '' }))).toBeInstanceOf(UsageError);
      expect(() => mycelium.compacted()).not.toThrow();
    });
    const unwatched = await runtime('tools: {}');
    expect(() => unwatched.compacted(long(1))).not.toThrow();
  });

  it('when even the least is too much, the remedy does not name what the file has already', async () => {
    const mycelium = await runtime('history_guard: { max_tokens: 20, trim: true }');
    const refused = await failure(mycelium.prepareMessages([user('word '.repeat(200))]));
    expect(refused).toMatchObject({ code: 'HISTORY_REFUSED', remedy: expect.stringContaining('max_tokens') });
    expect((refused as { remedy?: string }).remedy).not.toMatch(/trim\(messages|trim: true/);
  });
});

describe('prepareMessages outside of a run', () => {
  it('says once that no ledger is asked', async () => {
    using heard = listen('mycelium:warning');
    const mycelium = await runtime('tools: { pay: { side_effect_class: irreversible } }');
    await mycelium.run({ runId: 'r' }, () => mycelium.prepareMessages(long(1)));
    expect(heard.events).toEqual([]);
    await mycelium.prepareMessages(long(1));
    await mycelium.prepareMessages(long(1));
    expect(heard.events).toEqual([
      { tool: 'prepareMessages', code: 'no-run', message: expect.stringContaining('mycelium.run(') },
    ]);
    const off = await runtime('message_validator: false');
    await off.prepareMessages(long(1));
    expect(heard.events).toHaveLength(1);
  });
});

describe('mycelium:messages-repaired', () => {
  it('tells the run, and how many calls were told to be what', async () => {
    const mycelium = await runtime('tools: { pay: { side_effect_class: irreversible } }');
    const pay = mycelium.guard('pay')(async (_: object, _call?: CallOptions) => 'paid');
    const call = (id: string): object => ({ id, type: 'function', function: { name: 'pay', arguments: '{}' } });
    using heard = listen('mycelium:messages-repaired');
    await mycelium.run({ runId: 'r', threadId: 't' }, async () => {
      await pay({}, { toolCallId: 'c1' });
      const messages = [user('go'), { role: 'assistant', content: null, tool_calls: [call('c1'), call('c2')] }];
      await mycelium.prepareMessages(messages);
    });
    expect(heard.events).toMatchObject([
      { runId: 'r', threadId: 't', told: { completed: 1, failed: 0, 'not-run': 0, unknown: 1 } },
    ]);
  });
});

import { expect, test } from 'vitest';
import { HistoryGuard, MessageValidator } from '../../src/transcript/index.js';
import { conversation, type Said } from './fuzz/conversation.js';
import type { FuzzFormat, Message } from './fuzz/format.js';
import { fuzzFormats } from './fuzz/formats.js';
import { Dice } from './fuzz/random.js';

const formats = fuzzFormats;
const validator = new MessageValidator();

/** Texts alone fit several formats; then nobody can tell that the system is told elsewhere. */
const guardOf = (): HistoryGuard => new HistoryGuard();

const withoutSystem = (said: readonly Said[]): Said[] => said.filter(({ by }) => by !== 'system');

/** A valid next list, and what must be declared before. */
type Evolution = (
  said: readonly Said[],
  format: FuzzFormat,
  dice: Dice,
) => { next: readonly unknown[]; dropped?: readonly unknown[] };

const other = (format: FuzzFormat, dice: Dice): FuzzFormat => dice.pick(formats.filter((one) => one !== format));

const evolutions: Readonly<Record<string, Evolution>> = {
  same: (said, { render }) => ({ next: structuredClone(render(said)) }),
  append: (said, { render }, dice) => ({ next: [...render(said), ...render(withoutSystem(conversation(dice)))] }),
  convert: (said, format, dice) => ({ next: other(format, dice).render(said) }),
  'convert and append': (said, format, dice) => ({
    next: other(format, dice).render([...said, ...withoutSystem(conversation(dice))]),
  }),
  compact: (said, format, dice) => {
    const { render } = format;
    const messages = render(said);
    const gone = dice.below(messages.length);
    const summary = render([{ by: 'user', text: `Summary ${dice.below(1_000)}`, image: false }]);
    return { next: [...summary, ...messages.slice(gone)], dropped: messages.slice(0, gone) };
  },
  'compact some': (said, { render }, dice) => {
    const messages = render(said);
    const goes = messages.map(() => dice.chance(0.4));
    return { next: messages.filter((_, at) => !goes[at]), dropped: messages.filter((_, at) => goes[at]) };
  },
  reorder: (said, { render }, dice) => {
    const messages = render(said);
    for (let at = messages.length - 1; at > 0; at -= 1) {
      const [one, two] = [messages[at]!, messages[at - 1]!];
      if (one['role'] === 'tool' && two['role'] === 'tool' && dice.chance(0.5)) {
        messages[at] = two;
        messages[at - 1] = one;
      } else if (Array.isArray(one['content'])) messages[at] = { ...one, content: [...one['content']].reverse() };
    }
    return { next: messages };
  },
  'split texts': (said, { render, format }) => ({
    next: render(said).map((message) =>
      format === 'ai-sdk' && message['role'] === 'system' ? message : inPieces(message),
    ),
  }),
};

/** A text as several parts; the assistant's calls stay. */
function inPieces(message: Message): Message {
  const { content, role } = message;
  if (typeof content !== 'string' || role === 'tool' || content.length < 4) return message;
  const pieces = [content.slice(0, 2), content.slice(2, 3), content.slice(3)].filter((text) => text.trim() !== '');
  return { ...message, content: pieces.map((text) => ({ type: 'text', text })) };
}

test('what is right is never taken for a loss', () => {
  const alarms: unknown[] = [];
  let looks = 0;
  for (let seed = 0; seed < 250; seed += 1) {
    for (const [name, evolve] of Object.entries(evolutions)) {
      const dice = new Dice(seed * 31 + name.length);
      const format = dice.pick(formats);
      const said = name.startsWith('convert') ? withoutSystem(conversation(dice)) : conversation(dice);
      const guard = guardOf();
      guard.check(format.render(said));
      const { next, dropped } = evolve(said, format, dice);
      if (dropped !== undefined) guard.compacted(dropped);
      const { ok, issues } = guard.check(next);
      if (!ok) alarms.push({ seed, name, format: format.format, issues });
      looks += 1;
    }
  }
  expect(alarms.slice(0, 3)).toEqual([]);
  expect(looks).toBeGreaterThanOrEqual(1_800);
});

test('a repair is no loss, whatever was broken', () => {
  const alarms: unknown[] = [];
  let repairs = 0;
  for (let seed = 0; seed < 1_200; seed += 1) {
    const dice = new Dice(seed);
    const format = dice.pick(formats);
    const [name, mutate] = dice.pick(Object.entries(format.mutators));
    const broken = mutate(structuredClone(format.render(conversation(dice))), dice);
    if (broken === undefined) continue;
    const one = new MessageValidator({ format: format.format as 'ai-sdk' });
    const { messages, changes } = one.repair(broken);
    if (changes.length === 0) continue;
    repairs += 1;
    const guard = new HistoryGuard({ format: format.format as 'ai-sdk' });
    guard.check(broken);
    const { issues } = guard.check(messages);
    if (issues.length > 0) alarms.push({ seed, name, format: format.format, issues, changes });
  }
  expect(alarms.slice(0, 3)).toEqual([]);
  expect(repairs).toBeGreaterThan(300);
});

test('every undeclared removal is found, and named', () => {
  const unseen: unknown[] = [];
  let looks = 0;
  for (let seed = 0; seed < 1_000; seed += 1) {
    const dice = new Dice(seed);
    const format = dice.pick(formats);
    const said = conversation(dice);
    const messages = format.render(said);
    const at = dice.below(messages.length);
    const guard = new HistoryGuard({ format: format.format as 'ai-sdk' });
    guard.check(messages);
    const rest = messages.filter((_, place) => place !== at);
    // Something is always said anew meanwhile.
    const next = [...rest, ...format.render([{ by: 'user', text: `and now ${seed}`, image: false }])];
    const issue = guard.check(next).issues.find(({ path }) => path === `[${at}]`);
    const again = guard.check(next).issues;
    // Reasoning is not missed: most formats cannot keep it.
    if (messages[at]!['type'] === 'reasoning') continue;
    looks += 1;
    if (again.length === 0) unseen.push({ seed, format: format.format, lost: messages[at] });
    // Of equal messages, any may be meant.
    else if (issue === undefined && !again.some(({ beginning }) => beginning !== undefined))
      unseen.push({ seed, again });
  }
  expect(unseen.slice(0, 3)).toEqual([]);
  expect(looks).toBeGreaterThan(900);
});

test('what trim gives is valid, within the budget, and no loss', () => {
  const wrong: unknown[] = [];
  let shortened = 0;
  for (let seed = 0; seed < 800; seed += 1) {
    const dice = new Dice(seed);
    const format = dice.pick(formats);
    const messages = format.render(conversation(dice));
    if (!validator.check(messages).ok) continue;
    const before = structuredClone(messages);
    const guard = guardOf();
    const { tokens } = guard.check(messages);
    const keepRecent = dice.below(4);
    const budget = dice.chance(0.5)
      ? { maxTokens: 1 + dice.below(tokens.count), keepRecent }
      : { maxMessages: 1 + dice.below(messages.length), keepRecent };
    const trimmed = guard.trim(messages, budget);
    const facts = { seed, format: format.format, budget };
    if (trimmed.dropped.length > 0) shortened += 1;
    expect(messages).toEqual(before);
    const check = new MessageValidator({ format: format.format as 'ai-sdk' }).check(trimmed.messages);
    if (!check.ok) wrong.push({ ...facts, issues: check.issues });
    if (format.oracle(trimmed.messages).length > 0) wrong.push({ ...facts, oracle: format.oracle(trimmed.messages) });
    const { tokens: now, issues } = guard.check(trimmed.messages);
    if (issues.length > 0) wrong.push({ ...facts, issues });
    if (now.count !== trimmed.tokens.count) wrong.push({ ...facts, now, said: trimmed.tokens });
    const tooMuch =
      now.count > (budget.maxTokens ?? Infinity) || trimmed.messages.length > (budget.maxMessages ?? Infinity);
    if (trimmed.fits === tooMuch) wrong.push({ ...facts, fits: trimmed.fits });
    for (const message of messages) {
      const stays = trimmed.messages.includes(message);
      if (stays === trimmed.dropped.includes(message)) wrong.push({ ...facts, both: message });
      if (!stays && /"(system|developer)"/.test(JSON.stringify(message))) wrong.push({ ...facts, system: message });
    }
    for (const recent of keepRecent === 0 ? [] : messages.slice(-keepRecent)) {
      if (!trimmed.messages.includes(recent)) wrong.push({ ...facts, recent });
    }
  }
  expect(wrong.slice(0, 3)).toEqual([]);
  expect(shortened).toBeGreaterThan(200);
});

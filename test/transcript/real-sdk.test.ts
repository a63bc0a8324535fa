import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelMessage as ModelMessage5, UIMessage as UIMessage5 } from 'ai-5';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import type { ProfileName } from '../../src/transcript/index.js';
import { MessageValidator } from '../../src/transcript/index.js';
import { type Difference, differences } from './majors/differences.js';
import { type LetThrough, letThrough } from './majors/let-through.js';
import { ask, installed, installVersion7, type Provider, type Question, type Sdk, type Verdict } from './majors/sdk.js';

type Format = Question['format'];
type Major = 5 | 6 | 7;
const majors: readonly Major[] = [5, 6, 7];

interface Case {
  readonly name: string;
  readonly messages: readonly unknown[];
  /** Its place among the generated ones, of which there are many. */
  readonly generated?: number;
}

const folder = fileURLToPath(new URL('../transcripts', import.meta.url));

/** Every case of a format, of every file of it. */
function casesOf(format: Format): readonly Case[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((name) => [`${format}.json`, `${format}.jsonl`].includes(basename(name)))
    .flatMap((name): readonly Case[] => {
      const text = readFileSync(join(folder, name), 'utf8').trim();
      return name.endsWith('.json')
        ? JSON.parse(text)
        : text.split('\n').map((line, generated): Case => ({ ...JSON.parse(line), generated }));
    });
}

const cases: Readonly<Record<Format, readonly Case[]>> = {
  'ai-sdk': casesOf('ai-sdk'),
  'ai-sdk-ui': casesOf('ai-sdk-ui'),
};

const validators = new Map<string, MessageValidator>();

function by(profile: ProfileName): MessageValidator {
  const validator = validators.get(profile) ?? new MessageValidator({ profile });
  validators.set(profile, validator);
  return validator;
}

const codesOf = (profile: ProfileName, messages: readonly unknown[]): string[] =>
  by(profile)
    .check(messages)
    .issues.map(({ code }) => code);

/** What is asked of one version, all at once. The same question is asked once: many cases are the same when mended. */
class Questions {
  readonly #asked = new Map<string, { readonly question: Question; answer: Verdict | undefined }>();

  /** Gives back where the answer will be. */
  add(question: Question): () => Verdict {
    const key = JSON.stringify(question);
    const asked = this.#asked.get(key) ?? { question, answer: undefined };
    this.#asked.set(key, asked);
    return () => asked.answer!;
  }

  async askOf(sdk: Sdk): Promise<void> {
    const asked = [...this.#asked.values()];
    const verdicts = await ask(
      sdk,
      asked.map(({ question }) => question),
    );
    for (const [at, one] of asked.entries()) one.answer = verdicts[at];
  }
}

interface Repaired extends Case {
  readonly provider: Provider;
  readonly verdict: () => Verdict;
}

/** A case made by hand is made into all of these requests, by every version; a generated one into one, by one version. */
const requests = {
  'ai-sdk': ['none', 'openai-chat', 'openai-responses', 'anthropic'],
  'ai-sdk-ui': ['openai-chat', 'anthropic'],
} as const;

/** The cases, mended by a profile; without those that no repair can mend. */
function mended(
  questions: Questions,
  major: Major,
  format: Format,
  of: string,
  providers: readonly Provider[],
): Repaired[] {
  const profile = `${format}-${major}${of}` as ProfileName;
  const kinds: readonly Provider[] = requests[format];
  return cases[format].flatMap(({ name, messages: broken, generated }) => {
    if (generated !== undefined && generated % majors.length !== majors.indexOf(major)) return [];
    const only = generated === undefined ? undefined : kinds[Math.floor(generated / majors.length) % kinds.length];
    const wanted = providers.filter((provider) => only === undefined || provider === only);
    if (wanted.length === 0) return [];
    const { messages, remaining } = by(profile).repair(broken);
    // The opt-in of version 7 is on here.
    if (remaining.some(({ code }) => code !== 'system-misplaced')) return [];
    return wanted.map((provider) => ({
      ...{ name, messages, provider },
      verdict: questions.add({ format, messages, provider }),
    }));
  });
}

function asked(major: Major) {
  const questions = new Questions();
  return {
    questions,
    models: mended(questions, major, 'ai-sdk', '', ['none']),
    openai: mended(questions, major, 'ai-sdk', '-openai', ['openai-chat', 'openai-responses']),
    anthropic: mended(questions, major, 'ai-sdk', '-anthropic', ['anthropic']),
    ui: mended(questions, major, 'ai-sdk-ui', '', ['openai-chat', 'anthropic']),
    letThrough: letThrough.map(({ messages }: LetThrough) =>
      questions.add({ format: 'ai-sdk', messages, provider: 'none' }),
    ),
    differences: differences.map(({ format, messages }: Difference) => {
      const repaired = by(`${format}-${major}`).repair(messages);
      return {
        repaired,
        before: questions.add({ format, messages, provider: 'anthropic' }),
        after: questions.add({ format, messages: repaired.messages, provider: 'anthropic' }),
      };
    }),
    system: questions.add({ format: 'ai-sdk', messages: withSystem, provider: 'none', allowSystem: false }),
    toolsOfUser: ([toolsOfUser, by(`ai-sdk-ui-${major}`).repair(toolsOfUser).messages] as const).map((messages) =>
      questions.add({ format: 'ai-sdk-ui', messages, provider: 'anthropic' }),
    ),
  };
}

const withSystem = [
  { role: 'system', content: 'Be brief' },
  { role: 'user', content: 'Hello' },
];
const toolsOfUser = [
  {
    id: 'm0',
    role: 'user',
    parts: [
      { type: 'text', text: 'Look at this' },
      { type: 'tool-pay', toolCallId: 'call_1', state: 'output-available', input: {}, output: 'paid it all' },
    ],
  },
];

const answers = new Map<Major, ReturnType<typeof asked>>();
let remove = (): void => {};

beforeAll(async () => {
  for (const major of majors) answers.set(major, asked(major));
  const others = ([5, 6] as const).map((major) => answers.get(major)!.questions.askOf(installed[major]));
  const sdk7 = installVersion7();
  remove = sdk7.remove;
  await Promise.all([...others, answers.get(7)!.questions.askOf(sdk7)]);
}, 240_000);
afterAll(() => remove());

/** With tools that a provider runs; their results in the corpus are no provider's own. */
const ofProvider = new Set(
  Object.values(cases)
    .flat()
    .filter(({ messages }) => JSON.stringify(messages).includes('"providerExecuted":true'))
    .map(({ name }) => name),
);

/** Chat Completions have no tools of the provider, and Anthropic wants its own results of them. */
function isOfOtherProvider(name: string, provider: Provider): boolean {
  return ofProvider.has(name) && (provider === 'openai-chat' || provider === 'anthropic');
}

/** What the SDK refuses. That a provider cannot read a kind of file is a matter of the provider, not of the transcript. */
function refusalsOf(repaired: readonly Repaired[]): string[] {
  return repaired.flatMap(({ name, provider, verdict }) => {
    const { refused } = verdict();
    if (refused === undefined || refused.startsWith('AI_UnsupportedFunctionality')) return [];
    return isOfOtherProvider(name, provider) ? [] : [`${name}: ${refused}`];
  });
}

/** What a provider refuses in the requests that would have been sent. */
function complaintsOf(repaired: readonly Repaired[]): string[] {
  return repaired.flatMap(({ name, provider, verdict }) => {
    const { request } = verdict();
    if (request === undefined || isOfOtherProvider(name, provider)) return [];
    return errorsOf(provider, request).map((error) => `${name}: ${error}`);
  });
}

/** The profile that judges a request to a provider. */
const judges: Readonly<Record<Provider, ProfileName>> = {
  'openai-chat': 'openai-chat-long-ids',
  'openai-responses': 'openai-responses',
  anthropic: 'anthropic',
  none: 'ai-sdk',
};

function errorsOf(provider: Provider, { messages, input }: NonNullable<Verdict['request']>): string[] {
  return by(judges[provider])
    .check(messages ?? input!)
    .issues.filter(({ severity }) => severity === 'error')
    .map(({ path, hint }) => `${provider} ${path} ${hint}`);
}

describe.each(majors)('version %i of the AI SDK', (major) => {
  test('takes every ModelMessage list of the corpus when it is repaired', () => {
    const { models } = answers.get(major)!;
    expect(models.length).toBeGreaterThan(150);
    expect(refusalsOf(models)).toEqual([]);
  });

  test.each(['openai', 'anthropic', 'ui'] as const)('makes requests of them that providers take: %s', (kind) => {
    const repaired = answers.get(major)![kind];
    expect(repaired.length).toBeGreaterThan(150);
    expect(refusalsOf(repaired)).toEqual([]);
    expect(complaintsOf(repaired)).toEqual([]);
  });

  test('refuses, or lets through, what is broken: it is found either way', () => {
    const verdicts = answers.get(major)!.letThrough;
    const told = letThrough.map(({ what, messages, finds }, at) => ({
      what,
      refused: verdicts[at]!().refused,
      found: codesOf(`ai-sdk-${major}`, messages).includes(finds),
    }));
    const wanted = letThrough.map(({ what, refused }) => {
      const why = refused[major - 5];
      return { what, refused: why && expect.stringMatching(why), found: true };
    });
    expect(told).toEqual(wanted);
  });

  test('system messages are a matter of an option, and without it of an error in version 7', () => {
    const found = codesOf(`ai-sdk-${major}`, withSystem);
    expect(found).toEqual(major === 7 ? ['system-misplaced'] : []);
    expect(answers.get(major)!.system().refused).toMatch(/System messages are not allowed/);
  });

  test('what only some versions have is found for the others, and written as they have it', () => {
    const told = differences.map((row, at) => {
      const { repaired, before, after } = answers.get(major)!.differences[at]!;
      const errors = by(`${row.format}-${major}`)
        .check(row.messages)
        .issues.filter(({ severity }) => severity === 'error');
      return {
        what: `${row.format}, ${row.what}`,
        found: errors.length > 0 && errors.some(({ code }) => code === row.finds),
        otherwise: errors.length > 0 && !errors.some(({ code }) => code === row.finds),
        before: isTaken(before(), row),
        changed: repaired.changes.length > 0,
        remains: repaired.remaining.length > 0,
        after: isTaken(after(), row),
      };
    });
    const wanted = differences.map(({ format, what, in: versions, stays = false }) => {
      const has = versions.includes(major);
      const remains = stays && !has;
      return {
        what: `${format}, ${what}`,
        ...{ found: !has, otherwise: false, before: has, changed: !has && !stays, remains, after: !remains },
      };
    });
    expect(told).toEqual(wanted);
  });

  test('leaves tool parts out of what a user says: in a message of the assistant they are sent', () => {
    const [before, after] = answers.get(major)!.toolsOfUser.map((verdict) => JSON.stringify(verdict().request));
    expect(before).not.toContain('paid it all');
    expect(after).toContain('Look at this');
    expect(after).toContain('paid it all');
  });
});

/** Nothing was refused, nothing is lost, and the provider takes it. */
function isTaken({ request }: Verdict, { keeps = '' }: Difference): boolean {
  const text = JSON.stringify(request);
  const isKept = [keeps, Buffer.from(keeps).toString('base64')].some((one) => text?.includes(one));
  return request !== undefined && isKept && errorsOf('anthropic', request).length === 0;
}

test('what only one of the last two versions has is a warning when no version is given', () => {
  const warned = differences.filter(({ in: versions }) => versions.includes(6) !== versions.includes(7));
  const told = warned.map(({ what, format, messages }) => ({ what, ok: by(format).check(messages).ok }));
  const severities = new Set(
    warned.flatMap(({ format, messages }) =>
      by(format)
        .check(messages)
        .issues.map(({ severity }) => severity),
    ),
  );
  expect(warned.length).toBeGreaterThan(8);
  expect(told.filter(({ ok }) => !ok).map(({ what }) => what)).toEqual([
    'a question for approval that a user turn overtook',
    'a call that was denied, and not answered',
  ]);
  expect(severities).toEqual(new Set(['warning', 'error']));
});

test('types: messages of version 5 come back as such', () => {
  const validator = new MessageValidator();
  expectTypeOf(validator.repair([] as ModelMessage5[]).messages).toEqualTypeOf<ModelMessage5[]>();
  expectTypeOf(validator.repair([] as UIMessage5[]).messages).toEqualTypeOf<UIMessage5[]>();
});

import { readFileSync } from 'node:fs';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, type LanguageModel, type ModelMessage } from 'ai';
import { convertToLanguageModelPrompt, standardizePrompt } from 'ai/internal';
import { describe, expect, test } from 'vitest';
import { MessageValidator, type TranscriptFormat } from '../../src/transcript/index.js';

interface Case {
  readonly name: string;
  readonly breaks: readonly string[];
  readonly remaining?: readonly string[];
  readonly messages: readonly unknown[];
}

const cases = JSON.parse(
  readFileSync(new URL('../transcripts/ai-sdk.json', import.meta.url), 'utf8'),
) as readonly Case[];
const mendable = cases.filter(({ remaining, messages }) => remaining === undefined && messages.length > 0);
/** The SDK runs the tool of an approval before it asks the model: here is no tool. */
const sendable = mendable.filter(({ messages }) => !JSON.stringify(messages).includes('approval'));

/** A fetch that keeps what would have been sent, and answers with an error that is not retried. */
function recorder(): { fetch: typeof fetch; bodies: { messages: unknown[]; model: string }[] } {
  const bodies: { messages: unknown[]; model: string }[] = [];
  return {
    bodies,
    fetch: async (_url, init) => {
      bodies.push(JSON.parse(String(init?.body)));
      return new Response('{"error":{"message":"recorded"}}', { status: 400 });
    },
  };
}

async function sent(model: (fetch: typeof globalThis.fetch) => LanguageModel, messages: unknown[]): Promise<unknown[]> {
  const { fetch, bodies } = recorder();
  const options = {
    model: model(fetch),
    messages: messages as ModelMessage[],
    maxRetries: 0,
    allowSystemInMessages: true,
  };
  await expect(generateText(options)).rejects.toMatchObject({ statusCode: 400 });
  expect(bodies).toHaveLength(1);
  return bodies[0]!.messages;
}

const openai = (fetch: typeof globalThis.fetch): LanguageModel =>
  createOpenAI({ apiKey: 'none', fetch }).chat('gpt-4o');
const anthropic = (fetch: typeof globalThis.fetch): LanguageModel =>
  createAnthropic({ apiKey: 'none', fetch })('claude-sonnet-4-5');

describe('the AI SDK itself', () => {
  const validator = new MessageValidator({ format: 'ai-sdk' });

  test('takes every transcript of the corpus when it is repaired', async () => {
    const refused: string[] = [];
    for (const { name, messages } of mendable) {
      const repaired = validator.repair(messages).messages as ModelMessage[];
      const prompt = await standardizePrompt({ messages: repaired, allowSystemInMessages: true });
      // Decided in the last turn: the SDK runs the tool before it converts, so here its result is missing.
      if (endsWithApproval(messages)) continue;
      const conversion = convertToLanguageModelPrompt({ prompt, supportedUrls: {}, download: noDownloads });
      await conversion.catch((error: Error) => refused.push(`${name}: ${error.message}`));
    }
    expect(mendable.length).toBeGreaterThan(100);
    expect(refused).toEqual([]);
  });

  test('refuses what it refuses: the corpus is not broken in our eyes only', async () => {
    const unanswered = cases.find(({ name }) => name.startsWith('V02'))!;
    const prompt = await standardizePrompt({ messages: unanswered.messages as ModelMessage[] });
    await expect(convertToLanguageModelPrompt({ prompt, supportedUrls: {}, download: undefined })).rejects.toThrow(
      'missing',
    );
    const old = cases.find(({ name }) => name === 'args of version 4')!;
    await expect(standardizePrompt({ messages: old.messages as ModelMessage[] })).rejects.toThrow('schema');
    const untagged = cases.find(({ name }) => name === 'an output without a tag')!;
    await expect(standardizePrompt({ messages: untagged.messages as ModelMessage[] })).rejects.toThrow('schema');
  });
});

describe.each([
  ['OpenAI', 'ai-sdk-openai', 'openai-chat', openai],
  ['Anthropic', 'ai-sdk-anthropic', 'anthropic', anthropic],
] as const)('the request to %s', (_provider, profile, format, model) => {
  test('is one that its rules let pass', async () => {
    const validator = new MessageValidator({ profile });
    const judge = new MessageValidator({ format: format as TranscriptFormat });
    const refused: string[] = [];
    for (const { name, messages } of sendable) {
      // Chat Completions have no tools of the provider.
      if (format === 'openai-chat' && name.startsWith('a tool of the provider')) continue;
      const repaired = validator.repair(messages);
      // Nothing is left to send but instructions.
      if (repaired.remaining.some(({ code }) => code === 'empty-transcript')) continue;
      expect(repaired.remaining).toEqual([]);
      const body = await sent(model, repaired.messages);
      const issues = judge.check(body).issues.filter(({ severity }) => severity === 'error');
      if (issues.length > 0) refused.push(`${name}: ${issues.map(({ path, hint }) => `${path} ${hint}`).join('; ')}`);
    }
    expect(sendable.length).toBeGreaterThan(100);
    expect(refused.slice(0, 3)).toEqual([]);
  });
});

const noDownloads = async (urls: readonly unknown[]): Promise<null[]> => urls.map(() => null);

function endsWithApproval(messages: readonly unknown[]): boolean {
  return JSON.stringify(messages.at(-1)).includes('tool-approval-response');
}

import { convertToModelMessages, type ModelMessage, validateUIMessages } from 'ai';
import { convertToLanguageModelPrompt, standardizePrompt } from 'ai/internal';
import { describe, expect, test } from 'vitest';
import { MessageValidator } from '../../src/transcript/index.js';
import { aiSdk } from './corpus/ai-sdk.js';
import { aiSdkUi } from './corpus/ai-sdk-ui.js';
import { type Case, casesOf } from './corpus/cases.js';

/** What version 6 refuses because it came with version 7: where no version is said, that is a warning. */
const ofVersion7: readonly string[] = ['part-not-allowed', 'invalid-content', 'invalid-result'];

/** What the SDK says of messages for a model; `undefined` when it takes them. */
async function refusal(messages: readonly unknown[]): Promise<string | undefined> {
  try {
    const prompt = await standardizePrompt({ messages: messages as ModelMessage[], allowSystemInMessages: true });
    // What was decided in the last turn the SDK runs before it converts, and here is nothing that it could run.
    if (JSON.stringify(messages.at(-1)).includes('tool-approval-response')) return undefined;
    await convertToLanguageModelPrompt({ prompt, supportedUrls: {}, download: noDownloads });
    return undefined;
  } catch (error) {
    return (error as Error).name;
  }
}

async function refusalOfChat(messages: readonly unknown[]): Promise<string | undefined> {
  try {
    return await refusal(await convertToModelMessages(await validateUIMessages({ messages: [...messages] })));
  } catch (error) {
    return (error as Error).name;
  }
}

describe.each([
  [aiSdk, refusal],
  [aiSdkUi, refusalOfChat],
] as const)('$format', ({ format, ...rest }, refuse) => {
  const cases = oneOfEach(casesOf({ format, ...rest }).filter(({ profile }) => profile === undefined));
  const isValid = ({ breaks }: Case): boolean => breaks.length === 0;

  test('what the SDK refuses is broken, by our labels', async () => {
    const wrong: string[] = [];
    let refused = 0;
    for (const one of cases) {
      const reason = await refuse(structuredClone(one.messages));
      if (reason === undefined) continue;
      refused += 1;
      if (isValid(one) && !one.warns?.some((code) => ofVersion7.includes(code))) wrong.push(`${one.name}: ${reason}`);
    }
    expect(wrong).toEqual([]);
    expect(refused / cases.filter((one) => !isValid(one)).length).toBeGreaterThan(0.6);
  });

  test('what is repaired the SDK takes', async () => {
    const validator = new MessageValidator({ profile: `${format as 'ai-sdk' | 'ai-sdk-ui'}-6` });
    const wrong: string[] = [];
    for (const { name, messages } of cases) {
      const repaired = validator.repair(messages);
      if (repaired.remaining.length > 0) continue;
      const reason = await refuse(structuredClone(repaired.messages));
      if (reason !== undefined) wrong.push(`${name}: ${reason}`);
    }
    expect(wrong).toEqual([]);
  });
});

/** One case of each breakage: more places show the SDK nothing new. */
function oneOfEach(cases: readonly Case[]): Case[] {
  return [...new Map(cases.map((one) => [one.name.split(' · ')[0], one])).values()];
}

const noDownloads = async (urls: readonly unknown[]): Promise<null[]> => urls.map(() => null);

/**
 * What one major version of the AI SDK does with transcripts, for `real-sdk.test.ts`. A program of its own: the versions
 * need different packages, and one of them a newer Node.
 *
 * `node judge.mjs <ai> <@ai-sdk/openai> <@ai-sdk/anthropic>`: the URLs of their code. Standard input:
 * `{ format, messages, provider, allowSystem }[]`. Standard output: for each, `{ refused }`, why the SDK does not take it,
 * or `{ request }`, what it would have sent to the provider.
 */
import { text } from 'node:stream/consumers';

const [ai, openaiPackage, anthropicPackage] = await Promise.all(process.argv.slice(2).map((name) => import(name)));
const { convertToModelMessages, generateText, jsonSchema, validateUIMessages } = ai;
const { createOpenAI } = openaiPackage;
const { createAnthropic } = anthropicPackage;
globalThis.AI_SDK_LOG_WARNINGS = false;

/** What was sent, in place of a provider that answers. */
let bodies = [];
const fetch = async (_url, init) => {
  bodies.push(JSON.parse(String(init.body)));
  return new Response('{"error":{"message":"recorded"}}', { status: 400 });
};
const openai = createOpenAI({ apiKey: 'none', fetch });
const chat = openai.chat('gpt-4o');
const models = {
  'openai-chat': chat,
  'openai-responses': openai.responses('gpt-4o'),
  anthropic: createAnthropic({ apiKey: 'none', fetch })('claude-sonnet-4-5'),
  // What the SDK itself hands to a provider of any kind.
  none: {
    specificationVersion: chat.specificationVersion,
    provider: 'none',
    modelId: 'none',
    supportedUrls: {},
    doGenerate: async ({ prompt }) => {
      bodies.push({ messages: prompt });
      throw new Error('recorded');
    },
  },
};

/** The SDK runs what was approved in the last turn before it asks the model: here is a tool of every name. */
function toolsOf(messages) {
  const names = messages
    .flatMap((message) => (Array.isArray(message?.content) ? message.content : []))
    .filter((part) => part?.type === 'tool-call' && part.providerExecuted !== true)
    .map(({ toolName }) => toolName);
  const tool = { inputSchema: jsonSchema({ type: 'object' }), execute: () => 'done' };
  return Object.fromEntries(names.map((name) => [name, tool]));
}

/** What would have been sent. The answer is an error that is not retried. */
async function sent(provider, messages, allowSystemInMessages) {
  bodies = [];
  try {
    await generateText({
      model: models[provider],
      messages,
      tools: toolsOf(messages),
      maxRetries: 0,
      allowSystemInMessages,
      experimental_download: async (files) => files.map(() => null),
    });
  } catch (error) {
    if (bodies.length !== 1) throw error;
  }
  return bodies[0];
}

/** A program may say what its own parts are for the model. */
const asText = ({ data }) => ({ type: 'text', text: JSON.stringify(data) });

async function judged({ format, messages, provider, allowSystem = true }) {
  try {
    const prompt =
      format === 'ai-sdk'
        ? messages
        : await convertToModelMessages(await validateUIMessages({ messages }), { convertDataPart: asText });
    return { request: await sent(provider, prompt, allowSystem) };
  } catch (error) {
    return { refused: `${error.name}: ${error.message}` };
  }
}

const verdicts = [];
for (const question of JSON.parse(await text(process.stdin))) verdicts.push(await judged(question));
process.stdout.write(JSON.stringify(verdicts));

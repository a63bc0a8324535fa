/** The types of transcripts: compiled, never run. An unused `@ts-expect-error` is an error. */
import type Anthropic from '@anthropic-ai/sdk';
import type { ModelMessage } from 'ai';
import { MessageValidator, type TranscriptIssue, type Truth } from 'mycelium-runtime/transcript';
import type OpenAI from 'openai';
import { type Equal, is } from './equal.js';

type ChatMessage = OpenAI.Chat.Completions.ChatCompletionMessageParam;

declare const chat: ChatMessage[];
declare const claude: readonly Anthropic.MessageParam[];
declare const model: ModelMessage[];
declare const openai: OpenAI;
declare const anthropic: Anthropic;

const validator = new MessageValidator({
  format: 'auto',
  policies: { unanswered: 'drop' },
  truth: ({ id, name, input }) => {
    is<Equal<typeof id, string>>();
    is<Equal<typeof name, string>>();
    is<Equal<typeof input, unknown>>();
    return { state: 'completed', result: 1 };
  },
});

void new MessageValidator({ profile: 'ai-sdk-6-anthropic' });
// @ts-expect-error: there is none of this name
void new MessageValidator({ profile: 'anthropik' });

// What is repaired is what was given: the SDKs take it as it is.
is<Equal<ReturnType<typeof validator.repair<typeof chat>>['messages'], ChatMessage[]>>();
is<Equal<ReturnType<typeof validator.repair<typeof claude>>['messages'], Anthropic.MessageParam[]>>();
void openai.chat.completions.create({ model: 'gpt-4o', messages: validator.repair(chat).messages });
void anthropic.messages.create({
  model: 'claude-sonnet-4-5',
  max_tokens: 1,
  messages: validator.repair(claude).messages,
});
const repaired: ModelMessage[] = validator.repair(model).messages;
const later: Promise<ModelMessage[]> = validator.repairWithTruth(model).then(({ messages }) => messages);
void [repaired, later];

// The list itself comes back, with its type.
is<Equal<ReturnType<typeof validator.validate<typeof chat>>, ChatMessage[]>>();
is<Equal<ReturnType<typeof validator.validate<typeof claude>>, readonly Anthropic.MessageParam[]>>();

const { issues, ok } = validator.check(chat);
is<Equal<typeof ok, boolean>>();
is<Equal<typeof issues, readonly TranscriptIssue[]>>();

// @ts-expect-error no such code
void (issues[0]?.code === 'no-such-code');
// @ts-expect-error no such format
new MessageValidator({ format: 'openai' });
// @ts-expect-error no such policy
validator.repair(chat, { orphan: 'keep' });
// @ts-expect-error messages are a list
validator.check('hello');
// @ts-expect-error a completed call has a result
const truth: Truth = { state: 'completed' };
void truth;

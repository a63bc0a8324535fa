import { derive, type TranscriptProfile } from '../profile.js';
import { rule } from '../rule.js';
import * as content from '../rules/content.js';
import * as ids from '../rules/ids.js';
import * as pairing from '../rules/pairing.js';
import * as shape from '../rules/shape.js';

const reference = 'https://platform.openai.com/docs/api-reference/chat/create';
const unanswered =
  "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: …";
const orphaned =
  "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";

const fitsLength = (longest: number) => (id: string) => id.length <= longest;

/** OpenAI Chat Completions. */
export const openaiChatProfile: TranscriptProfile = {
  name: 'openai-chat',
  format: 'openai-chat',
  rules: [
    rule(shape.emptyTranscript, {
      source: reference,
      providerText: "[] is too short - 'messages'",
    }),
    rule(shape.mixedFormat, { source: reference }),
    rule(shape.unrecognizedMessage, { source: reference }),
    rule(shape.unknownRole, { source: reference }),
    rule(shape.malformedCalls, { source: reference }),
    rule(shape.emptyCalls, {
      source: 'https://github.com/chatboxai/chatbox/issues/2079',
      providerText: "[] is too short - 'messages.1.tool_calls'",
    }),
    rule(shape.callNotAllowed, { source: reference }),
    rule(shape.invalidArguments, { source: reference }),
    rule(shape.idShape, { source: reference }),
    rule(shape.unknownPart, { source: reference }),
    rule(shape.partNotAllowed, { source: reference }),
    rule(shape.invalidContent, { source: reference }),
    rule(shape.invalidResult, { source: reference }),
    rule(shape.missingContent, {
      source: 'https://github.com/vercel/ai/issues/14950',
      providerText: "Invalid value for 'content': expected a string, got null.",
    }),
    rule(shape.emptyContent, { source: reference }),
    rule(shape.sdkArtefact, { source: reference, severity: 'warning' }),
    rule(ids.missingCallId, { source: reference }),
    rule(ids.missingResultId, { source: reference }),
    rule(ids.missingName, { source: reference }),
    rule(ids.nameForm(/^[a-zA-Z0-9_-]{1,64}$/, 64, 'names of tools are letters, digits, _ and -, at most 64'), {
      source: reference,
      providerText: "Invalid 'messages[1].tool_calls[0].function.name': string does not match pattern.",
    }),
    rule(ids.duplicateCallId, { source: reference }),
    rule(ids.idForm('id-too-long', fitsLength(40), 'at most 40 characters', 40), {
      source: 'https://github.com/vercel/ai/issues/5171',
      providerText:
        "Invalid 'messages[1].tool_calls[0].id': string too long. Expected a string with maximum length 40.",
    }),
    rule(pairing.misplacedResult, {
      source: 'https://github.com/microsoft/semantic-kernel/issues/12708',
      providerText: unanswered,
    }),
    rule(pairing.duplicateResult, {
      source: 'https://github.com/langchain-ai/langchain/issues/35313',
      providerText: orphaned,
    }),
    rule(pairing.orphanResult, {
      source: 'https://github.com/langchain-ai/langchain/issues/35313',
      providerText: orphaned,
    }),
    rule(pairing.unansweredCall, {
      source: 'https://github.com/BloomLabsInc/genkit-plugins/issues/225',
      providerText: unanswered,
    }),
    rule(shape.argumentsNotJson, { source: reference, severity: 'warning' }),
    rule(without(ids.reusedCallId), { source: reference, severity: 'warning' }),
  ],
};

/** Routes that take ids of up to 64 characters. */
export const openaiChatLongIds: TranscriptProfile = derive(openaiChatProfile, 'openai-chat-long-ids', {
  with: [
    rule(ids.idForm('id-too-long', fitsLength(64), 'at most 64 characters', 64), {
      source: 'https://github.com/vercel/ai/issues/5171',
    }),
  ],
});

/** Models that reason: their instructions are messages of the role developer. */
export const openaiChatReasoning: TranscriptProfile = derive(openaiChatProfile, 'openai-chat-reasoning', {
  with: [
    rule(content.systemRole('developer'), {
      source: 'https://platform.openai.com/docs/guides/reasoning',
      severity: 'warning',
    }),
  ],
});

/** A warning only: what is allowed is not changed. */
function without({ code, find }: typeof ids.reusedCallId): Pick<typeof ids.reusedCallId, 'code' | 'find'> {
  return { code, find };
}

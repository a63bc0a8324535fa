import { derive, type TranscriptProfile } from '../profile.js';
import { type RuleCore, rule } from '../rule.js';
import * as approvals from '../rules/approvals.js';
import * as content from '../rules/content.js';
import * as ids from '../rules/ids.js';
import * as pairing from '../rules/pairing.js';
import * as reasoning from '../rules/reasoning.js';
import * as shape from '../rules/shape.js';

const prompts = 'https://ai-sdk.dev/docs/reference/ai-sdk-core/model-message';
const missing = 'https://ai-sdk.dev/docs/reference/ai-sdk-errors/ai-missing-tool-results-error';
const schema = 'Invalid prompt: The messages do not match the ModelMessage[] schema.';

/** AI SDK `ModelMessage`, for majors 5 to 7 and any provider. */
export const aiSdkProfile: TranscriptProfile = {
  name: 'ai-sdk',
  format: 'ai-sdk',
  rules: [
    rule(shape.emptyTranscript, { source: prompts, providerText: 'Invalid prompt: messages must not be empty' }),
    rule(shape.mixedFormat, { source: prompts, providerText: schema }),
    rule(shape.unrecognizedMessage, { source: prompts, providerText: schema }),
    rule(shape.unknownRole, { source: prompts, providerText: schema }),
    rule(shape.callNotAllowed, { source: prompts, providerText: schema }),
    rule(shape.partNotAllowed, { source: prompts, providerText: schema }),
    rule(shape.unknownPart, { source: prompts, providerText: schema }),
    rule(shape.obsoleteShape, {
      source: 'https://ai-sdk.dev/docs/migration-guides/migration-guide-5-0',
      providerText: schema,
    }),
    rule(shape.invalidContent, { source: prompts, providerText: schema }),
    rule(shape.missingContent, { source: prompts, providerText: schema }),
    rule(shape.invalidArguments, { source: prompts, severity: 'warning' }),
    rule(shape.invalidResult, { source: prompts, providerText: schema }),
    rule(shape.idShape, { source: prompts, providerText: schema }),
    rule(ids.missingCallId, { source: prompts, providerText: schema }),
    rule(ids.missingResultId, { source: prompts, providerText: schema }),
    rule(ids.missingName, { source: prompts, providerText: schema }),
    rule(ids.duplicateCallId, { source: missing }),
    rule(approvals.unknownApproval, {
      source: 'https://github.com/vercel/ai/issues/16385',
      providerText: 'Tool approval response references unknown approvalId: …',
    }),
    rule(pairing.misplacedResult, { source: missing, providerText: 'Tool results are missing for tool calls …' }),
    rule(pairing.mismatchedResult, { source: prompts }),
    rule(pairing.duplicateResult, { source: prompts }),
    rule(pairing.orphanResult, { source: prompts }),
    rule(approvals.pendingApproval, { source: missing, providerText: 'Tool results are missing for tool calls …' }),
    rule(approvals.unansweredDecidedCall, {
      source: missing,
      providerText: 'Tool results are missing for tool calls …',
    }),
    rule(content.emptyTurn(false), { source: prompts, severity: 'warning' }),
    rule(found(ids.reusedCallId), { source: prompts, severity: 'warning' }),
  ],
};

/** AI SDK 7: system messages only with `allowSystemInMessages`. */
export const aiSdk7Profile: TranscriptProfile = derive(aiSdkProfile, 'ai-sdk-7', {
  with: [
    rule(
      content.systemTurns(() => false, 'instructions are the option system, or allowSystemInMessages is on'),
      {
        source: prompts,
        providerText:
          'System messages are not allowed in the prompt or messages fields. Use the system option instead.',
      },
    ),
  ],
});

/** `ModelMessage`s for Anthropic: what its provider package hands on as it is. */
export const aiSdkAnthropicProfile: TranscriptProfile = derive(aiSdkProfile, 'ai-sdk-anthropic', {
  with: [
    rule(pairing.misplacedResult, { source: missing, providerText: 'Tool results are missing for tool calls …' }),
    rule(pairing.separatedResult, { source: missing }),
    rule(shape.idShape, { source: prompts, providerText: schema }),
    rule(ids.reusedCallId, {
      source: 'https://github.com/anthropics/claude-code/issues/7929',
      providerText: 'messages: `tool_use` ids must be unique',
    }),
    rule(
      ids.idForm('invalid-id', (id) => /^[a-zA-Z0-9_-]+$/.test(id), 'ids are letters, digits, _ and -', 64),
      {
        source: 'https://github.com/QwenLM/qwen-code/issues/8160',
        providerText: "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
      },
    ),
    rule(shape.nothingButSystem, {
      source: 'https://docs.anthropic.com/en/api/messages',
      providerText: 'messages: at least one message is required',
    }),
    rule(reasoning.reasoningLast, {
      source: 'https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking',
      providerText: 'The final block in an assistant message cannot be `thinking`.',
    }),
    rule(content.emptyText, {
      source: 'https://docs.anthropic.com/en/api/messages',
      providerText: 'messages: text content blocks must be non-empty',
    }),
    rule(content.emptyTurn(true), { source: 'https://docs.anthropic.com/en/api/messages' }),
  ],
});

/** `ModelMessage`s for OpenAI: what its provider package hands on as it is. */
export const aiSdkOpenaiProfile: TranscriptProfile = derive(aiSdkProfile, 'ai-sdk-openai', {
  with: [
    rule(pairing.misplacedResult, { source: missing, providerText: 'Tool results are missing for tool calls …' }),
    rule(pairing.separatedResult, { source: missing }),
    rule(
      ids.idForm('id-too-long', (id) => id.length <= 64, 'at most 64 characters', 64),
      {
        source: 'https://github.com/vercel/ai/issues/5171',
        providerText: 'string too long. Expected a string with maximum length 64.',
      },
    ),
  ],
});

/** A warning only: what is allowed is not changed. */
function found({ code, find }: RuleCore): RuleCore {
  return { code, find };
}

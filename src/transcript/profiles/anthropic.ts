import { derive, type TranscriptProfile } from '../profile.js';
import { rule } from '../rule.js';
import * as content from '../rules/content.js';
import * as ids from '../rules/ids.js';
import * as pairing from '../rules/pairing.js';
import * as providerTools from '../rules/provider-tools.js';
import * as reasoning from '../rules/reasoning.js';
import * as shape from '../rules/shape.js';

const reference = 'https://docs.anthropic.com/en/api/messages';
const toolUse = 'https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/implement-tool-use';
const serverTools = 'https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/web-search-tool';
const thinking = 'https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking';

const unanswered =
  'tool_use ids were found without tool_result blocks immediately after: …. Each tool_use block must have a corresponding tool_result block in the next message.';
const orphaned =
  'unexpected tool_use_id found in tool_result blocks: …. Each tool_result block must have a corresponding tool_use block in the previous message.';
const empty = 'messages: text content blocks must be non-empty';

const idPattern = /^[a-zA-Z0-9_-]+$/;

/** Anthropic Messages, first-party. */
export const anthropicProfile: TranscriptProfile = {
  name: 'anthropic',
  format: 'anthropic',
  rules: [
    rule(shape.emptyTranscript, { source: reference, providerText: 'messages: at least one message is required' }),
    rule(shape.mixedFormat, { source: reference }),
    rule(shape.unrecognizedMessage, { source: reference }),
    rule(shape.unknownRole, {
      source: reference,
      providerText: "messages.0.role: Input should be 'user' or 'assistant'",
    }),
    rule(
      content.systemTurns(() => false, 'instructions are the option system of the request'),
      {
        source: reference,
        providerText:
          'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an input message role.',
      },
    ),
    rule(shape.callNotAllowed, {
      source: 'https://github.com/anthropics/claude-code/issues/13460',
      providerText: 'messages.0: `tool_use` blocks can only be in `assistant` messages',
    }),
    rule(shape.partNotAllowed, { source: reference }),
    rule(shape.unknownPart, { source: reference }),
    rule(shape.invalidContent, { source: reference }),
    rule(shape.missingContent, { source: reference }),
    rule(shape.invalidArguments, {
      source: toolUse,
      providerText: 'messages.1.content.0.tool_use.input: Input should be a valid dictionary',
    }),
    rule(shape.invalidResult, { source: toolUse }),
    rule(shape.idShape, { source: reference }),
    rule(shape.sdkArtefact, {
      source: reference,
      providerText: 'messages.1.id: Extra inputs are not permitted',
    }),
    rule(ids.missingCallId, { source: reference }),
    rule(ids.missingResultId, { source: reference }),
    rule(ids.missingName, { source: reference }),
    rule(ids.nameForm(/^[a-zA-Z0-9_-]{1,200}$/, 200, 'names of tools are letters, digits, _ and -, at most 200'), {
      source: reference,
      providerText: "messages.1.content.0.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,200}$'",
    }),
    rule(ids.duplicateCallId, {
      source: 'https://github.com/anthropics/claude-code/issues/7929',
      providerText: 'messages: `tool_use` ids must be unique',
    }),
    rule(ids.reusedCallId, {
      source: 'https://github.com/anthropics/claude-code/issues/7929',
      providerText: 'messages: `tool_use` ids must be unique',
    }),
    rule(
      ids.idForm('invalid-id', (id) => idPattern.test(id), 'ids are letters, digits, _ and -', 64),
      {
        source: 'https://github.com/QwenLM/qwen-code/issues/8160',
        providerText: "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
      },
    ),
    rule(pairing.misplacedResult, { source: toolUse, providerText: unanswered }),
    rule(providerTools.strayProviderResult, { source: serverTools }),
    rule(pairing.duplicateResult, {
      source: 'https://github.com/trycua/cua/issues/524',
      providerText: 'each tool_use must have a single result. Found multiple `tool_result` blocks with id: …',
    }),
    rule(pairing.orphanResult, { source: toolUse, providerText: orphaned }),
    rule(pairing.unansweredCall, { source: toolUse, providerText: unanswered }),
    rule(providerTools.unansweredProviderCall, {
      source: serverTools,
      providerText:
        '`web_search` tool use with id `srvtoolu_…` was found without a corresponding `web_search_tool_result` block',
    }),
    rule(pairing.resultsFirst, { source: toolUse, providerText: unanswered }),
    rule(reasoning.unsignedReasoning, {
      source: thinking,
      providerText: 'messages.1.content.0.thinking.signature: Field required',
    }),
    rule(
      content.breakpointPlace((part) => part.kind === 'text' && part.text === '', 'empty text is not cached'),
      {
        source: reference,
        providerText: 'cache_control cannot be set for empty text blocks',
      },
    ),
    rule(
      content.breakpointPlace((part) => part.kind === 'reasoning', 'thinking has no cache breakpoint of its own'),
      { source: thinking },
    ),
    rule(content.emptyText, { source: reference, providerText: empty }),
    rule(content.emptyTurn(true), {
      source: reference,
      providerText:
        'messages.1: all messages must have non-empty content except for the optional final assistant message',
    }),
    rule(reasoning.reasoningLast, {
      source: thinking,
      providerText: 'The final block in an assistant message cannot be `thinking`.',
    }),
    rule(content.prefillWhitespace, {
      source: reference,
      providerText: 'messages: final assistant content cannot end with trailing whitespace',
    }),
    rule(content.breakpoints(4), {
      source: reference,
      providerText: 'A maximum of 4 blocks with cache_control may be provided. Found 5.',
    }),
  ],
};

/** Models from the 4.6 line on: they do not go on from an assistant message. */
export const anthropic46Profile: TranscriptProfile = derive(anthropicProfile, 'anthropic-4.6', {
  with: [
    rule(content.prefill, {
      source: 'https://github.com/home-assistant/core/issues/175637',
      providerText:
        'This model does not support assistant message prefill. The conversation must end with a user message.',
    }),
  ],
});

/** Requests with thinking on. */
export const anthropicThinkingProfile: TranscriptProfile = derive(anthropicProfile, 'anthropic-thinking', {
  with: [
    rule(reasoning.reasoningMissing, {
      source: thinking,
      providerText: 'messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`.',
    }),
  ],
});

/** Requests with the beta header that takes system messages among the others. */
export const anthropicSystemProfile: TranscriptProfile = derive(anthropicProfile, 'anthropic-system-messages', {
  without: ['system-misplaced'],
});

/** Bedrock Converse: the user speaks first, and then they take turns. */
export const anthropicBedrockProfile: TranscriptProfile = derive(anthropicProfile, 'anthropic-bedrock', {
  with: [
    rule(content.userFirst, {
      source: 'https://github.com/vercel/ai/issues/12504',
      providerText: 'A conversation must start with a user message.',
    }),
    rule(content.alternating, {
      source: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html',
    }),
  ],
});

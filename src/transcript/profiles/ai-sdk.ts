import { type Major, majors } from '../dialects/ai-sdk-majors.js';
import { derive, type ProfileName, type TranscriptProfile } from '../profile.js';
import { type Rule, type RuleCore, rule } from '../rule.js';
import * as approvals from '../rules/approvals.js';
import * as content from '../rules/content.js';
import * as ids from '../rules/ids.js';
import * as pairing from '../rules/pairing.js';
import * as reasoning from '../rules/reasoning.js';
import * as shape from '../rules/shape.js';
import { memberOf } from '../shape.js';
import * as versions from './ai-sdk-versions.js';

const prompts = 'https://ai-sdk.dev/docs/reference/ai-sdk-core/model-message';
const missing = 'https://ai-sdk.dev/docs/reference/ai-sdk-errors/ai-missing-tool-results-error';
const schema = 'Invalid prompt: The messages do not match the ModelMessage[] schema.';

/** In what the last two versions differ: a warning, for nothing is wrong with it in one of them. */
const differences: readonly Rule[] = versions
  .ofModelMessages([6, 7])
  .map((core) => rule(found(core), { source: prompts, severity: 'warning' }));

/**
 * AI SDK `ModelMessage`, for any provider, and for every version from 5 to 7: what only some of them take passes, with a
 * warning when the last two differ in it. The profiles with a number are for one version.
 */
const aiSdkProfile: TranscriptProfile = {
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
    rule(
      inputsThat((given) => given === undefined),
      { source: prompts, providerText: schema },
    ),
    rule(
      inputsThat((given) => given !== undefined),
      { source: prompts, severity: 'warning' },
    ),
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
    ...differences,
  ],
};

/** `ModelMessage`s for Anthropic: what its provider package hands on as it is. */
const aiSdkAnthropicProfile: TranscriptProfile = derive(aiSdkProfile, 'ai-sdk-anthropic', {
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
const aiSdkOpenaiProfile: TranscriptProfile = derive(aiSdkProfile, 'ai-sdk-openai', {
  with: [
    // Its models are of the Responses API, unless they are made with `chat`.
    rule(ids.reusedCallId, { source: 'https://platform.openai.com/docs/api-reference/responses/create' }),
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

const ofAnyVersion: readonly TranscriptProfile[] = [aiSdkProfile, aiSdkAnthropicProfile, aiSdkOpenaiProfile];

/**
 * The profiles for one version: what that version does not have is an error, and is written as it has it. Version 7 takes
 * system messages only with `allowSystemInMessages`.
 */
function ofVersion(major: Major): TranscriptProfile[] {
  const source = `https://ai-sdk.dev/docs/migration-guides/migration-guide-${major}-0`;
  const own = versions.ofModelMessages([major]).map((core) => rule(core, { source, providerText: schema }));
  const onlyByOption = content.systemTurns(
    () => false,
    'instructions are the option instructions, or allowSystemInMessages is on',
  );
  const providerText =
    'System messages are not allowed in the prompt or messages fields. Use the instructions option instead.';
  const last = major === 7 ? [rule(onlyByOption, { source, providerText })] : [];
  return ofAnyVersion.map(({ name, format, rules }) => ({
    name: name.replace('ai-sdk', `ai-sdk-${major}`) as ProfileName,
    format,
    rules: [...own, ...rules.filter((one) => !differences.includes(one)), ...last],
  }));
}

/** Profiles for `ModelMessage`s, by version and provider: `ai-sdk`, `ai-sdk-anthropic`, `ai-sdk-6`, `ai-sdk-6-anthropic`. */
export const aiSdkProfiles: readonly TranscriptProfile[] = [...ofAnyVersion, ...majors.flatMap(ofVersion)];

/** Versions 5 and 6 refuse a call without an input, and so does every provider; one of JSON text they hand on. */
function inputsThat(holds: (given: unknown) => boolean): RuleCore {
  return {
    ...shape.invalidArguments,
    find: (transcript) =>
      shape.invalidArguments
        .find(transcript)
        .filter(({ turn, part }) => holds(memberOf(transcript.turns[turn]!.parts[part!]!.raw, 'input'))),
  };
}

/** A warning only: what is allowed is not changed. */
function found({ code, find }: RuleCore): RuleCore {
  return { code, find };
}

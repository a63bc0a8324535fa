import { type Major, majors } from '../dialects/ai-sdk-majors.js';
import { derive, type TranscriptProfile } from '../profile.js';
import { type Rule, rule } from '../rule.js';
import * as approvals from '../rules/approvals.js';
import * as ids from '../rules/ids.js';
import * as shape from '../rules/shape.js';
import * as states from '../rules/states.js';
import * as versions from './ai-sdk-ui-versions.js';
import { toolsOfOthers, unsaidWords } from './ai-sdk-ui-words.js';

const reference = 'https://ai-sdk.dev/docs/reference/ai-sdk-core/ui-message';
const validation = 'https://ai-sdk.dev/docs/reference/ai-sdk-ui/validate-ui-messages';
const missing = 'https://ai-sdk.dev/docs/reference/ai-sdk-errors/ai-missing-tool-results-error';
const refused = 'Type validation failed';
const unanswered = 'Tool results are missing for tool calls …';

/** In what the last two versions differ: a warning, for nothing is wrong with it in one of them. */
const differences: readonly Rule[] = versions
  .ofUiMessages([6, 7])
  .map(({ code, find }) => rule({ code, find }, { source: reference, severity: 'warning' }));

/**
 * AI SDK `UIMessage`, for every version from 5 to 7: what `validateUIMessages` takes, and what then converts into a valid
 * prompt. What only some of them take passes, with a warning when the last two differ in it. The profiles with a number are
 * for one version.
 */
const aiSdkUiProfile: TranscriptProfile = {
  name: 'ai-sdk-ui',
  format: 'ai-sdk-ui',
  rules: [
    rule(shape.emptyTranscript, { source: validation, providerText: 'Messages array must not be empty' }),
    rule(shape.mixedFormat, { source: reference, providerText: refused }),
    rule(shape.unrecognizedMessage, { source: reference, providerText: refused }),
    rule(shape.unknownRole, { source: reference, providerText: refused }),
    rule(states.invalidItemId, { source: reference, providerText: refused }),
    rule(shape.obsoleteShape, { source: 'https://ai-sdk.dev/docs/migration-guides/migration-guide-5-0' }),
    rule(shape.missingContent, { source: reference, providerText: refused }),
    rule(shape.invalidContent, { source: reference, providerText: refused }),
    rule(shape.unknownPart, { source: reference, providerText: refused }),
    rule(states.invalidState, { source: reference, providerText: refused }),
    rule(shape.idShape, { source: reference, providerText: refused }),
    rule(toolsOfOthers, { source: reference }),
    rule(shape.invalidArguments, { source: reference, severity: 'warning' }),
    rule(ids.missingCallId, { source: reference, providerText: refused }),
    rule(ids.missingName, { source: reference, providerText: refused }),
    rule(ids.duplicateCallId, { source: reference }),
    rule(ids.reusedCallId, { source: reference }),
    rule(approvals.pendingApproval, { source: missing, providerText: unanswered }),
    rule(states.unansweredStep, {
      source: missing,
      providerText: unanswered,
    }),
    rule(unsaidWords, { source: validation, providerText: 'Message must contain at least one part' }),
    rule(states.emptyAnswer, { source: validation, severity: 'warning' }),
    rule(states.preliminary, { source: reference, severity: 'warning' }),
    ...differences,
  ],
};

/** Version 7 answers some calls by itself. */
const since7: TranscriptProfile = derive(aiSdkUiProfile, 'ai-sdk-ui-7', {
  with: [
    rule(versions.pendingSince7, { source: missing, providerText: unanswered }),
    rule(versions.unansweredSince7, { source: missing, providerText: unanswered }),
  ],
});

/** A profile for one version: what that version does not have is an error, and is written as it has it. */
function forVersion(major: Major): TranscriptProfile {
  const { format, rules } = major === 7 ? since7 : aiSdkUiProfile;
  const own = [...versions.ofUiMessages([major]), versions.misreadUrls].map((core) =>
    rule(core, { source: reference, providerText: refused }),
  );
  return { name: `ai-sdk-ui-${major}`, format, rules: [...own, ...rules.filter((one) => !differences.includes(one))] };
}

/** Profiles for `UIMessage`s, by version: `ai-sdk-ui`, `ai-sdk-ui-5`. */
export const aiSdkUiProfiles: readonly TranscriptProfile[] = [aiSdkUiProfile, ...majors.map(forVersion)];

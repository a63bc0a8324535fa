import type { TranscriptProfile } from '../profile.js';
import { rule } from '../rule.js';
import * as approvals from '../rules/approvals.js';
import * as ids from '../rules/ids.js';
import * as shape from '../rules/shape.js';
import * as states from '../rules/states.js';

const reference = 'https://ai-sdk.dev/docs/reference/ai-sdk-core/ui-message';
const validation = 'https://ai-sdk.dev/docs/reference/ai-sdk-ui/validate-ui-messages';
const missing = 'https://ai-sdk.dev/docs/reference/ai-sdk-errors/ai-missing-tool-results-error';
const refused = 'Type validation failed';

/** AI SDK `UIMessage`, for the versions 5 and 6: what `validateUIMessages` takes, and converts into a valid prompt. */
export const aiSdkUiProfile: TranscriptProfile = {
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
    rule(shape.callNotAllowed, { source: reference }),
    rule(shape.invalidArguments, { source: reference, severity: 'warning' }),
    rule(ids.missingCallId, { source: reference, providerText: refused }),
    rule(ids.missingName, { source: reference, providerText: refused }),
    rule(ids.duplicateCallId, { source: reference }),
    rule(ids.reusedCallId, { source: reference }),
    rule(approvals.pendingApproval, { source: missing, providerText: 'Tool results are missing for tool calls …' }),
    rule(states.unansweredStep, {
      source: missing,
      providerText: 'Tool results are missing for tool calls …',
    }),
    rule(states.emptyWords, { source: validation, providerText: 'Message must contain at least one part' }),
    rule(states.emptyAnswer, { source: validation, severity: 'warning' }),
    rule(states.preliminary, { source: reference, severity: 'warning' }),
  ],
};

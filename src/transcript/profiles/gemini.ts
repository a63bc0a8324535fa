import type { Turn } from '../graph.js';
import type { TranscriptProfile } from '../profile.js';
import { type RuleCore, rule } from '../rule.js';
import * as content from '../rules/content.js';
import * as ids from '../rules/ids.js';
import * as pairing from '../rules/pairing.js';
import * as shape from '../rules/shape.js';

const reference = 'https://ai.google.dev/api/caching#Content';
const calling = {
  source: 'https://ai.google.dev/gemini-api/docs/function-calling',
  providerText:
    'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
};

const turns = {
  source: 'https://github.com/google-gemini/gemini-cli/issues/11814',
  providerText:
    'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
};

/** Gemini `contents`. Calls without ids are paired by their name, in order: many transcripts have no ids, and need none. */
export const geminiProfile: TranscriptProfile = {
  name: 'gemini',
  format: 'gemini',
  rules: [
    rule(shape.emptyTranscript, { source: reference, providerText: 'contents is not specified' }),
    rule(shape.mixedFormat, { source: reference }),
    rule(shape.unrecognizedMessage, { source: reference }),
    rule(shape.unknownRole, { source: reference, providerText: 'Please use a valid role: user, model.' }),
    rule(shape.callNotAllowed, { source: reference }),
    rule(shape.unknownPart, { source: reference, providerText: 'contents.parts must not be empty.' }),
    rule(shape.invalidContent, { source: reference }),
    rule(shape.missingContent, { source: reference, providerText: 'contents.parts must not be empty.' }),
    rule(shape.invalidArguments, { source: reference }),
    rule(shape.invalidResult, { source: reference }),
    rule(shape.idShape, { source: reference }),
    rule(ids.missingCallId, calling),
    rule(ids.missingResultId, calling),
    rule(ids.missingName, { source: reference }),
    rule(ids.duplicateCallId, calling),
    rule(pairing.misplacedResult, calling),
    rule(pairing.mismatchedResult, calling),
    rule(pairing.duplicateResult, calling),
    rule(pairing.orphanResult, calling),
    rule(pairing.unansweredCall, calling),
    rule(content.emptyText, { source: reference, severity: 'warning' }),
    rule(content.emptyTurn(false), { source: reference, providerText: 'contents.parts must not be empty.' }),
    // Before the others, as a content that is joined may be the first.
    rule(where(content.alternating, calls), turns),
    rule(where(content.userFirst, calls), turns),
    rule(found(where(content.alternating, says)), { source: reference, severity: 'warning' }),
    rule(found(where(content.userFirst, says)), { source: reference, severity: 'warning' }),
  ],
};

/** A content that calls tools stands behind the user, or behind results; of others current models are not so strict. */
function calls({ role, parts }: Turn): boolean {
  return role === 'assistant' && parts.some(({ kind }) => kind === 'call');
}

function says(turn: Turn): boolean {
  return !calls(turn);
}

/** The rule, for some turns only. */
function where(core: RuleCore, holds: (turn: Turn) => boolean): RuleCore {
  return {
    ...core,
    find: (transcript) => core.find(transcript).filter(({ turn }) => holds(transcript.turns[turn]!)),
  };
}

/** A warning only: what is allowed is not changed. */
function found({ code, find }: RuleCore): RuleCore {
  return { code, find };
}

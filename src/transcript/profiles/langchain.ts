import type { TranscriptProfile } from '../profile.js';
import { flawRule, rule } from '../rule.js';
import * as ids from '../rules/ids.js';
import * as pairing from '../rules/pairing.js';
import * as shape from '../rules/shape.js';

const reference = 'https://docs.langchain.com/oss/javascript/langchain/messages';
const troubleshooting = 'https://docs.langchain.com/oss/javascript/langchain/errors/INVALID_TOOL_RESULTS';
const orphaned = 'https://github.com/langchain-ai/langchain/issues/35313';

/** LangChain messages, for any provider. */
export const langchainProfile: TranscriptProfile = {
  name: 'langchain',
  format: 'langchain',
  rules: [
    rule(shape.emptyTranscript, { source: reference }),
    rule(shape.mixedFormat, { source: reference }),
    rule(shape.unrecognizedMessage, { source: reference, providerText: 'Unable to coerce message from array' }),
    rule(shape.unknownRole, { source: reference, providerText: 'Unable to coerce message from array' }),
    rule(shape.obsoleteShape, { source: reference, severity: 'warning' }),
    rule(shape.malformedCalls, { source: reference }),
    rule(flawRule('invalid-tool-calls'), { source: reference }),
    rule(shape.invalidArguments, { source: reference }),
    rule(shape.idShape, { source: reference }),
    rule(shape.unknownPart, { source: reference }),
    rule(shape.invalidContent, { source: reference }),
    rule(shape.invalidResult, { source: reference }),
    rule(shape.missingContent, { source: reference }),
    rule(ids.missingCallId, { source: troubleshooting }),
    rule(ids.missingResultId, { source: troubleshooting }),
    rule(ids.missingName, { source: reference }),
    rule(ids.duplicateCallId, { source: troubleshooting }),
    rule(pairing.misplacedResult, { source: troubleshooting }),
    rule(pairing.duplicateResult, { source: orphaned }),
    rule(pairing.orphanResult, { source: orphaned }),
    rule(pairing.unansweredCall, { source: troubleshooting }),
  ],
};

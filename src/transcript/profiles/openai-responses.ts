import { isPair } from '../dialects/openai-responses-items.js';
import { derive, type TranscriptProfile } from '../profile.js';
import { rule } from '../rule.js';
import * as approvals from '../rules/approvals.js';
import * as ids from '../rules/ids.js';
import * as items from '../rules/items.js';
import * as pairing from '../rules/pairing.js';
import * as shape from '../rules/shape.js';

const reference = 'https://platform.openai.com/docs/api-reference/responses/create';
const noOutput = {
  source: 'https://github.com/vercel/ai/issues/7099',
  providerText: 'No tool output found for function call ….',
};
const noCall = {
  source: 'https://github.com/TanStack/ai/issues/1212',
  providerText: 'No tool call found for function call output with call_id ….',
};
const following = {
  source: 'https://github.com/vercel/ai/issues/7099',
  providerText: "Item 'rs_…' of type 'reasoning' was provided without its required following item.",
};

const LONGEST_CALL_ID = 64;

/** OpenAI Responses: all of a conversation in `input`. */
export const openaiResponsesProfile: TranscriptProfile = {
  name: 'openai-responses',
  format: 'openai-responses',
  rules: [
    rule(shape.emptyTranscript, { source: reference }),
    rule(shape.mixedFormat, { source: reference }),
    rule(shape.unrecognizedMessage, { source: reference }),
    rule(shape.unknownRole, { source: reference }),
    rule(shape.partNotAllowed, {
      source: reference,
      providerText: "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'.",
    }),
    rule(shape.unknownPart, { source: reference }),
    rule(shape.invalidContent, { source: reference }),
    rule(shape.missingContent, { source: reference }),
    rule(shape.invalidArguments, { source: reference }),
    rule(shape.invalidResult, { source: reference }),
    rule(shape.idShape, { source: reference }),
    rule(shape.sdkArtefact, { source: reference, severity: 'warning' }),
    rule(items.invalidItemId, {
      source: 'https://github.com/continuedev/continue/issues/11785',
      providerText: "Invalid 'input[2].id': 'call_1'. Expected an ID that begins with 'fc'.",
    }),
    rule(items.duplicateItemId, {
      source: 'https://github.com/nodetool-ai/nodetool/issues/4252',
      providerText: 'Duplicate item found with id rs_…. Remove duplicate items from your input and try again.',
    }),
    rule(ids.missingCallId, { source: reference, providerText: "Missing required parameter: 'input[1].call_id'." }),
    rule(ids.missingResultId, { source: reference, providerText: "Missing required parameter: 'input[2].call_id'." }),
    rule(ids.missingName, { source: reference }),
    rule(ids.duplicateCallId, { source: reference }),
    rule(ids.reusedCallId, { source: reference }),
    rule(
      ids.idForm(
        'id-too-long',
        (id) => id.length <= LONGEST_CALL_ID,
        `at most ${LONGEST_CALL_ID} characters`,
        LONGEST_CALL_ID,
      ),
      {
        source: 'https://github.com/AnswerDotAI/fastllm/issues/45',
        providerText: "Invalid 'input[95].call_id': string too long. Expected a string with maximum length 64.",
      },
    ),
    rule(approvals.unknownApproval, { source: reference }),
    rule(pairing.misplacedResult, noCall),
    rule(pairing.duplicateResult, noCall),
    rule(items.otherKind(isPair), noCall),
    rule(items.orphanItem, noCall),
    rule(items.unansweredItem, noOutput),
    rule(items.reasoningSeparated, following),
  ],
};

/** With `store: false`: the provider knows nothing but what is sent. */
export const openaiResponsesStatelessProfile: TranscriptProfile = {
  ...openaiResponsesProfile,
  name: 'openai-responses-stateless',
  rules: [
    rule(items.unstoredReference, {
      source: reference,
      providerText: "Item with id '…' not found. Items are not persisted when `store` is set to false.",
    }),
    rule(items.unencryptedReasoning, {
      source: reference,
      providerText: "Item with id 'rs_…' not found. Items are not persisted when `store` is set to false.",
    }),
    ...openaiResponsesProfile.rules,
  ],
};

/** With `previous_response_id` or a conversation: the calls may be in what the provider holds already. */
export const openaiResponsesContinuedProfile: TranscriptProfile = derive(
  openaiResponsesProfile,
  'openai-responses-continued',
  {
    without: ['orphan-result', 'unknown-approval'],
  },
);

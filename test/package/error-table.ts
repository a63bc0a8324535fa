import {
  AmbientScopeError,
  CallInProgressError,
  CallNotFoundError,
  CallTimeoutError,
  CompletionNotRecordedError,
  ConfigError,
  IdentityConflictError,
  IdentityMissingError,
  InputNotStorableError,
  LeaseLostError,
  LedgerBlockedError,
  LedgerClosedError,
  type MyceliumError,
  NotExecutedError,
  ParentLostError,
  ReentrantCallError,
  ReleaseRefusedError,
  ResultNotReplayableError,
  type Retryable,
  StateNotFoundError,
  StateNotSavedError,
  StateNotStorableError,
  StoreDamagedError,
  StoreFormatError,
  StoreLostError,
  StoreNotFoundError,
  StoreUnavailableError,
  StoreUnsafeError,
  ToolBoundaryError,
  UsageError,
} from 'mycelium-runtime';
import {
  ReceiptExportFailedError,
  ReceiptExportRefusedError,
  ReceiptLogDamagedError,
  ReceiptNotProvableError,
} from 'mycelium-runtime/receipts';
import { ToolRunExhaustedError } from 'mycelium-runtime/runner';
import { HistoryError, MessageValidationError } from 'mycelium-runtime/transcript';

/** One error: what users match on, and what it tells them to do. */
export interface ErrorRow {
  readonly code: string;
  readonly retryable: Retryable;
  /** The remedy of the example, letter by letter; `given` when whoever throws it writes the remedy. */
  readonly remedy: string;
  readonly example: () => MyceliumError;
}

const given = 'Do this next.';
const call = { tool: 'pay', requestId: 'inv-42', id: '7f3a' };

/** Every error of the package. A change of a code or of its retryable breaks what users wrote. */
export const errorTable: readonly ErrorRow[] = [
  {
    code: 'AMBIENT_SCOPE',
    retryable: 'never',
    remedy:
      "Use call.effect from the tool's second parameter, or enter a scope: run(…), a taskLedger around the tool, or ledger({ ambient: true }).",
    example: () => new AmbientScopeError({ name: 'sideEffect', instead: 'call.effect' }),
  },
  {
    code: 'CALL_IN_PROGRESS',
    retryable: 'safe',
    remedy: 'Nothing ran on the strength of this call. Call again later with the same arguments, or raise waitFor.',
    example: () => new CallInProgressError({ ...call, waitedMs: 30_000, what: 'another worker holds it' }),
  },
  {
    code: 'CALL_NOT_FOUND',
    retryable: 'never',
    remedy: 'List what is there; ids come from the same store, ledger and tenant.',
    example: () => new CallNotFoundError({ id: '7f3a', store: 'memory' }),
  },
  {
    code: 'CALL_TIMEOUT',
    retryable: 'never',
    remedy:
      'Call again with the same arguments later: the recorded result is returned once the tool has finished, and until then nothing runs.',
    example: () => new CallTimeoutError({ ...call, timeoutMs: 1000 }),
  },
  {
    code: 'COMPLETION_NOT_RECORDED',
    retryable: 'never',
    remedy: given,
    example: () =>
      new CompletionNotRecordedError({ ...call, why: 'the store is gone', remedy: given, result: { paid: true } }),
  },
  {
    code: 'CONFIG_INVALID',
    retryable: 'never',
    remedy: 'Mend what is marked. Nothing was opened, and nothing is guarded.',
    example: () => new ConfigError({ file: 'mycelium.yaml', issues: [], text: 'mycelium.yaml:7:5  error MYC204' }),
  },
  {
    code: 'IDENTITY_CONFLICT',
    retryable: 'never',
    remedy: 'Use the first arguments to get the recorded result, or another identity if another call is meant.',
    example: () => new IdentityConflictError({ ...call, paths: ['amount'], phase: 'committed' }),
  },
  {
    code: 'IDENTITY_MISSING',
    retryable: 'never',
    remedy: given,
    example: () =>
      new IdentityMissingError({ tool: 'pay', problem: 'invoiceId is absent', remedy: given, field: 'invoiceId' }),
  },
  {
    code: 'INPUT_NOT_STORABLE',
    retryable: 'never',
    remedy:
      'Pass plain data (JSON, Date, Map, Set, bigint, URL, RegExp, Uint8Array, Error), or leave the member out with fingerprint: { omit }.',
    example: () => new InputNotStorableError({ tool: 'pay', path: 'order.lines[2]', what: 'a function' }),
  },
  {
    code: 'LEASE_LOST',
    retryable: 'never',
    remedy: 'Stop the work. An effect that has not started is not started; one that has is reconciled by its record.',
    example: () => new LeaseLostError({ ...call, what: 'another worker took it over' }),
  },
  {
    code: 'LEDGER_BLOCKED',
    retryable: 'never',
    remedy: given,
    example: () =>
      new LedgerBlockedError({ ...call, why: 'its worker was lost', remedy: given, reason: 'lost-worker' }),
  },
  {
    code: 'LEDGER_CLOSED',
    retryable: 'never',
    remedy: 'Open the store again; what was recorded is still there.',
    example: () => new LedgerClosedError({ store: 'memory' }),
  },
  {
    code: 'NOT_EXECUTED',
    retryable: 'safe',
    remedy: 'The call may be made again.',
    example: () => new NotExecutedError('the card was declined', { llmMessage: 'The card was declined.' }),
  },
  {
    code: 'PARENT_LOST',
    retryable: 'safe',
    remedy: 'Let the worker that holds the task go on; what this one finished is replayed there.',
    example: () => new ParentLostError({ tool: 'pay', parent: 'process_invoice "inv-42"' }),
  },
  {
    code: 'REENTRANT_CALL',
    retryable: 'never',
    remedy: 'Give the inner call an identity of its own (idFrom, or withCall with another requestId or occurrence).',
    example: () => new ReentrantCallError(call),
  },
  {
    code: 'RELEASE_REFUSED',
    retryable: 'never',
    remedy: given,
    example: () => new ReleaseRefusedError({ ...call, why: 'it is live', remedy: given }),
  },
  {
    code: 'RESULT_NOT_REPLAYABLE',
    retryable: 'never',
    remedy: 'Read the outcome at the provider. To keep results, return plain data and set store: { result: "full" }.',
    example: () => new ResultNotReplayableError({ ...call, why: 'only its digest was kept' }),
  },
  {
    code: 'STATE_NOT_FOUND',
    retryable: 'never',
    remedy:
      'Look at the run id, the tenant, and the store and name it was recorded under; load(runId) gives undefined instead. A run without durable: true that was killed has left nothing: start it anew.',
    example: () => new StateNotFoundError({ runId: 'run-1', tenant: 'acme', name: 'default', store: 'memory' }),
  },
  {
    code: 'STATE_NOT_SAVED',
    retryable: 'never',
    remedy:
      'error.state has what was recorded, and error.result what the run returned. It is written with the next record or flush and when the run ends; after that, bring the store back and record it again: run({ runId }, (run) => run.record(error.state)).',
    example: () =>
      new StateNotSavedError({
        runId: 'run-1',
        store: 'memory',
        state: { step: 1 },
        returned: { result: 'paid' },
        cause: new Error('no answer'),
      }),
  },
  {
    code: 'STATE_NOT_STORABLE',
    retryable: 'never',
    remedy:
      'Record an object of plain data (JSON, Date, Map, Set, bigint, URL, RegExp, Uint8Array, Error), or leave the member out.',
    example: () => new StateNotStorableError({ runId: 'run-1', path: 'order.lines[2]', what: 'a function' }),
  },
  {
    code: 'STORE_DAMAGED',
    retryable: 'never',
    remedy: given,
    example: () =>
      new StoreDamagedError({ file: 'log-1', record: 3, offset: 512, what: 'checksum differs', remedy: given }),
  },
  {
    code: 'STORE_FORMAT',
    retryable: 'never',
    remedy: given,
    example: () => new StoreFormatError({ store: 'memory', field: 'format', found: 2, expected: 1, remedy: given }),
  },
  {
    code: 'RECEIPT_EXPORT_FAILED',
    retryable: 'safe',
    remedy:
      'Name a file that can be written, on a disk with room for it; the next export goes on where this one ended (mycelium receipts seal; in code: exportReceipts).',
    example: () =>
      new ReceiptExportFailedError({ store: 'memory', ledger: 'default', file: 'r.jsonl', what: 'EACCES' }),
  },
  {
    code: 'RECEIPT_EXPORT_REFUSED',
    retryable: 'never',
    remedy:
      'Move the file away: the next export writes the whole log. mycelium receipts verify tells whether the log is what was signed.',
    example: () =>
      new ReceiptExportRefusedError({ store: 'memory', ledger: 'default', file: 'r.jsonl', what: 'it has 4 lines' }),
  },
  {
    code: 'RECEIPT_LOG_DAMAGED',
    retryable: 'never',
    remedy:
      'See what was changed with mycelium receipts verify (in code: verifyReceipts), and restore the log from a backup of the store.',
    example: () =>
      new ReceiptLogDamagedError({ store: 'memory', ledger: 'default', record: 'receipt-log 7', what: 'is not there' }),
  },
  {
    code: 'RECEIPT_NOT_PROVABLE',
    retryable: 'never',
    remedy: 'Seal it with mycelium receipts seal (in code: sealReceipts), then prove it.',
    example: () => new ReceiptNotProvableError({ store: 'memory', ledger: 'default', id: 'ab12', why: 'unsealed' }),
  },
  {
    code: 'STORE_LOST',
    retryable: 'never',
    remedy:
      'Restore its data and restart the workers. Restarted over the empty server they begin a new store: calls that ran before are then not known any more and may run again.',
    example: () => new StoreLostError({ store: 'redis h:6379/0, prefix mycelium', what: 'it is empty now' }),
  },
  {
    code: 'STORE_NOT_FOUND',
    retryable: 'never',
    remedy:
      'The first guarded call creates it. If calls were made, they were recorded elsewhere: look at the path, prefix or schema.',
    example: () => new StoreNotFoundError({ store: 'file ./.mycelium' }),
  },
  {
    code: 'STORE_UNAVAILABLE',
    retryable: 'safe',
    remedy: 'Nothing ran on the strength of this call. Bring the store back and call again.',
    example: () => new StoreUnavailableError({ store: 'memory', during: 'claim', applied: 'unknown' }),
  },
  {
    code: 'STORE_UNSAFE',
    retryable: 'never',
    remedy: 'Set appendonly yes. Set maxmemory-policy noeviction.',
    example: () =>
      new StoreUnsafeError({
        store: 'redis h:6379/0, prefix mycelium',
        concerns: [
          { found: 'nothing is persisted', risk: 'a restart loses every record', remedy: 'Set appendonly yes.' },
          {
            found: 'maxmemory-policy is allkeys-lru',
            risk: 'at its limit Redis drops records',
            remedy: 'Set maxmemory-policy noeviction.',
          },
        ],
      }),
  },
  {
    code: 'HISTORY_REFUSED',
    retryable: 'never',
    remedy: 'Call trim(messages, budget), or raise the limit.',
    example: () =>
      new HistoryError({
        format: 'openai-chat',
        messages: 3,
        tokens: { count: 30, isEstimate: true },
        issues: [
          {
            code: 'too-many-messages',
            severity: 'error',
            hint: '3 messages, and at most 2 are allowed',
            count: 3,
            limit: 2,
          },
        ],
      }),
  },
  {
    code: 'MESSAGES_INVALID',
    retryable: 'never',
    remedy: 'Call repair(messages): every one of these can be mended.',
    example: () =>
      new MessageValidationError({
        format: 'openai-chat',
        issues: [
          {
            code: 'unanswered-call',
            severity: 'error',
            path: '[1].tool_calls[0]',
            callId: 'c1',
            rule: 'openai-chat/unanswered-call',
            fixable: true,
            hint: 'pay was called and has no result',
          },
        ],
      }),
  },
  {
    code: 'TOOL_BOUNDARY',
    retryable: 'never',
    remedy: 'Give the model error.llmMessage: nothing was recorded, and the mended call may come under the same id.',
    example: () =>
      new ToolBoundaryError({
        tool: 'pay',
        phase: 'input',
        issues: [{ path: 'amount', code: 'missing', expected: 'an integer' }],
        ran: 'no',
      }),
  },
  {
    code: 'TOOL_RUN_EXHAUSTED',
    retryable: 'never',
    remedy:
      'Every call has its result in error.messages, so the conversation can go on from there: by another model, or a person. Look at the description of the tool.',
    example: () => new ToolRunExhaustedError({ why: 'retries', limit: 2, tools: ['pay'], messages: [], issues: [] }),
  },
  {
    code: 'USAGE',
    retryable: 'never',
    remedy: given,
    example: () => new UsageError({ place: 'ledger({ lease })', problem: 'must be at least 1 s', remedy: given }),
  },
];

/** Error classes that stay inside: what they say reaches users within another error. Each with that error's code. */
export const innerErrors: Readonly<Record<string, string>> = {
  UndecodableValueError: 'UNDECODABLE_VALUE',
  UnencodableValueError: 'UNENCODABLE_VALUE',
};

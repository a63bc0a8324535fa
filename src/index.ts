/** The public surface. Adding a name here is the API decision. */

// Guards
export { ledger, taskLedger } from './ledger/ledger.js';
export { compose, positional } from './tool/compose.js';
export { inspectCall, withCall, type CallReport } from './tool/with-call.js';
export { run, type Run, type RunOptions } from './tool/scope.js';
export { idempotencyKey, sideEffect } from './ledger/ambient.js';
export type { CallIdentity, CallOptions, Guard, ToolCall } from './tool/types.js';
export type { CommonOptions, Duration, IdFrom, LedgerOptions, TaskOptions } from './ledger/options.js';
export type { Aborted, EffectClass, Phase, RecordedClass } from './ledger/transition.js';
export type { Encryption, EncryptionContext, Keep, StoredForm } from './ledger/stored-form.js';

// What happened at the provider
export { committed, notExecuted, unknown, type ReconcileQuestion, type Reconciler, type Verdict } from './ledger/verdicts.js';

// Where it is recorded, and the operator's side
export { ActionLedger, type ActionLedgerOptions } from './ledger/action-ledger.js';
export type { BeginOptions, Begun, Replayed } from './ledger/begin.js';
export type { CallPage, CallQuery, CallView } from './ledger/call-view.js';
export type { LedgerHome } from './ledger/home.js';
export type { Release, Settled } from './ledger/operator.js';
export type { Resolution } from './ledger/record.js';
export { configure, type Configuration } from './ledger/default-home.js';
export { openStore } from './store/open.js';
export type { Store } from './store/contract.js';

// What is told
export type { CallEvent, EventMap } from './tool/events.js';

// Errors
export { MyceliumError, type ErrorDetails, type ErrorFacts, type Retryable } from './errors/mycelium-error.js';
export {
  CallInProgressError,
  CallTimeoutError,
  CompletionNotRecordedError,
  IdentityConflictError,
  IdentityMissingError,
  LeaseLostError,
  LedgerBlockedError,
  NotExecutedError,
  ParentLostError,
  ReentrantCallError,
  ResultNotReplayableError,
  type CallReference,
} from './errors/call.js';
export { AmbientScopeError, CallNotFoundError, LedgerClosedError, ReleaseRefusedError } from './errors/operator.js';
export { StoreDamagedError, StoreFormatError, StoreUnavailableError } from './errors/store.js';
export { InputNotStorableError, UsageError } from './errors/usage.js';

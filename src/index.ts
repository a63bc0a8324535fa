/** The public surface. Adding a name here is the API decision. */

export { type LoadOptions, loadConfig, loadConfigFromString } from './config/load-config.js';
export type { InstrumentOptions } from './config/runtime/instrument.js';
export type { ConfiguredGuard, ConversationOptions, Mycelium } from './config/runtime/mycelium.js';
export type { GuardedReport, Report } from './config/runtime/report.js';
export type { InstrumentCode, Instrumented, ToolCode } from './config/runtime/tool-code.js';
export type { Encryption, EncryptionContext } from './encoding/encryption.js';
export { type BoundaryCode, type BoundaryIssue, type BoundaryPhase, ToolBoundaryError } from './errors/boundary.js';
export {
  CallInProgressError,
  CallNotFoundError,
  type CallReference,
  CallTimeoutError,
  CompletionNotRecordedError,
  IdentityConflictError,
  IdentityMissingError,
  LeaseLostError,
  LedgerBlockedError,
  NotExecutedError,
  ParentLostError,
  ReentrantCallError,
  ReleaseRefusedError,
  ResultNotReplayableError,
} from './errors/call.js';
export { type ErrorDetails, type ErrorFacts, MyceliumError, type Retryable } from './errors/mycelium-error.js';
export { StateNotFoundError, StateNotSavedError, StateNotStorableError } from './errors/state.js';
export {
  LedgerClosedError,
  StoreDamagedError,
  StoreFormatError,
  StoreLostError,
  StoreNotFoundError,
  StoreUnavailableError,
  StoreUnsafeError,
} from './errors/store.js';
export { AmbientScopeError, ConfigError, type ConfigIssue, InputNotStorableError, UsageError } from './errors/usage.js';
export { ActionLedger, type ActionLedgerOptions, type PruneOptions, type Retention } from './ledger/action-ledger.js';
export type { BeginOptions, Begun, Replayed } from './ledger/begin.js';
export type { CallPage, CallQuery, CallView } from './ledger/call-view.js';
export { type Configuration, configure } from './ledger/default-home.js';
export { ledger, taskLedger } from './ledger/ledger.js';
export type { Release, Settled } from './ledger/operator.js';
export type { CommonOptions, Duration, IdentityValue, IdFrom, LedgerOptions, TaskOptions } from './ledger/options.js';
export type { PruneProgress, PruneReport } from './ledger/prune.js';
export type { PruningView } from './ledger/pruned-line.js';
export type { CallOfReceipt, OwedReceipt, ReceiptAccount, ReceiptAccounts } from './ledger/receipt-accounts.js';
export type { Resolution } from './ledger/record.js';
export type { RerunReason } from './ledger/reruns.js';
export type { KeptReason } from './ledger/retention.js';
export type { ToolStats } from './ledger/stats.js';
export type { Keep, StoredForm } from './ledger/stored-form.js';
export type { SweepProgress, SweepReport, Unsettled } from './ledger/sweep.js';
export type { Aborted, EffectClass, Phase, RecordedClass } from './ledger/transition.js';
export {
  committed,
  notExecuted,
  type ReconcileQuestion,
  type Reconciler,
  unknown,
  type Verdict,
} from './ledger/verdicts.js';
export { type StateFlush, type StateFlushOptions, stateFlush } from './state/state-flush.js';
export type {
  FlushReason,
  RecordedRun,
  RecordedRunOptions,
  RunPage,
  RunQuery,
  RunSummary,
  ShutdownSignal,
  StateEncryptionContext,
  StateFlushSettings,
  StatePatch,
  StateSnapshot,
  StateStatus,
  StateView,
} from './state/types.js';
export type { Store } from './store/contract.js';
export { type OpenStoreOptions, openStore } from './store/open.js';
export { compose, positional } from './tool/compose.js';
export type { CallEvent, EventMap } from './tool/events.js';
export type { DeferredHome, LedgerHome } from './tool/home.js';
export { idempotencyKey, type Run, type RunOptions, run, sideEffect } from './tool/scope.js';
export type { CallIdentity, CallOptions, Guard, Same, ToolCall } from './tool/types.js';
export { type CallReport, inspectCall, withCall } from './tool/with-call.js';

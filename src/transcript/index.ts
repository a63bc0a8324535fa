/** `mycelium-runtime/transcript`: what providers refuse in the messages of a conversation, found and mended. */
export { type HistoryCode, HistoryError, type HistoryIssue } from '../errors/history.js';
export { type IssueCode, MessageValidationError, type TranscriptIssue } from '../errors/transcript.js';
export { UsageError } from '../errors/usage.js';
export type { TranscriptChange } from './draft.js';
export type { TranscriptFormat } from './graph.js';
export type { TokenCounter, TokenizerName } from './history/counter.js';
export {
  type HistoryBudget,
  HistoryGuard,
  type HistoryGuardOptions,
  type HistoryReport,
  type TrimmedHistory,
} from './history/guard.js';
export type { TokenCount } from './history/tokens.js';
export type { RepairPolicies, Truth, UnansweredCall } from './policies.js';
export type { ProfileName } from './profile.js';
export {
  MessageValidator,
  type MessageValidatorOptions,
  type RepairedTranscript,
  type TranscriptReport,
} from './validator.js';

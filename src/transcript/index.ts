/** `mycelium-runtime/transcript`: what providers refuse in the messages of a conversation, found and mended. */
export { type IssueCode, MessageValidationError, type TranscriptIssue } from '../errors/transcript.js';
export { UsageError } from '../errors/usage.js';
export type { TranscriptChange } from './draft.js';
export type { TranscriptFormat } from './graph.js';
export type { RepairPolicies, Truth, UnansweredCall } from './policies.js';
export type { TranscriptProfile } from './profile.js';
export {
  MessageValidator,
  type MessageValidatorOptions,
  type RepairedTranscript,
  type TranscriptReport,
} from './validator.js';

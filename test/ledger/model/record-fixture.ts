import { type CallRecord, RECORD_FORMAT } from '../../../src/ledger/record.js';

/** A record as a first claim leaves it, with what a test wants otherwise. */
export function recordWith(change: Partial<CallRecord> = {}): CallRecord {
  return {
    format: RECORD_FORMAT,
    effect: 'non_idempotent_mutate',
    boundary: 'implicit',
    phase: 'attempting',
    fence: 3,
    owner: 'me',
    attempts: 1,
    fingerprint: 'f',
    leaseMs: 30_000,
    ...change,
  };
}

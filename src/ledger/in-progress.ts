import { CallInProgressError } from '../errors/call.js';
import type { Dispatch } from './dispatch.js';

/** The error for a wait that is over. */
export function inProgress(dispatch: Dispatch, what: string): CallInProgressError {
  return new CallInProgressError({ ...dispatch.reference, waitedMs: dispatch.policy.waitForMs, what });
}

import { ResultNotReplayableError } from '../errors/call.js';
import type { Dispatch } from './dispatch.js';
import type { Seen } from './record.js';
import { readKept } from './stored-value.js';

/** The recorded result, decoded anew for every caller. @throws ResultNotReplayableError */
export async function replay(dispatch: Dispatch, seen: Seen): Promise<unknown> {
  const { result } = seen.record;
  const why = result === undefined ? 'it was settled without one' : result.unreplayable;
  if (result === undefined || why !== undefined || !('text' in result)) throw new ResultNotReplayableError({ ...dispatch.reference, why: why ?? 'it was not kept' });
  const value = readKept(result, dispatch.policy.form.encryption, { tool: dispatch.policy.tool, id: dispatch.key.id, field: 'result' });
  return value instanceof Promise ? await value : value;
}

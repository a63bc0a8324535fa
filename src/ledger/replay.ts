import { ResultNotReplayableError } from '../errors/call.js';
import type { Dispatch } from './dispatch.js';
import type { Seen } from './record.js';
import { readKept } from './stored-value.js';

/** The recorded result, decoded anew for every caller. @throws ResultNotReplayableError */
export async function replay(dispatch: Dispatch, seen: Seen): Promise<unknown> {
  const { result } = seen.record;
  const why = result === undefined ? 'it was settled without one' : result.unreplayable;
  if (result === undefined || why !== undefined || !('text' in result))
    throw new ResultNotReplayableError({ ...dispatch.reference, why: why ?? 'it was not kept' });
  const { encryption } = dispatch.policy.form;
  const remedy = 'Give the encryption that it was recorded with: ledger({ store: { encryption } }).';
  if (result.encrypted === true && encryption === undefined) {
    throw new ResultNotReplayableError({
      ...dispatch.reference,
      why: 'it is encrypted, and no encryption is configured here',
      remedy,
    });
  }
  try {
    const value = readKept(result, encryption, { tool: dispatch.policy.tool, id: dispatch.key.id, field: 'result' });
    return value instanceof Promise ? await value : value;
  } catch (cause) {
    if (result.encrypted !== true) throw cause;
    throw new ResultNotReplayableError({
      ...dispatch.reference,
      why: 'it is encrypted, and the encryption that is configured here cannot read it',
      remedy,
      cause,
    });
  }
}

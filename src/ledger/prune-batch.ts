import type { Expectation, RecordKey, StoredRecord } from '../store/contract.js';
import type { Engine } from './engine.js';
import { archiveKey, evidenceKey } from './identity.js';
import { type CallRecord, decodeCall, decodeEvidence, type EvidenceRecord } from './record.js';

/** A call that is to be pruned: what its removal needs, and not its values. */
export interface Candidate {
  readonly key: RecordKey;
  readonly revision: string;
  /** When it was finished. */
  readonly writtenAt: number;
  readonly record: Omit<CallRecord, 'result'>;
}

/** A call with everything that goes with it. */
export interface Companied extends Candidate {
  readonly evidence: { readonly key: RecordKey; readonly revision: string | undefined };
  readonly proof: EvidenceRecord | undefined;
  readonly archives: readonly { readonly key: RecordKey; readonly revision: string }[];
}

/** Looks up what stands beside calls of one partition. */
export async function withCompanions(engine: Engine, calls: readonly Candidate[]): Promise<readonly Companied[]> {
  const evidence = calls.map(({ key }) => evidenceKey(key));
  const found = await engine.read(evidence);
  const archives = await archivesOf(engine, calls);
  return calls.map((call, position) => {
    const stored = found[position];
    return {
      ...call,
      evidence: { key: evidenceKey(call.key), revision: stored?.revision },
      proof: stored === undefined ? undefined : decodeEvidence(stored, engine.description).record,
      archives: archives.get(call.key.id) ?? [],
    };
  });
}

/** Each retirement has left a record that names the one before it. */
async function archivesOf(
  engine: Engine,
  calls: readonly Candidate[],
): Promise<ReadonlyMap<string, readonly { readonly key: RecordKey; readonly revision: string }[]>> {
  const found = new Map<string, { readonly key: RecordKey; readonly revision: string }[]>();
  let next = calls.flatMap(({ key, record }) => following(key, record));
  while (next.length > 0) {
    const stored = await engine.read(next.map(({ archive }) => archive));
    next = next.flatMap(({ key }, position) => {
      const archived = stored[position];
      if (archived === undefined) return [];
      found.set(key.id, [...(found.get(key.id) ?? []), { key: archived.key, revision: archived.revision }]);
      return following(key, decodeCall(archived, engine.description).record);
    });
  }
  return found;
}

function following(
  key: RecordKey,
  { retiredThrough }: Pick<CallRecord, 'retiredThrough'>,
): { key: RecordKey; archive: RecordKey }[] {
  return retiredThrough === undefined ? [] : [{ key, archive: archiveKey(key, retiredThrough) }];
}

/** Everything that must still stand as it was seen. Evidence that is not there must not have come either. */
export function expectationsOf({ key, revision, evidence, archives }: Companied): Expectation[] {
  return [{ key, revision, lease: 'expired' }, evidence, ...archives];
}

/** What is removed with a call, itself included. */
export function removalsOf({ key, evidence, archives }: Companied): RecordKey[] {
  return [key, ...(evidence.revision === undefined ? [] : [evidence.key]), ...archives.map((archive) => archive.key)];
}

/** The calls in as few groups as name at most so many records each. */
export function transactionsOf(calls: readonly Companied[], mostRecords: number): readonly (readonly Companied[])[] {
  const groups: Companied[][] = [];
  let left = 0;
  for (const call of calls) {
    const size = expectationsOf(call).length;
    if (size > left) {
      groups.push([]);
      left = mostRecords;
    }
    groups.at(-1)?.push(call);
    left -= size;
  }
  return groups;
}

/** Those of the calls that still stand as they were seen, by the records of the refusal. */
export function unchanged(
  calls: readonly Companied[],
  records: readonly (StoredRecord | undefined)[],
  now: number,
): readonly Companied[] {
  let position = 0;
  return calls.filter((call) => {
    const expected = expectationsOf(call);
    const found = records.slice(position, position + expected.length);
    position += expected.length;
    return expected.every(({ revision, lease }, at) => {
      const record = found[at];
      const held = lease === 'expired' && record?.lease !== undefined && now < record.lease.until;
      return record?.revision === revision && !held;
    });
  });
}

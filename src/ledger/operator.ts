import type { Encryption } from '../encoding/encryption.js';
import type { CallReference } from '../errors/call.js';
import { CallNotFoundError, ReleaseRefusedError } from '../errors/call.js';
import { UsageError } from '../errors/usage.js';
import type { RecordKey, Write } from '../store/contract.js';
import type { LedgerHome } from '../tool/home.js';
import type { Engine } from './engine.js';
import { archiveKey, evidenceKey, keyOfId } from './identity.js';
import { DEFAULT_FORM } from './policy.js';
import { absent, claimedAtOf, paid, unpayable } from './receipts-due.js';
import {
  type CallRecord,
  decodeCall,
  decodeEvidence,
  evidenceFor,
  leaseHeld,
  type Resolution,
  type Seen,
  type SeenEvidence,
  subjectOf,
  writeOver,
} from './record.js';
import { announceForgotten } from './replay-epoch.js';
import { committedRecord, notExecutedRecord, refuseRelease, refuseRetirement, retiredRecord } from './resolution.js';
import { keepResult, type StoredResult } from './stored-value.js';

/** Who settles, and on what grounds. Kept with the record. */
export interface Settled {
  /** The person or system that answers for it. */
  readonly by: string;
  /** What was looked at. */
  readonly reason: string;
}

/** What is known of a call that was blocked. */
export type Release = Settled & {
  /**
   * Settles a call that a worker still holds: only when you know that the worker is dead. One that is not can
   * still have its effect.
   */
  readonly force?: { readonly ownerIsDead: true };
} & (
    | { readonly as: 'completed' /** What later callers are given. */; readonly result: unknown }
    /** Its result is not known: later callers get ResultNotReplayableError. */
    | { readonly as: 'completed'; readonly withoutResult: true }
    | { readonly as: 'not-executed' }
  );

/** A call as it stands, with what stands beside it. */
export interface Standing extends Seen {
  readonly evidence: SeenEvidence | undefined;
  readonly now: number;
}

const KINDS = ['tool', 'task'] as const;
const FULL_ID = /^[0-9a-f]{32}$/;
const ID_BEGINNING = /^[0-9a-f]{4,31}$/;

/** @throws UsageError unless both are said. */
export function checkSettled(settled: Settled, place: string): void {
  for (const name of ['by', 'reason'] as const) {
    if (typeof settled[name] !== 'string' || settled[name].trim() === '') {
      throw new UsageError({
        place: `${place}({ ${name} })`,
        problem: 'is blank',
        remedy: 'Say who settles it, and what was looked at; both are kept with the record.',
      });
    }
  }
}

/** Finds a call by its id or any unique beginning of it. @returns undefined when there is none. */
export async function find(engine: Engine, home: LedgerHome, id: string): Promise<Standing | undefined> {
  if (FULL_ID.test(id)) {
    for (const kind of KINDS) {
      const found = await stand(engine, kind, id);
      if (found !== undefined && found.stored.index?.['ledger'] === home.name) return found;
    }
    return undefined;
  }
  if (!ID_BEGINNING.test(id)) {
    throw new UsageError({
      place: 'id',
      problem: `${JSON.stringify(id)} is not the beginning of an id`,
      remedy: 'Give at least four of its hexadecimal digits, as a listing shows them.',
    });
  }
  const matches = await idsThatBegin(engine, home, id);
  if (matches.length > 1)
    throw new CallNotFoundError({ id, store: engine.description, candidates: matches.map((match) => match.id) });
  const [match] = matches;
  return match === undefined ? undefined : stand(engine, match.kind, match.id);
}

async function idsThatBegin(
  engine: Engine,
  home: LedgerHome,
  beginning: string,
): Promise<{ kind: string; id: string }[]> {
  const matches: { kind: string; id: string }[] = [];
  for await (const key of everyKey(engine, home)) {
    if (key.id.startsWith(beginning)) matches.push(key);
    if (matches.length === 10) break;
  }
  return matches;
}

async function* everyKey(engine: Engine, home: LedgerHome): AsyncGenerator<RecordKey> {
  for (const kind of KINDS) {
    let after: string | undefined;
    do {
      const page = await engine.client.list({
        kind,
        where: { ledger: home.name },
        limit: 500,
        ...(after === undefined ? {} : { after }),
      });
      for (const { key } of page.records) yield key;
      after = page.next;
    } while (after !== undefined);
  }
}

const SHORTEST_ID = 4;

/** For each id the shortest beginning that no other id of this ledger has, of at least four characters. */
export async function shortIds(
  engine: Engine,
  home: LedgerHome,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const all: string[] = [...ids];
  for await (const { id } of everyKey(engine, home)) all.push(id);
  // In order, an id shares most with one of its neighbours.
  const sorted = [...new Set(all)].sort();
  const short = new Map<string, string>();
  for (const [position, id] of sorted.entries()) {
    const shared = Math.max(sharedLength(id, sorted[position - 1]), sharedLength(id, sorted[position + 1]));
    short.set(id, id.slice(0, Math.max(SHORTEST_ID, shared + 1)));
  }
  return new Map(ids.map((id) => [id, short.get(id) ?? id]));
}

function sharedLength(one: string, other = ''): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

async function stand(engine: Engine, kind: string, id: string): Promise<Standing | undefined> {
  const key = keyOfId(kind, id, engine.client.store.partitions);
  const { records, now } = await engine.client.transact(
    { expect: [], write: [], read: [key, evidenceKey(key)] },
    engine.nonce(),
  );
  const [stored, evidence] = records;
  if (stored === undefined) return undefined;
  return {
    ...decodeCall(stored, engine.description),
    evidence: evidence === undefined ? undefined : decodeEvidence(evidence, engine.description),
    now,
  };
}

/** @throws CallNotFoundError */
export async function mustFind(engine: Engine, home: LedgerHome, id: string): Promise<Standing> {
  const found = await find(engine, home, id);
  if (found === undefined) throw new CallNotFoundError({ id, store: engine.description });
  return found;
}

function referenceOf(seen: Seen): CallReference {
  const { tool, requestId } = subjectOf(seen);
  return { tool, requestId, id: seen.stored.key.id };
}

/** The refusal to settle a call. @param settled - who has settled it before, for the one who came second. */
export function refused(seen: Seen, why: string, remedy: string, settled?: Resolution): ReleaseRefusedError {
  return new ReleaseRefusedError({ ...referenceOf(seen), why, remedy, ...(settled === undefined ? {} : { settled }) });
}

/** Settles a blocked call by what a person found out. @throws CallNotFoundError, ReleaseRefusedError, UsageError */
export async function release(
  engine: Engine,
  home: LedgerHome,
  id: string,
  how: Release,
  encryption: Encryption | undefined,
): Promise<Standing> {
  checkSettled(how, 'release');
  let judged: string | undefined;
  for (;;) {
    const standing = await mustFind(engine, home, id);
    const { record, stored, now } = standing;
    const evidence = evidenceFor(record, standing.evidence?.record) !== undefined;
    const forced = how.force?.ownerIsDead === true;
    const why = refuseRelease(record, how.as, leaseHeld(stored, now), forced, evidence);
    if (why !== undefined) throw refused(standing, why, remedyOf(why), record.resolution);
    if (unpayable(record, home.receipts)) throw refused(standing, UNSIGNED, remedyOf(UNSIGNED));
    // What a person found out is about the record as it stood: a worker that came back may have made it untrue.
    if (judged !== undefined && judged !== stored.revision)
      throw refused(standing, CHANGED, remedyOf(CHANGED), record.resolution);
    judged = stored.revision;
    const resolution = { by: 'operator' as const, as: how.as, who: how.by, reason: how.reason, at: now };
    const next =
      how.as === 'completed'
        ? committedRecord(record, await resultOf(how, standing, encryption), resolution)
        : notExecutedRecord(record, resolution);
    const { record: paidRecord, beside } = paid(home.receipts, standing, next, {
      claimedAt: claimedAtOf(record, stored),
      at: now,
      byPerson: true,
      ...('result' in how ? { values: () => ({ result: how.result }) } : {}),
    });
    const settled = await swap(engine, standing, paidRecord, beside, forced);
    if (settled === undefined) continue;
    if (how.as === 'completed') {
      engine.emit('mycelium:call-committed', () => ({ ...referenceOf(standing), fence: record.fence, by: 'operator' }));
    }
    return settled;
  }
}

/** @throws UsageError when the result would stand in the open beside arguments that do not. */
async function resultOf(
  how: Release & { readonly as: 'completed' },
  standing: Standing,
  encryption: Encryption | undefined,
): Promise<StoredResult> {
  if ('withoutResult' in how) return { as: 'none', unreplayable: `${how.by} settled it without one` };
  const { tool, input } = subjectOf(standing);
  if (input.encrypted === true && encryption === undefined) {
    throw new UsageError({
      place: 'release({ result })',
      problem: `${tool} keeps its values encrypted, and no encryption is at hand for the result`,
      remedy: 'Release it where the encryption is (new ActionLedger({ encryption })), or without a result.',
    });
  }
  const context = { tool, id: standing.stored.key.id, field: 'result' } as const;
  return kept(await keepResult(how.result, { ...DEFAULT_FORM, encryption }, context));
}

/** What a person gives for later callers must be something that they can be given. @throws UsageError */
function kept(result: StoredResult): StoredResult {
  if (result.unreplayable === undefined) return result;
  throw new UsageError({
    place: 'release({ result })',
    problem: `cannot be given to later callers: ${result.unreplayable}`,
    remedy: 'Give what they need to know of it, or release it without a result.',
  });
}

const UNSIGNED = 'its outcome owes a receipt, and no signing key is at hand';
const CHANGED = 'it has changed while it was being released';

function remedyOf(why: string): string {
  if (why === CHANGED) return 'Look at the provider again, and release it by what you find now.';
  if (why === UNSIGNED)
    return 'Give the configuration its audit_receipt with the signing key, or settle it in code: new ActionLedger({ store, receipts }).';
  if (why.startsWith('a worker holds'))
    return 'Wait for its lease to end. When you know that it is dead: --owner-is-dead (in code: force: { ownerIsDead: true }).';
  if (why.startsWith('a worker that was superseded'))
    return 'Call the tool again: the evidence settles it. Or release it as completed.';
  return 'Nothing has to be done. To let a finished identity run anew, retire it.';
}

/** Compare-and-swap against what was judged: two releases cannot both win, nor one a worker that came back. */
async function swap(
  engine: Engine,
  standing: Standing,
  next: CallRecord,
  beside: readonly Write[],
  forced: boolean,
): Promise<Standing | undefined> {
  const { key, revision } = standing.stored;
  const answer = await engine.client.transact(
    {
      expect: [
        { key, revision, ...(forced ? {} : { lease: 'expired' as const }) },
        { key: evidenceKey(key), revision: standing.evidence?.stored.revision },
        ...absent(beside),
      ],
      write: [writeOver(standing, next), ...beside],
    },
    engine.nonce(),
  );
  const [stored] = answer.records;
  return answer.ok && stored !== undefined
    ? { stored, record: next, subject: standing.subject, evidence: standing.evidence, now: answer.now }
    : undefined;
}

function retirementRemedy({ phase }: CallRecord): string {
  return phase === 'aborted' ? 'Nothing has to be done.' : 'Release it first: retiring is for what is finished.';
}

/**
 * Re-opens a finished identity: the next call runs. The finished record is kept beside it.
 *
 * @throws CallNotFoundError, ReleaseRefusedError, UsageError
 */
export async function retire(engine: Engine, home: LedgerHome, id: string, how: Settled): Promise<Standing> {
  checkSettled(how, 'retire');
  for (;;) {
    const standing = await mustFind(engine, home, id);
    const { record, stored, now } = standing;
    const why = refuseRetirement(record);
    if (why !== undefined) throw refused(standing, why, retirementRemedy(record), record.resolution);
    if (unpayable(record, home.receipts)) throw refused(standing, UNSIGNED, remedyOf(UNSIGNED));
    const archive = archiveKey(stored.key, record.fence);
    const retired = retiredRecord(record, { by: 'operator', as: 'retired', who: how.by, reason: how.reason, at: now });
    const { record: next, beside } = paid(home.receipts, standing, retired, {
      claimedAt: claimedAtOf(record, stored),
      at: now,
      byPerson: true,
    });
    const answer = await engine.client.transact(
      {
        expect: [
          { key: stored.key, revision: stored.revision },
          { key: archive, revision: undefined },
          ...absent(beside),
        ],
        write: [writeOver(standing, next), { key: archive, value: stored.value }, ...beside],
      },
      engine.nonce(),
    );
    const [written] = answer.records;
    if (!answer.ok || written === undefined) continue;
    await announceForgotten(engine).catch(() => engine.persist(() => announceForgotten(engine)));
    return { stored: written, record: next, subject: standing.subject, evidence: standing.evidence, now: answer.now };
  }
}

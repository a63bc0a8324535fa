import { sha256Hex } from '../encoding/fingerprint.js';
import type { Expectation, Write } from '../store/contract.js';
import type { LedgerHome } from '../tool/home.js';
import type { Engine } from './engine.js';
import { archiveKey, evidenceKey } from './identity.js';
import { checkSettled, mustFind, refused, type Settled, type Standing } from './operator.js';
import {
  type CallRecord,
  decodeCall,
  type EvidenceRecord,
  encodeCall,
  leaseHeld,
  type Seen,
  subjectOf,
  writeOver,
} from './record.js';
import { announceForgotten } from './replay-epoch.js';
import type { StoredResult } from './stored-value.js';

/**
 * Takes the values out of a finished call: its arguments, its result, what it threw; also those of lives of the
 * identity that were retired. The identity stays, so the call does not run again.
 *
 * @throws CallNotFoundError, ReleaseRefusedError while the call is not finished, UsageError
 */
export async function erase(engine: Engine, home: LedgerHome, id: string, how: Settled): Promise<Standing> {
  checkSettled(how, 'erase');
  for (;;) {
    const standing = await mustFind(engine, home, id);
    const { record, stored, now } = standing;
    if (leaseHeld(stored, now) || !(record.phase === 'committed' || record.aborted === 'not-executed'))
      throw refused(standing, 'it is not finished, and its values are needed to settle it', 'Release it first.');
    const mark = { who: how.by, reason: how.reason, at: now };
    const beside = await companions(engine, standing, mark);
    const next = erased(standing, mark);
    const answer = await engine.client.transact(
      {
        expect: [{ key: stored.key, revision: stored.revision }, ...beside.expect],
        write: [writeOver(next, next.record), ...beside.write],
      },
      engine.nonce(),
    );
    const [written] = answer.records;
    if (!answer.ok || written === undefined) continue;
    // Whoever remembers its result gives it until it is told.
    await announceForgotten(engine).catch(() => engine.persist(() => announceForgotten(engine)));
    return { stored: written, record: next.record, subject: next.subject, evidence: undefined, now: answer.now };
  }
}

type Mark = NonNullable<CallRecord['erased']>;

function erased(seen: Seen, mark: Mark): Seen {
  const { record } = seen;
  const subject = subjectOf(seen);
  const { input } = subject;
  const next: CallRecord = {
    ...record,
    erased: mark,
    ...(record.result === undefined ? {} : { result: noResult(mark) }),
    ...(record.error === undefined ? {} : { error: { name: record.error.name, message: 'erased' } }),
  };
  const kept = input.as === 'digest' ? input : { as: 'digest' as const, text: sha256Hex(input.text) };
  return { stored: seen.stored, record: next, subject: JSON.stringify({ ...subject, input: kept }) };
}

function noResult({ who }: Mark): StoredResult {
  return { as: 'none', unreplayable: `it was erased by ${who}` };
}

/** What stands beside the call and has values too: proof of superseded workers, and lives that were retired. */
async function companions(
  engine: Engine,
  { stored, record, evidence }: Standing,
  mark: Mark,
): Promise<{ readonly expect: readonly Expectation[]; readonly write: readonly Write[] }> {
  const { key } = stored;
  const expect: Expectation[] = [{ key: evidenceKey(key), revision: evidence?.stored.revision }];
  const write: Write[] = [];
  if (evidence !== undefined) {
    const successes = evidence.record.successes.map((success) => ({ ...success, result: noResult(mark) }));
    write.push({
      key: evidenceKey(key),
      value: JSON.stringify({ ...evidence.record, successes } satisfies EvidenceRecord),
    });
  }
  for (let fence = record.retiredThrough; fence !== undefined; ) {
    const [archived] = await engine.read([archiveKey(key, fence)]);
    if (archived === undefined) break;
    const life = decodeCall(archived, engine.description);
    const next = erased(life, mark);
    expect.push({ key: archived.key, revision: archived.revision });
    write.push({ key: archived.key, value: encodeCall(next.record, next.subject) });
    fence = life.record.retiredThrough;
  }
  return { expect, write };
}

import type { RecordKey, StoredRecord } from '../store/contract.js';
import type { LedgerHome } from '../tool/home.js';
import { isStuck } from './call-view.js';
import type { Engine, Tally } from './engine.js';
import { evidenceKey } from './identity.js';
import { type CallRecord, decodeCall, decodeEvidence, type EvidenceRecord, leaseHeld } from './record.js';
import { type RerunReason, TAKEOVERS } from './reruns.js';

/** What is recorded of the calls of one tool or task. */
export interface ToolStats {
  readonly kind: 'tool' | 'task';
  readonly tool: string;
  /** Identities. */
  readonly calls: number;
  readonly committed: number;
  readonly aborted: number;
  /** A worker holds them. */
  readonly running: number;
  /** They wait for somebody to settle them. */
  readonly blocked: number;
  /** Claims that followed another one, by reason. */
  readonly reruns: Readonly<Partial<Record<RerunReason, number>>>;
  /** Those among them in which a worker took over from one that was lost. */
  readonly takeovers: number;
  /**
   * Bodies that are proven to have run beyond what the class allows: a superseded worker finished after all, and
   * another one ran as well, e.g. after a release that was wrong. 0 is the promise.
   */
  readonly duplicates: number;
  /** Duplicates for each call. */
  readonly duplicateRate: number;
  /** In this process, since it started: calls that were answered from the record. */
  readonly replays: number;
  /** In this process, since it started: calls that waited for another worker. */
  readonly waits: number;
}

type Counts = { -readonly [Name in Exclude<keyof ToolStats, 'reruns' | 'duplicateRate'>]: ToolStats[Name] } & {
  reruns: Partial<Record<RerunReason, number>>;
};

const PAGE = 500;

/** Counts every call of a ledger, by tool. */
export async function statsOf(engine: Engine, home: LedgerHome, signal: AbortSignal | undefined): Promise<ToolStats[]> {
  const byTool = new Map<string, Counts>();
  for (const kind of ['tool', 'task'] as const) {
    for await (const { stored, now } of walk(engine, home, kind)) {
      signal?.throwIfAborted();
      const tool = stored.index?.['tool'] ?? '';
      const key = `${kind} ${tool}`;
      let counts = byTool.get(key);
      if (counts === undefined) {
        counts = nothing(kind, tool, engine.tally(home.name, tool));
        byTool.set(key, counts);
      }
      const { record } = decodeCall(stored, engine.description);
      add(counts, record, leaseHeld(stored, now));
      counts.duplicates += await duplicatesOf(engine, stored.key, record);
    }
  }
  const all = [...byTool.values()].map((counts) => ({ ...counts, duplicateRate: counts.duplicates / counts.calls }));
  return all.sort((one, other) => other.calls - one.calls || (one.tool < other.tool ? -1 : 1));
}

type Walked = { readonly stored: StoredRecord; readonly now: number };

async function* walk(engine: Engine, home: LedgerHome, kind: 'tool' | 'task'): AsyncGenerator<Walked> {
  let after: string | undefined;
  do {
    const page = await engine.client.list({
      kind,
      where: { ledger: home.name },
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    for (const stored of page.records) yield { stored, now: page.now };
    after = page.next;
  } while (after !== undefined);
}

function nothing(kind: 'tool' | 'task', tool: string, { replays, waits }: Tally): Counts {
  const none = { calls: 0, committed: 0, aborted: 0, running: 0, blocked: 0, takeovers: 0, duplicates: 0 };
  return { kind, tool, ...none, reruns: {}, replays, waits };
}

function add(counts: Counts, record: CallRecord, held: boolean): void {
  counts.calls += 1;
  if (record.phase === 'committed') counts.committed += 1;
  else if (held) counts.running += 1;
  else if (record.phase === 'aborted') counts.aborted += 1;
  if (isStuck(record, held && record.phase !== 'committed')) counts.blocked += 1;
  for (const [reason, count] of Object.entries(record.reruns ?? {}) as [RerunReason, number][]) {
    counts.reruns[reason] = (counts.reruns[reason] ?? 0) + count;
    if (TAKEOVERS.includes(reason)) counts.takeovers += count;
  }
}

/** Only a call that was claimed more than once can have been superseded, so few are looked up. */
async function duplicatesOf(engine: Engine, key: RecordKey, record: CallRecord): Promise<number> {
  if (record.fence === 1 || key.kind === 'task' || mayRunAgain(record)) return 0;
  const [evidence] = await engine.read([evidenceKey(key)]);
  return evidence === undefined ? 0 : beyond(record, decodeEvidence(evidence, engine.description).record);
}

function mayRunAgain({ effect }: CallRecord): boolean {
  return effect === 'read' || effect === 'idempotent_mutate' || effect === 'keyed_mutate' || effect === 'unclassified';
}

/** Proven successes of one life of the identity, less the one that is right. */
function beyond(record: CallRecord, { successes }: EvidenceRecord): number {
  const life = successes.filter(({ fence }) => fence > (record.retiredThrough ?? 0));
  const own = record.phase === 'committed' && record.resolution === undefined ? 1 : 0;
  const others = life.filter(
    ({ fence, owner }) => own === 0 || fence !== record.fence || owner !== record.owner,
  ).length;
  return Math.max(0, own + others - 1);
}

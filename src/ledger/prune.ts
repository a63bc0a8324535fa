import { randomUUID } from 'node:crypto';
import type { StoredRecord } from '../store/contract.js';
import type { LedgerHome } from '../tool/home.js';
import { type Engine, engineFor } from './engine.js';
import {
  type Candidate,
  type Companied,
  expectationsOf,
  removalsOf,
  transactionsOf,
  unchanged,
  withCompanions,
} from './prune-batch.js';
import { lineKey, type PrunedLine, writeOfLine } from './pruned-line.js';
import { type CallSubject, decodeCall, RECORD_FORMAT, subjectOf, without } from './record.js';
import { announceForgotten } from './replay-epoch.js';
import { type Cutoff, type KeptReason, keptByItself, keptBySurroundings } from './retention.js';
import { Surroundings } from './surroundings.js';

/** How far a pruning has come. */
export interface PruneProgress {
  readonly kind: 'tool' | 'task';
  /** Calls looked at. */
  readonly examined: number;
  /** Calls pruned, or to be pruned in a dry run. */
  readonly pruned: number;
}

/** What a pruning came to. */
export interface PruneReport extends Omit<PruneProgress, 'kind'> {
  readonly dryRun: boolean;
  /** False when the signal ended it before it had looked at everything. */
  readonly complete: boolean;
  /** How many calls were kept, by reason. */
  readonly kept: Readonly<Partial<Record<KeptReason, number>>>;
  /** How long ago calls of a kind must have been finished, in milliseconds; kinds that were not pruned are absent. */
  readonly olderThanMs: Readonly<Partial<Record<'tool' | 'task', number>>>;
  /** When the first and the last of the pruned calls were finished, by the store's clock. */
  readonly oldest?: number;
  readonly newest?: number;
}

/** What is to be pruned. */
export interface PrunePlan {
  readonly olderThanMs: PruneReport['olderThanMs'];
  readonly dryRun: boolean;
  readonly by: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: PruneProgress) => void) | undefined;
  /** Ledgers in which what is around the calls may be recorded. */
  readonly outerLedgers: readonly LedgerHome[];
}

/** How many records a transaction may name, see the contract of stores; one of them is the line. */
const MOST_RECORDS = 100;
/** How many calls are looked at together, mostly to go together: each is two records with its evidence. */
const BATCH = 49;

/** A page carries values, so it is cut to about this many characters by what the one before had. */
const PAGE_CHARACTERS = 4 * 1024 * 1024;
const FIRST_PAGE = 50;
const SMALLEST_PAGE = 5;
const LARGEST_PAGE = 500;

/** How often other processes are told meanwhile, in milliseconds: it makes them forget what they remember. */
const TELL_EVERY_MS = 10_000;

/**
 * Forgets calls that were finished long enough ago, tools before tasks, so that a task outlives the calls inside it.
 * Each batch is one compare-and-swap on the revisions that were judged: a call that moves meanwhile is kept. It can
 * be stopped anywhere, and run by several at once.
 *
 * @throws StoreUnavailableError, StoreFormatError; what was pruned until then is pruned, and its line is written.
 */
export async function prune(engine: Engine, home: LedgerHome, plan: PrunePlan): Promise<PruneReport> {
  engine.assertOpen();
  const pruning = new Pruning(engine, home, plan);
  try {
    for (const kind of ['tool', 'task'] as const) {
      const olderThanMs = plan.olderThanMs[kind];
      if (olderThanMs !== undefined) await pruning.go(kind, olderThanMs);
    }
  } finally {
    await pruning.tell();
  }
  return pruning.report();
}

class Pruning {
  readonly #engine: Engine;
  readonly #home: LedgerHome;
  readonly #plan: PrunePlan;
  readonly #kept = new Map<KeptReason, number>();
  /** The line of this pruning in each partition, as it stands in the store. */
  readonly #lines = new Map<string, { readonly revision: string; readonly line: PrunedLine }>();
  #id: string | undefined;
  #examined = 0;
  #pruned = 0;
  #oldest = Number.POSITIVE_INFINITY;
  #newest = Number.NEGATIVE_INFINITY;
  #untold = false;
  #toldAt: number;

  constructor(engine: Engine, home: LedgerHome, plan: PrunePlan) {
    this.#engine = engine;
    this.#home = home;
    this.#plan = plan;
    this.#toldAt = engine.clock.monotonic();
  }

  get #stopped(): boolean {
    return this.#plan.signal?.aborted === true;
  }

  async go(kind: 'tool' | 'task', olderThanMs: number): Promise<void> {
    const surroundings = new Surroundings(
      this.#engine,
      this.#plan.outerLedgers.filter(({ store }) => store !== this.#home.store).map(({ store }) => engineFor(store)),
    );
    let limit = FIRST_PAGE;
    let after: string | undefined;
    do {
      if (this.#stopped) return;
      const where = { ledger: this.#home.name };
      const page = await this.#engine.client.list({ kind, where, limit, ...(after === undefined ? {} : { after }) });
      const calls = await this.#judge(page.records, { now: page.now, olderThanMs }, surroundings);
      for (const batch of batchesOf(calls)) {
        if (this.#stopped) break;
        await this.#take(batch, kind, { now: page.now, olderThanMs });
      }
      const { clock } = this.#engine;
      if (this.#untold && clock.monotonic() - this.#toldAt >= TELL_EVERY_MS) await this.tell();
      this.#plan.onProgress?.({ kind, examined: this.#examined, pruned: this.#pruned });
      limit = nextLimit(page.records);
      after = page.next;
    } while (after !== undefined);
  }

  /** Those of a page that may go, as far as they and what is around them say. */
  async #judge(records: readonly StoredRecord[], cutoff: Cutoff, surroundings: Surroundings): Promise<Candidate[]> {
    const left: (Candidate & { readonly subject: CallSubject })[] = [];
    for (const stored of records) {
      const seen = decodeCall(stored, this.#engine.description);
      surroundings.note(stored.index?.['run'], seen, cutoff);
      const kept = keptByItself(seen.record, stored, cutoff);
      this.#examined += 1;
      if (kept !== undefined) this.#keep(kept);
      else {
        const { key, revision, writtenAt } = stored;
        left.push({ key, revision, writtenAt, record: without(seen.record, 'result'), subject: subjectOf(seen) });
      }
    }
    const candidates: Candidate[] = [];
    for (const { subject, ...call } of left) {
      const kept = keptBySurroundings(call.record, {
        evidence: undefined,
        outer: await surroundings.outer(subject),
        runGoesOn: await surroundings.runGoesOn(subject.runId, cutoff),
      });
      if (kept === undefined) candidates.push(call);
      else this.#keep(kept);
    }
    return candidates;
  }

  /** Removes calls of one partition with what stands beside them, and writes that it did. */
  async #take(batch: readonly Candidate[], kind: 'tool' | 'task', cutoff: Cutoff): Promise<void> {
    const judged = (await withCompanions(this.#engine, batch)).filter((call) => {
      const kept = keptBySurroundings(call.record, { evidence: call.proof, outer: 'none', runGoesOn: false });
      if (kept !== undefined) this.#keep(kept);
      return kept === undefined;
    });
    for (const together of transactionsOf(judged, MOST_RECORDS - 1)) await this.#takeTogether(together, kind, cutoff);
  }

  async #takeTogether(together: readonly Companied[], kind: 'tool' | 'task', cutoff: Cutoff): Promise<void> {
    let calls = together;
    while (calls.length > 0 && !this.#plan.dryRun) {
      const refusal = await this.#remove(calls, kind, cutoff);
      if (refusal === undefined) break;
      const still = unchanged(calls, refusal.records, refusal.now);
      // What nothing explains is left to the next pruning, and not tried without end.
      const next = still.length === calls.length ? [] : still;
      this.#keep('changed', calls.length - next.length);
      calls = [...next];
    }
    this.#pruned += calls.length;
    for (const { writtenAt } of calls) {
      this.#oldest = Math.min(this.#oldest, writtenAt);
      this.#newest = Math.max(this.#newest, writtenAt);
    }
  }

  /** @returns what stands there instead, when something has moved. */
  async #remove(
    calls: readonly Companied[],
    kind: 'tool' | 'task',
    { now, olderThanMs }: Cutoff,
  ): Promise<{ readonly records: readonly (StoredRecord | undefined)[]; readonly now: number } | undefined> {
    const [first] = calls as readonly [Companied];
    this.#id ??= `${new Date(now).toISOString()} ${randomUUID()}`;
    const pruning = this.#id;
    const key = lineKey(first.key.partition, { pruning, kind });
    const name = `${key.partition} ${key.id}`;
    const standing = this.#lines.get(name);
    const times = calls.map(({ writtenAt }) => writtenAt);
    const line: PrunedLine = {
      format: RECORD_FORMAT,
      pruning,
      kind,
      at: standing?.line.at ?? now,
      olderThanMs,
      count: (standing?.line.count ?? 0) + calls.length,
      oldest: Math.min(standing?.line.oldest ?? Number.POSITIVE_INFINITY, ...times),
      newest: Math.max(standing?.line.newest ?? Number.NEGATIVE_INFINITY, ...times),
      ...(this.#plan.by === undefined ? {} : { by: this.#plan.by }),
    };
    this.#untold = true;
    const answer = await this.#engine.client.transact(
      {
        expect: [...calls.flatMap(expectationsOf), { key, revision: standing?.revision }],
        write: [writeOfLine(key, line, this.#home.name)],
        remove: calls.flatMap(removalsOf),
      },
      this.#engine.nonce(),
    );
    const written = answer.records.at(-1);
    if (!answer.ok || written === undefined) return answer;
    this.#lines.set(name, { revision: written.revision, line });
    return undefined;
  }

  /** Lets every process that remembers results forget them. */
  async tell(): Promise<void> {
    if (!this.#untold) return;
    this.#untold = false;
    this.#toldAt = this.#engine.clock.monotonic();
    // It must come after the change, and the change is made: what fails here is tried until it succeeds.
    await announceForgotten(this.#engine).catch(() => this.#engine.persist(() => announceForgotten(this.#engine)));
  }

  report(): PruneReport {
    const { dryRun, olderThanMs } = this.#plan;
    const range = this.#pruned === 0 ? {} : { oldest: this.#oldest, newest: this.#newest };
    return {
      dryRun,
      complete: !this.#stopped,
      examined: this.#examined,
      pruned: this.#pruned,
      kept: Object.fromEntries(this.#kept),
      olderThanMs,
      ...range,
    };
  }

  #keep(reason: KeptReason, count = 1): void {
    this.#kept.set(reason, (this.#kept.get(reason) ?? 0) + count);
  }
}

/** By partition, for a transaction stays in one, and not too many at once. */
function batchesOf(calls: readonly Candidate[]): Candidate[][] {
  const batches: Candidate[][] = [];
  const open = new Map<number, Candidate[]>();
  for (const call of calls) {
    const { partition } = call.key;
    let batch = open.get(partition);
    if (batch === undefined || batch.length === BATCH) {
      batch = [];
      open.set(partition, batch);
      batches.push(batch);
    }
    batch.push(call);
  }
  return batches;
}

function nextLimit(records: readonly StoredRecord[]): number {
  const characters = records.reduce((sum, { value }) => sum + value.length, 1);
  const fitting = Math.floor((records.length * PAGE_CHARACTERS) / characters);
  return Math.max(SMALLEST_PAGE, Math.min(LARGEST_PAGE, fitting));
}

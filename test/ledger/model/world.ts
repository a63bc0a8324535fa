/**
 * What the explorer's states are made of: one identity in a store, the workers that call it, an operator, and a
 * provider that counts what really happened.
 */

import { evidenceKey, keyOfId } from '../../../src/ledger/identity.js';
import type { Policy } from '../../../src/ledger/policy.js';
import type { View } from '../../../src/ledger/record.js';
import { type CallRecord, type EvidenceRecord, RECORD_FORMAT, type Seen } from '../../../src/ledger/record.js';
import type { RecordedClass } from '../../../src/ledger/transition.js';
import type { LeaseHolder, RecordKey, StoredRecord } from '../../../src/store/contract.js';
import { nextRevision, writtenBy } from '../../../src/store/contract.js';

/** The step of every clock, in milliseconds. */
export const TICK = 30;
export const KEY: RecordKey = keyOfId('tool', '0'.repeat(32), 1);
const PROOF: RecordKey = evidenceKey(KEY);

/** A claim as its worker remembers it. Real times are what no clock of the system under test can change. */
export interface HeldClaim extends LeaseHolder {
  readonly claimedAt: number;
  /** Real time at the sending, by which the worker judges whether its lease can have run out. */
  readonly sentAt: number;
  readonly confirmedAt: number;
  /** Whether the point of no return was passed. */
  readonly crossed: boolean;
  /** How often the identity had been retired. */
  readonly life: number;
  /** For how long after the claim the provider knew the key. */
  readonly windowLeft: number | undefined;
}

/** Where a worker is. A worker that is `dead` never comes back: a restarted process is another worker. */
export type Place =
  | 'idle'
  | 'claiming'
  | 'unanswered'
  | 'claimed'
  | 'running'
  | 'returned'
  | 'superseded'
  | 'turning'
  | 'asking'
  | 'ruling'
  | 'dead';

/** What a provider said when it was asked. */
export type Finding =
  | { readonly outcome: 'committed'; readonly value: string }
  | { readonly outcome: 'not-executed' | 'unknown' };

export interface Worker {
  readonly at: Place;
  /** It has done nothing yet, so it is as good as any other such worker. */
  readonly untouched?: true;
  /** What it judged, until it acts on it. */
  readonly view?: View;
  readonly claim?: HeldClaim;
  /** What its body returned. */
  readonly value?: string;
  /** Whether the caller has its timeout already. */
  readonly timedOut?: true;
  /** The nonce of a claim without an answer. */
  readonly nonce?: string;
  /** How many effects there were when its turn to ask began. */
  readonly effects?: number;
  /** What the provider said. */
  readonly asked?: Finding;
}

/** A claim that was sent and may still arrive. */
export interface Flight {
  readonly nonce: string;
  readonly worker: number;
  readonly view: View;
}

/** Something that really happened at the provider. */
export interface Effect {
  readonly life: number;
  readonly fence: number;
  readonly value: string;
  readonly at: number;
  /** Whether the provider was given a key with it. */
  readonly keyed: boolean;
  /** Its worker no longer held the lease, by the store's clock. */
  readonly late: boolean;
  /** A keyed body that was still running after its deadline met a provider that had forgotten the key. */
  readonly forgotten: boolean;
}

/** What the invariants need to remember of each life of the identity; no rule ever reads it. */
export interface Life {
  /** Accepted "not executed" verdicts, whoever gave them. */
  readonly verdicts: number;
  /** Attempts that the classes of every unsettled attempt allowed to come on top. */
  readonly credits: number;
  /** The strictest class that an unsettled attempt was declared with. */
  readonly strictest?: RecordedClass;
  /** Whether the last attempt threw, and was recorded to have. */
  readonly threw: boolean;
  /** What a caller was given. */
  readonly answered?: string;
  /** What operators gave as the result. */
  readonly told: readonly string[];
}

export interface Budget {
  readonly ticks: number;
  readonly crashes: number;
  readonly lost: number;
  readonly throws: number;
  readonly timeouts: number;
  readonly jumps: number;
  readonly operator: number;
  readonly retires: number;
}

export interface World {
  readonly real: number;
  /** How far the store's clock is ahead of real time. */
  readonly skew: number;
  readonly writes: number;
  readonly call: Seen | undefined;
  readonly proof: View['evidence'];
  readonly workers: readonly Worker[];
  readonly operator?: {
    readonly view: View & { readonly seen: Seen };
    readonly as: 'completed' | 'not-executed';
    readonly value: string;
    readonly forced: boolean;
  };
  readonly flights: readonly Flight[];
  readonly effects: readonly Effect[];
  readonly lives: readonly Life[];
  /** The highest fence any claim got, and whose it is. */
  readonly last: LeaseHolder | undefined;
  readonly budget: Budget;
}

export interface WorkerPlan {
  readonly policy: Policy;
  /** Workers of one process share it. */
  readonly owner: string;
}

export interface Scenario {
  readonly name: string;
  readonly workers: readonly WorkerPlan[];
  readonly budget: Partial<Budget>;
  /** At most this many claims. */
  readonly claims: number;
  /** How long effects stay invisible to whoever asks the provider. */
  readonly providerLag: number;
  /** How long the provider honours a key; bodies of keyed tools give it one. */
  readonly providerKeeps: number;
  /** Whether reconcilers may also fail to say. */
  readonly unsure: boolean;
  /** How far the store's clock moves when it jumps. */
  readonly jumpBy: number;
  /** Whether anything depends on when things happened, beyond leases: reconcilers, key windows. */
  readonly timed: boolean;
  /** The longest lease. */
  readonly longest: number;
}

/** The store's clock. */
export function now(world: World): number {
  return world.real + world.skew;
}

export function look(world: World): View {
  return { seen: world.call, evidence: world.proof, now: now(world) };
}

export const NEW_LIFE: Life = { verdicts: 0, credits: 0, threw: false, told: [] };

export function start(scenario: Scenario): World {
  const budget = {
    ticks: 0,
    crashes: 0,
    lost: 0,
    throws: 0,
    timeouts: 0,
    jumps: 0,
    operator: 0,
    retires: 0,
    ...scenario.budget,
  };
  return {
    real: 10 * TICK,
    skew: 0,
    writes: 0,
    call: undefined,
    proof: undefined,
    workers: scenario.workers.map(() => ({ at: 'idle', untouched: true })),
    flights: [],
    effects: [],
    lives: [NEW_LIFE],
    last: undefined,
    budget,
  };
}

/** Puts a record in place, as a store would: a new revision, the writing time, the lease or none. */
export function put(
  world: World,
  record: CallRecord,
  lease: (LeaseHolder & { readonly ms: number }) | undefined,
  nonce: string = `n${world.writes}`,
): World {
  const at = now(world);
  const stored: StoredRecord = {
    key: KEY,
    revision: nextRevision(world.call?.stored.revision, nonce),
    value: '',
    writtenAt: at,
    ...(lease === undefined ? {} : { lease: { owner: lease.owner, fence: lease.fence, until: at + lease.ms } }),
  };
  return { ...world, writes: world.writes + 1, call: { stored, record, subject: '' } };
}

export function putProof(world: World, successes: EvidenceRecord['successes']): World {
  const revision = nextRevision(world.proof?.stored.revision, `n${world.writes}`);
  const stored: StoredRecord = { key: PROOF, revision, value: '', writtenAt: now(world) };
  return { ...world, writes: world.writes + 1, proof: { stored, record: { format: RECORD_FORMAT, successes } } };
}

export function setWorker(world: World, position: number, worker: Worker): World {
  return { ...world, workers: world.workers.map((one, at) => (at === position ? worker : one)) };
}

export function setLife(world: World, life: number, change: Partial<Life>): World {
  return { ...world, lives: world.lives.map((one, at) => (at === life ? { ...one, ...change } : one)) };
}

export function spend(world: World, what: keyof Budget): World {
  return { ...world, budget: { ...world.budget, [what]: world.budget[what] - 1 } };
}

export function currentLife(world: World): number {
  return world.lives.length - 1;
}

/** Small numbers for equal values, so that the text of a state stays short. */
const numbers = new Map<string, number>();
const numbered = new WeakMap<object, number>();

export function numberOf(value: object): number {
  let number = numbered.get(value);
  if (number === undefined) {
    const text = JSON.stringify(value);
    number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    numbered.set(value, number);
  }
  return number;
}

/** What of a remembered view still matters: one that is stale by now can only fail, and a claim looks at no time in it. */
function viewText(world: World, view: View, timed: boolean): string {
  const same =
    view.seen?.stored.revision === world.call?.stored.revision &&
    view.evidence?.stored.revision === world.proof?.stored.revision;
  if (!same) return 'stale';
  return timed ? `${view.now},${view.seen?.stored.lease?.until ?? ''}` : 'same';
}

function claimText(world: World, worker: Worker, claim: HeldClaim, scenario: Scenario): string {
  const long = world.real - scenario.longest;
  const started = worker.at !== 'unanswered' && worker.at !== 'claimed';
  const sent = started && !scenario.timed ? '' : Math.max(claim.sentAt, long);
  const confirmed = claim.crossed ? '' : Math.max(claim.confirmedAt, long);
  const left = started ? '' : claim.windowLeft;
  return `${claim.fence},${scenario.timed ? claim.claimedAt : ''},${left},${sent},${confirmed},${claim.crossed ? 1 : 0}${claim.life}`;
}

/** One text per state that can behave differently: revisions and times count only as far as something depends on them. */
export function fingerprintOf(world: World, scenario: Scenario): string {
  const { call, proof, operator } = world;
  const { timed } = scenario;
  let text = `${world.real} ${world.skew}|`;
  if (call !== undefined) {
    const { lease, writtenAt } = call.stored;
    const until = lease === undefined || timed ? lease?.until : Math.max(lease.until, now(world));
    text += `${numberOf(call.record)},${timed ? writtenAt : ''},${lease?.owner},${lease?.fence},${until}`;
  }
  if (proof !== undefined) text += `|${numberOf(proof.record)}`;
  for (const worker of world.workers) {
    text += `|${worker.at}${worker.untouched === true ? '0' : ''}`;
    if (worker.view !== undefined)
      text += viewText(world, worker.view, worker.at !== 'claiming' && worker.at !== 'unanswered');
    if (worker.claim !== undefined) text += claimText(world, worker, worker.claim, scenario);
    if (worker.value !== undefined) text += worker.value;
    if (worker.timedOut === true) text += '!';
    if (worker.nonce !== undefined) text += writtenBy(call?.stored, worker.nonce) ? 'landed' : 'lost';
    if (worker.effects !== undefined) text += `${worker.effects}e`;
    if (worker.asked !== undefined)
      text += `${worker.asked.outcome}${'value' in worker.asked ? worker.asked.value : ''}`;
  }
  if (operator !== undefined) text += `|${operator.as}${operator.forced}${viewText(world, operator.view, false)}`;
  for (const flight of world.flights) text += `>${flight.worker}${viewText(world, flight.view, false)}`;
  return `${text}|${numberOf(world.effects)},${numberOf(world.lives)},${numberOf(world.budget)},${world.last?.fence ?? 0}`;
}

/**
 * Judges a run by what was seen of it from outside: pure, so that histories made by hand can be judged, too.
 * Nothing here believes the library; it only reads what callers were told and what the provider's book says.
 */
import { flattened, type Job } from './order.js';
import { judgeRequests, resultOf, textOf } from './provider.js';
import { TASK, toolKind } from './tool-kinds.js';
import type { Answered, Event, Failed, Requested } from './witness.js';

/** What is judged. */
export interface History {
  /** What the run dispatched. */
  readonly jobs: readonly Job[];
  /** In the order in which they were seen. */
  readonly events: readonly Event[];
  /** No worker was lost or stopped, so a claim that nobody used was lost on the way. */
  readonly everyoneLives: boolean;
}

/** What broken promises are counted as. */
export type Counter =
  | 'duplicates'
  | 'lost'
  | 'wrong_replays'
  | 'stuck_without_remedy'
  | 'unproven'
  | 'unexpected_errors';

/** One broken promise. */
export interface Finding {
  readonly counter: Counter;
  readonly key: string;
  readonly what: string;
}

/** The counters of a run. */
export interface Verdict {
  readonly findings: readonly Finding[];
  readonly bodies: number;
  readonly answered: number;
  readonly blocked: number;
  /** Blocked calls of which the book shows that nothing had happened: the price of the promise. */
  readonly falseBlocks: number;
  /** Requests of lost attempts that came after a verdict, and were refused by a provider that had been told. */
  readonly lateArrivals: number;
  /** Receipts that were held against the records. */
  readonly receipts: number;
}

/** Judges one run. */
export function check(history: History): Verdict {
  const all = flattened(history.jobs);
  const jobs = new Map(all.map((job) => [job.key, job]));
  const dispatched = new Set(history.jobs);
  const byKey = new Map<string, Event[]>(all.map(({ key }) => [key, []]));
  for (const event of history.events) if ('key' in event) byKey.get(event.key)?.push(event);
  const effects = acceptedByKey(history.events);
  const recovering = history.events.findIndex((event) => event.type === 'recovering');
  const late = new Set(history.events.slice(recovering));

  const findings: Finding[] = [];
  for (const [key, events] of byKey) {
    const job = jobs.get(key);
    if (job === undefined) continue;
    const view: View = {
      job,
      dispatched: dispatched.has(job),
      events,
      effects: effects.get(key) ?? [],
      late,
      everyoneLives: history.everyoneLives,
    };
    const report = (counter: Counter, what: string): void => void findings.push({ counter, key, what });
    duplicates(view, report);
    lost(view, report);
    wrongReplays(view, report);
    stuck(view, report);
    unproven(view, report);
    unexpected(view, report);
  }
  const blocked = history.events.filter(isBlocked);
  const outcomes = [...judgeRequests(history.events).values()];
  return {
    findings,
    bodies: history.events.filter(({ type }) => type === 'body').length,
    answered: history.events.filter(({ type }) => type === 'answered').length,
    blocked: blocked.length,
    falseBlocks: blocked.filter((event) => nothingHappened(event, history.events, jobs)).length,
    lateArrivals: outcomes.filter(({ outcome }) => outcome === 'refused').length,
    receipts: history.events.reduce((sum, event) => sum + (event.type === 'audited' ? event.receipts : 0), 0),
  };
}

interface View {
  readonly job: Job;
  /** False for a step of a task, which nobody calls again once its task is recorded. */
  readonly dispatched: boolean;
  /** Those of this key. */
  readonly events: readonly Event[];
  readonly effects: readonly Requested[];
  /** What was seen during recovery. */
  readonly late: ReadonlySet<Event>;
  readonly everyoneLives: boolean;
}

type Report = (counter: Counter, what: string) => void;

function acceptedByKey(events: readonly Event[]): Map<string, Requested[]> {
  const effects = new Map<string, Requested[]>();
  for (const [request, { outcome }] of judgeRequests(events)) {
    if (outcome !== 'accepted') continue;
    const those = effects.get(request.key) ?? [];
    effects.set(request.key, [...those, request]);
  }
  return effects;
}

function isBlocked(event: Event): event is Failed {
  return event.type === 'failed' && event.ending === 'blocked';
}

/** How many effects are right. A verdict or release of "not executed" adds none: it says that there was none. */
function allowedEffects({ job, events }: View): number {
  if (job.tool === TASK) return 0;
  const { effect } = toolKind(job.tool);
  if (effect === 'read' || effect === 'idempotent_mutate') return Number.POSITIVE_INFINITY;
  if (effect !== undefined) return 1;
  // What nobody classified may run again after it threw, whatever it had done by then.
  return 1 + events.filter((event) => event.type === 'threw' && event.after).length;
}

function duplicates(view: View, report: Report): void {
  const { effects } = view;
  const allowed = allowedEffects(view);
  for (const effect of effects.slice(Math.min(allowed, effects.length))) {
    report('duplicates', `effect ${effect.receipt} of ${effect.worker} is one too many: ${allowed} allowed`);
  }
}

function answersOf({ events }: View): Answered[] {
  return events.filter((event) => event.type === 'answered');
}

/** What was acknowledged must be found by every later call; and what was claimed by the living is not forgotten. */
function lost(view: View, report: Report): void {
  const { job, events, late } = view;
  const [first] = answersOf(view);
  if (first !== undefined) {
    const after = events.slice(events.indexOf(first) + 1);
    const invokedAfter = new Set(after.flatMap((event) => (event.type === 'invoked' ? [event.call] : [])));
    const again = after.find((event) => event.type === 'body' && invokedAfter.has(event.call));
    if (again !== undefined)
      report('lost', `its body ran again for a call made after it had been answered to ${first.call}`);
    const record = events.find((event) => event.type === 'recorded');
    if (record === undefined) report('lost', `answered to ${first.call}, but its record is gone`);
    else if (record.phase !== 'committed')
      report('lost', `answered to ${first.call}, but its record is ${record.phase}`);
    if (job.tool !== TASK && !events.some((event) => event.type === 'requested'))
      report('lost', `answered to ${first.call} without any effect`);
    if (view.dispatched && !answersOf(view).some((answer) => late.has(answer)))
      report('lost', `answered to ${first.call}, and to nobody afterwards`);
  }
  if (view.everyoneLives && job.tool !== TASK) {
    const block = events.find(isBlocked);
    const claimedInVain =
      block !== undefined && !events.slice(0, events.indexOf(block)).some((event) => event.type === 'body');
    if (claimedInVain)
      report('lost', 'blocked before any body had begun, although no worker was lost: a claim was lost on the way');
  }
}

function wrongReplays(view: View, report: Report): void {
  const { job, effects, events } = view;
  const [first, ...others] = answersOf(view);
  if (first === undefined) return;
  for (const other of others) {
    if (other.value !== first.value)
      report('wrong_replays', `${first.call} was given ${first.value}, and ${other.call} ${other.value}`);
  }
  if (job.tool === TASK || !events.some((event) => event.type === 'requested')) return;
  if (!effects.some((effect) => textOf(resultOf(effect, job.padding)) === first.value)) {
    report('wrong_replays', `${first.call} was given ${first.value}, and the provider's book has no such effect`);
  }
}

function stuck({ dispatched, events, late }: View, report: Report): void {
  for (const event of events) {
    if (event.type === 'hung') report('stuck_without_remedy', `${event.call} of ${event.worker} was never answered`);
  }
  if (!dispatched || events.some((event) => event.type === 'answered' && late.has(event))) return;
  const last = events.findLast((event) => event.type === 'failed');
  const why = last === undefined ? 'nothing was heard of it' : `its last error is ${last.code}: ${last.message}`;
  report('stuck_without_remedy', `recovery did not bring it to an answer; ${why}`);
}

function unproven({ events }: View, report: Report): void {
  for (const event of events) if (event.type === 'unproven') report('unproven', event.what);
}

function unexpected({ events }: View, report: Report): void {
  for (const event of events) {
    if (event.type === 'failed' && event.ending === 'unexpected') {
      report('unexpected_errors', `${event.call} of ${event.worker} ended with ${event.code}: ${event.message}`);
    }
  }
}

/** A blocked task is blocked by what is inside it. */
function nothingHappened(block: Failed, events: readonly Event[], jobs: ReadonlyMap<string, Job>): boolean {
  const keys = new Set(keysWithin(jobs.get(block.key)));
  const before = events.slice(0, events.indexOf(block));
  return ![...judgeRequests(before)].some(([request, { outcome }]) => keys.has(request.key) && outcome === 'accepted');
}

function keysWithin(job: Job | undefined): string[] {
  if (job === undefined) return [];
  return [job.key, ...(job.steps ?? []).flatMap(keysWithin)];
}

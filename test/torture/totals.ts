/** Adds up the verdicts of all runs, and says whether the harness has anything to be proud of. */
import { type Counter, check, type Finding } from './checker.js';
import type { Break } from './order.js';
import { enoughRuns, expectedFaults } from './plan.js';
import type { RunPlan, StoreKind } from './run-plan.js';
import type { RunRecord } from './run-record.js';

/** A finding and where it was made. */
export interface LocatedFinding extends Finding {
  readonly run: string;
  readonly scenario: string;
}

/** What `--json` prints. */
export interface Report {
  readonly store: StoreKind;
  readonly seed: number;
  readonly runs: number;
  readonly kills: number;
  readonly bodies: number;
  readonly duplicates: number;
  readonly lost: number;
  readonly wrong_replays: number;
  readonly stuck_without_remedy: number;
  /** Receipts without their record, and records without the receipt that they owe. */
  readonly unproven: number;
  readonly receipts: number;
  readonly false_blocks: number;
  readonly blocked_calls: number;
  readonly ok_calls: number;
  readonly unexpected_errors: number;
  /** Requests of lost attempts that a provider refused because a reconciler had told it to. */
  readonly late_arrivals_refused: number;
  /**
   * Redis: duplicates after failovers of which nobody waited for a replica. They are what `durability` is there
   * against; these runs are controls, and count for nothing else here but `runs`, `kills` and `fired`.
   */
  readonly failover_without_durability?: number;
  /** How often each fault struck. */
  readonly fired: Readonly<Record<string, number>>;
  /** Faults that cannot be made on this machine, with the reason. */
  readonly not_run: readonly string[];
  /** Why the result proves less than it should; empty when all is well. */
  readonly not_shown: readonly string[];
  readonly seconds: number;
  readonly broken?: Break;
  readonly found?: boolean;
  /** The first few broken promises, for people. */
  readonly findings: readonly LocatedFinding[];
}

const FINDINGS_SHOWN = 20;

/** Collects runs. */
export class Totals {
  readonly findings: LocatedFinding[] = [];
  readonly #store: StoreKind;
  readonly #seed: number;
  readonly #broken: Break | undefined;
  readonly #counts = {
    runs: 0,
    kills: 0,
    bodies: 0,
    answered: 0,
    blocked: 0,
    falseBlocks: 0,
    lateArrivals: 0,
    receipts: 0,
  };
  readonly #fired = new Map<string, number>();
  #controlDuplicates = 0;

  constructor(store: StoreKind, seed: number, broken: Break | undefined) {
    this.#store = store;
    this.#seed = seed;
    this.#broken = broken;
  }

  /** @returns what was found in this run; nothing for a control. */
  add(plan: RunPlan, { events, kills }: RunRecord): readonly LocatedFinding[] {
    const verdict = check({ jobs: plan.jobs, events, everyoneLives: plan.everyoneLives });
    const counts = this.#counts;
    counts.runs += 1;
    counts.kills += kills;
    for (const event of events) {
      if (event.type === 'struck') this.#fired.set(event.fault, (this.#fired.get(event.fault) ?? 0) + 1);
    }
    if (this.#broken === undefined && plan.broken !== undefined) {
      this.#controlDuplicates += verdict.findings.filter(({ counter }) => counter === 'duplicates').length;
      return [];
    }
    counts.bodies += verdict.bodies;
    counts.answered += verdict.answered;
    counts.blocked += verdict.blocked;
    counts.falseBlocks += verdict.falseBlocks;
    counts.lateArrivals += verdict.lateArrivals;
    counts.receipts += verdict.receipts;
    const found = verdict.findings.map((finding) => ({ run: plan.name, scenario: plan.scenario, ...finding }));
    this.findings.push(...found);
    return found;
  }

  count(counter: Counter): number {
    return this.findings.filter((finding) => finding.counter === counter).length;
  }

  /** Whether the missing protection has shown. */
  get found(): boolean {
    return this.count('duplicates') + this.count('lost') > 0;
  }

  /** @param notRun - faults that this machine cannot make: name and reason. */
  report(seconds: number, notRun: ReadonlyMap<string, string>): Report {
    const counts = this.#counts;
    return {
      store: this.#store,
      seed: this.#seed,
      runs: counts.runs,
      kills: counts.kills,
      bodies: counts.bodies,
      duplicates: this.count('duplicates'),
      lost: this.count('lost'),
      wrong_replays: this.count('wrong_replays'),
      stuck_without_remedy: this.count('stuck_without_remedy'),
      unproven: this.count('unproven'),
      receipts: counts.receipts,
      false_blocks: counts.falseBlocks,
      blocked_calls: counts.blocked,
      ok_calls: counts.answered,
      unexpected_errors: this.count('unexpected_errors'),
      late_arrivals_refused: counts.lateArrivals,
      ...(this.#store === 'redis' && this.#broken === undefined
        ? { failover_without_durability: this.#controlDuplicates }
        : {}),
      fired: Object.fromEntries([...this.#fired].sort(([one], [other]) => (one < other ? -1 : 1))),
      not_run: [...notRun].map(([fault, reason]) => `${fault}: ${reason}`),
      not_shown: this.#notShown(notRun),
      seconds: Math.round(seconds * 10) / 10,
      ...(this.#broken === undefined ? {} : { broken: this.#broken, found: this.found }),
      findings: this.findings.slice(0, FINDINGS_SHOWN),
    };
  }

  /** A harness in which nothing happens finds nothing. */
  #notShown(notRun: ReadonlyMap<string, string>): string[] {
    if (this.#broken !== undefined)
      return this.found ? [] : [`the harness is blind: without ${this.#broken} it found neither duplicates nor losses`];
    const missing: string[] = [];
    if (this.#counts.answered === 0) missing.push('no call was answered');
    if (this.#counts.receipts === 0) missing.push('no receipt was issued');
    if (this.#counts.runs < enoughRuns(this.#store)) return missing;
    if (this.#counts.kills === 0) missing.push('no worker was killed');
    if (this.#store === 'redis' && this.#controlDuplicates === 0)
      missing.push('a failover that nobody waited for showed no duplicate: the control is blind');
    for (const fault of expectedFaults(this.#store)) {
      if (!this.#fired.has(fault) && !notRun.has(fault)) missing.push(`never struck: ${fault}`);
    }
    return missing;
  }
}

/** 0 when all promises were kept, or, with a protection switched off, when that was noticed. */
export function exitCodeOf(report: Report): 0 | 1 {
  if (report.broken !== undefined) return report.found === true ? 0 : 1;
  const broken =
    report.duplicates +
    report.lost +
    report.wrong_replays +
    report.stuck_without_remedy +
    report.unproven +
    report.unexpected_errors;
  return broken === 0 && report.not_shown.length === 0 ? 0 : 1;
}

import type { ConfigIssue } from '../../errors/usage.js';
import type { RecordedClass } from '../../ledger/transition.js';
import type { GuardConfig } from '../loader/config.js';
import { isWrite } from '../loader/protect-rules.js';
import { table } from '../table.js';

/** A tool or task and what guards it. */
export interface GuardedReport {
  /** The durable name. */
  readonly name: string;
  readonly kind: 'tool' | 'task';
  /** What it does; absent when it is not recorded, as are the next two. */
  readonly effect?: RecordedClass;
  /** What makes two calls the same call. */
  readonly identity?: string;
  /** Where it is recorded. */
  readonly store?: string;
  /** What of its calls is checked before they run, or before their result is given: `arguments`, `paths`, `result`, …; `invalidates`: it outdates reads. */
  readonly checks: readonly string[];
  /** What of its protection is code, e.g. `reconcile`. */
  readonly code: readonly string[];
}

/** What is guarded, and what is not. Printed, it is a table. */
export interface Report {
  /** Configured, and applied to a function. */
  readonly guarded: readonly GuardedReport[];
  /** Functions that were seen and passed through as they are. */
  readonly unguarded: readonly string[];
  /** Configured, and not applied to any function so far. */
  readonly missing: readonly string[];
  /** What the file leaves open, and what is probably not meant in the tools. */
  readonly warnings: readonly ConfigIssue[];
  toString(): string;
}

/** What of a call is checked, in a word each; `age`: of what is remembered; `invalidates`: it outdates what others read. */
export function checksOf({ bounded: data = {}, protect }: GuardConfig): readonly string[] {
  const checks = {
    arguments: data.schema,
    paths: data.allowed_paths,
    hosts: data.allowed_hosts,
    entities: data.entity_pattern,
    result: data.output_schema,
    ...(protect === undefined ? {} : { [isWrite(protect) ? 'invalidates' : 'age']: protect }),
  };
  return Object.entries(checks).flatMap(([name, said]) => (said === undefined ? [] : [name]));
}

const inspect = Symbol.for('nodejs.util.inspect.custom');

export function makeReport(facts: Omit<Report, 'toString'>): Report {
  const shown = (): string => text(facts);
  const report = { ...facts };
  // Not among its members, so that as JSON it is the facts and nothing else.
  for (const name of ['toString', inspect]) Object.defineProperty(report, name, { value: shown });
  return report;
}

function text({ guarded, unguarded, missing, warnings }: Omit<Report, 'toString'>): string {
  const stores = [...new Set(guarded.flatMap(({ store }) => store ?? []))];
  const checked = guarded.some(({ checks }) => checks.length > 0);
  const rows = guarded.map(({ name, kind, effect, identity, store, checks, code }) => [
    name,
    kind === 'task' ? 'task' : (effect ?? 'not recorded'),
    identity ?? '',
    ...(checked ? [checks.join(', ')] : []),
    code.join(', '),
    stores.length > 1 ? (store ?? '') : '',
  ]);
  const heads = ['GUARDED', 'EFFECT', 'IDENTITY', ...(checked ? ['CHECKED'] : []), 'CODE', 'STORE'];
  return [
    guarded.length === 0 ? 'Nothing is guarded.' : table(heads, rows),
    ...(stores.length === 1 ? [`Recorded in ${stores[0]}`] : []),
    ...(unguarded.length === 0 ? [] : [`Passed through unguarded: ${unguarded.join(', ')}`]),
    ...(missing.length === 0 ? [] : [`In the file, and applied to no function so far: ${missing.join(', ')}`]),
    ...warnings.map(({ id, problem, remedy }) => `Warning ${id}: ${problem}. ${remedy}`),
  ].join('\n');
}

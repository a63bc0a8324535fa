import { parseDuration } from '../encoding/duration.js';
import { UsageError } from '../errors/usage.js';
import type { ToolInfo } from '../tool/guard.js';
import type { DeferredHome, LedgerHome } from '../tool/home.js';
import type { Selected } from './identity.js';
import type { LedgerOptions } from './options.js';
import type { ResolvedForm } from './stored-form.js';
import type { EffectClass, RecordedClass } from './transition.js';
import type { Reconciler } from './verdicts.js';

/** Options, checked and with their defaults: nothing downstream reads what the user passed. */
export interface Policy {
  readonly kind: 'tool' | 'task';
  readonly tool: string;
  /** True when the name is `fn.name`, which a minifier changes. */
  readonly developmentName: boolean;
  readonly effect: RecordedClass;
  readonly boundary: 'implicit' | 'explicit';
  readonly leaseMs: number;
  readonly waitForMs: number;
  readonly timeoutMs: number | undefined;
  readonly keyValidForMs: number | undefined;
  readonly settleAfterMs: number;
  readonly replayForMs: number | undefined;
  readonly maxAttempts: number;
  readonly suspends: boolean;
  readonly ambient: boolean;
  readonly notExecuted: ((error: unknown) => boolean) | undefined;
  readonly reconcile: Reconciler<unknown> | undefined;
  readonly select: ((input: unknown) => Selected) | undefined;
  readonly fingerprintOf: ((input: unknown) => unknown) | undefined;
  readonly omit: readonly string[] | undefined;
  readonly form: ResolvedForm;
  readonly receipt: boolean;
  readonly ledger: LedgerHome | DeferredHome | undefined;
}

const KNOWN: Readonly<Record<keyof LedgerOptions, true>> = {
  name: true,
  idFrom: true,
  lease: true,
  waitFor: true,
  timeout: true,
  maxAttempts: true,
  fingerprint: true,
  store: true,
  notExecuted: true,
  suspends: true,
  ledger: true,
  effect: true,
  keyValidFor: true,
  boundary: true,
  reconcile: true,
  settleAfter: true,
  replayFor: true,
  ambient: true,
  receipt: true,
};
const CLASSES: Readonly<Record<EffectClass, true>> = {
  read: true,
  idempotent_mutate: true,
  keyed_mutate: true,
  non_idempotent_mutate: true,
  irreversible: true,
};

/** Everything in full, in the open. */
export const DEFAULT_FORM: ResolvedForm = {
  input: 'full',
  result: 'full',
  redact: [],
  encryption: undefined,
  maxResultLength: 4 * 1024 * 1024,
};

const TASK_ONLY_REFUSES: readonly (keyof LedgerOptions)[] = [
  'keyValidFor',
  'boundary',
  'reconcile',
  'settleAfter',
  'replayFor',
  'ambient',
];

/** What is wrong with one option. */
export interface OptionProblem {
  readonly option: string;
  readonly problem: string;
  readonly remedy: string;
}

function refuse(place: string, problem: string, remedy: string): never {
  throw new UsageError({ place, problem, remedy });
}

const DURATIONS = ['lease', 'replayFor', 'waitFor', 'timeout', 'keyValidFor', 'settleAfter'] as const;

/** What must not be nothing, and what holds without it. */
const NO_TIME = {
  replayFor: 'reads are then remembered for their run only',
  keyValidFor: 'the tool then never runs again on the strength of its key',
  timeout: 'the body may then take as long as it takes',
} as const;

function duration(options: LedgerOptions, key: (typeof DURATIONS)[number], kind: string): number | undefined {
  const value = options[key];
  return value === undefined ? undefined : parseDuration(value, `${kind}({ ${key} })`);
}

/** Checks what can be checked when the guard is made, long before the first call. @throws UsageError */
export function checkOptions(options: LedgerOptions, kind: 'ledger' | 'taskLedger'): void {
  for (const key of DURATIONS) duration(options, key, kind);
  const [first] = problemsOf(options, kind);
  if (first !== undefined) refuse(`${kind}({ ${first.option} })`, first.problem, first.remedy);
}

/** Everything that makes no sense in options whose durations can be read. */
export function problemsOf(options: LedgerOptions, kind: 'ledger' | 'taskLedger'): OptionProblem[] {
  const problems: OptionProblem[] = [];
  const found = (option: string, problem: string, remedy: string): void => {
    problems.push({ option, problem, remedy });
  };
  const refused: readonly string[] = kind === 'taskLedger' ? TASK_ONLY_REFUSES : [];
  const known = Object.keys(KNOWN).filter((key) => !refused.includes(key));
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) found(key, 'is no option', `Options are ${known.join(', ')}.`);
  }
  const { name, effect, maxAttempts, boundary, idFrom } = options;
  if (name !== undefined && (typeof name !== 'string' || name.trim() === ''))
    found('name', 'is blank', 'Name the tool, e.g. "send_payment".');
  const classes = Object.keys(CLASSES);
  if (effect !== undefined && !classes.includes(effect))
    found('effect', `${JSON.stringify(effect)} is no effect class`, `Classes are ${classes.join(', ')}.`);
  if (boundary !== undefined && boundary !== 'implicit' && boundary !== 'explicit')
    found('boundary', `${JSON.stringify(boundary)} is no boundary`, 'It is "implicit" or "explicit".');
  if (maxAttempts !== undefined && (!Number.isSafeInteger(maxAttempts) || maxAttempts < 1))
    found('maxAttempts', `is ${String(maxAttempts)}`, 'Give a whole number from 1.');
  if (
    Array.isArray(idFrom) &&
    (idFrom.length === 0 || idFrom.some((field) => typeof field !== 'string' || field === ''))
  ) {
    found(
      'idFrom',
      'does not name fields',
      'List the members of the input that make a call the same call, or give a function of the input.',
    );
  }
  if (options.replayFor !== undefined && effect !== 'read')
    found(
      'replayFor',
      'is for read tools',
      'Declare effect: "read"; the result of anything else is kept with its identity.',
    );
  if (options.receipt !== undefined && typeof options.receipt !== 'boolean')
    found('receipt', `is ${JSON.stringify(options.receipt)}`, 'It is true or false.');
  for (const [key, without] of Object.entries(NO_TIME) as [keyof typeof NO_TIME, string][]) {
    if (duration(options, key, kind) === 0) found(key, 'is no time at all', `Leave it out: ${without}.`);
  }
  const lease = duration(options, 'lease', kind);
  if (lease !== undefined && lease < 30)
    found('lease', `${lease} ms is too short to renew`, 'Use at least 30 ms; 30 seconds is the default.');
  return problems;
}

/** Whose name it is: options, decorator or sibling guard, and only then the function's own. @throws UsageError */
/** The tool as far as it is known before there are guards around it. */
type NamedTool = Omit<ToolInfo, 'effect'>;

function nameOf(info: NamedTool, kind: string): { tool: string; developmentName: boolean } {
  if (info.name !== undefined) return { tool: info.name, developmentName: false };
  if (info.developmentName !== undefined) return { tool: info.developmentName, developmentName: true };
  return refuse(
    kind,
    'has no name for the tool, and its records would find nobody again',
    `Give one: ${kind}({ name: "send_payment", … }).`,
  );
}

/** A selector that can name the fields it reads, for messages. It gives one value for each. */
export interface NamedSelector {
  (...input: readonly unknown[]): readonly unknown[];
  readonly fields?: readonly string[];
}

function selector(idFrom: LedgerOptions['idFrom'], info: NamedTool, kind: string): Policy['select'] {
  if (idFrom === undefined) return undefined;
  const fields = (idFrom as NamedSelector).fields ?? [];
  if (info.positional && (fields.length > 0 || typeof idFrom !== 'function'))
    refuse(`${kind}({ idFrom })`, 'names fields, and a positional tool has none', 'Use a function of its arguments.');
  if (typeof idFrom === 'function') {
    return (input) => {
      const value: unknown = info.positional ? idFrom(...(input as unknown[])) : idFrom(input);
      return { fields, values: Array.isArray(value) ? value : [value] };
    };
  }
  return (input) => ({
    fields: idFrom,
    values: idFrom.map((field) =>
      typeof input === 'object' && input !== null ? (input as Record<string, unknown>)[field] : undefined,
    ),
  });
}

/** Resolves options for one tool. @throws UsageError */
export function resolvePolicy(options: LedgerOptions, kind: 'ledger' | 'taskLedger', info: NamedTool): Policy {
  const leaseMs = duration(options, 'lease', kind) ?? 30_000;
  const { fingerprint, store } = options;
  const selectsFingerprint = typeof fingerprint === 'function';
  return Object.freeze({
    ...nameOf(info, kind),
    kind: kind === 'ledger' ? ('tool' as const) : ('task' as const),
    effect: options.effect ?? (kind === 'ledger' ? 'unclassified' : 'idempotent_mutate'),
    boundary: options.boundary ?? 'implicit',
    leaseMs,
    waitForMs: duration(options, 'waitFor', kind) ?? 30_000,
    timeoutMs: duration(options, 'timeout', kind),
    keyValidForMs: duration(options, 'keyValidFor', kind),
    settleAfterMs: duration(options, 'settleAfter', kind) ?? leaseMs,
    replayForMs: duration(options, 'replayFor', kind),
    maxAttempts: options.maxAttempts ?? Number.POSITIVE_INFINITY,
    suspends: options.suspends ?? false,
    ambient: kind === 'taskLedger' || options.ambient === true,
    receipt: options.receipt ?? true,
    notExecuted: options.notExecuted,
    reconcile: options.reconcile,
    select: selector(options.idFrom, info, kind),
    fingerprintOf: selectsFingerprint
      ? (input: unknown) => (info.positional ? fingerprint(...(input as unknown[])) : fingerprint(input))
      : undefined,
    omit: selectsFingerprint ? undefined : fingerprint?.omit,
    form: { ...DEFAULT_FORM, ...store },
    ledger: options.ledger,
  });
}

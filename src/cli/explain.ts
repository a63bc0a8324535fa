import { type GuardConfig, OPTION_OF } from '../config/loader/config.js';
import { spelt } from '../config/loader/names.js';
import type { Origin } from '../config/loader/origin.js';
import { DEFAULT_TTL_MS, isWrite } from '../config/loader/protect-rules.js';
import type { ReadConfig } from '../config/loader/read-config.js';
import { SECTIONS } from '../config/loader/schema.js';
import { locationText, PLACE_KEYS } from '../config/loader/storage.js';
import { columns } from '../config/table.js';
import { exactly } from '../encoding/duration.js';
import { nearest } from '../encoding/nearest.js';
import type { LedgerOptions } from '../ledger/options.js';
import { type Policy, resolvePolicy } from '../ledger/policy.js';
import { type CommonOptions, isCalled, requireFile, usableConfig } from './configuration.js';
import { CommandError, EXIT, type ExitCode } from './exit.js';
import { type Sections, sectionsOf } from './explain-sections.js';
import type { Value } from './explain-value.js';
import type { Terminal } from './terminal.js';

interface Explanation {
  readonly name: string;
  readonly kind: 'tool' | 'task';
  readonly at: string;
  /** Nothing guards it, and the file says so outright. */
  readonly waived?: boolean;
  /** Outermost first. */
  readonly guards: readonly {
    readonly guard: 'bounded' | 'protect' | 'ledger' | 'taskLedger';
    readonly from: string;
    readonly values: readonly Value[];
  }[];
  readonly afterALostWorker?: string;
}

/** `mycelium explain`: what guards a tool, in order, with every value in force and where it comes from. */
export function explain(name: string | undefined, options: CommonOptions, terminal: Terminal): ExitCode {
  const read = requireFile(usableConfig(options));
  const { guards } = read.config;
  const chosen = name === undefined ? guards : guards.filter((guard) => isCalled(guard, name));
  if (name !== undefined && chosen.length === 0) {
    const near = nearest(
      name,
      guards.map((guard) => guard.name),
    );
    const there = guards.map((guard) => guard.name).join(', ');
    throw new CommandError(
      EXIT.notFound,
      `${read.source.name} has no tool or task ${name}`,
      near === undefined ? `There are ${there === '' ? 'none' : there}.` : `Did you mean ${near}?`,
    );
  }
  const explanations = chosen.map((guard) => explanation(guard, read));
  // What holds for all of them is said once, and not beside one that was asked for.
  const sections = name === undefined ? sectionsOf(read.config, (origin) => originText(origin, read.source.name)) : {};
  if (options.json === true)
    terminal.out(JSON.stringify({ file: read.source.name, tools: explanations, ...sections }, null, 2));
  else
    terminal.out(
      [
        ...(explanations.length === 0 ? [`${read.source.name} names no tool.`] : []),
        ...explanations.map((one) => text(one, terminal)),
        ...sectionTexts(sections, terminal),
      ].join('\n\n'),
    );
  return EXIT.done;
}

function explanation(guard: GuardConfig, read: ReadConfig): Explanation {
  const { name, kind, ledger } = guard;
  const from = (origin: Origin): string => originText(origin, read.source.name);
  const at = guard.at === undefined ? read.source.name : from({ ...read.source.place(guard.at), variables: [] });
  const around = checks(guard, read);
  if (ledger === undefined)
    return { name, kind, at, ...(around.length === 0 ? { waived: guard.waived } : {}), guards: around };
  const wrapper = kind === 'tool' ? 'ledger' : 'taskLedger';
  const policy = resolvePolicy(ledger.options as LedgerOptions, wrapper, {
    name,
    developmentName: undefined,
    positional: false,
  });
  const values = Object.keys(OPTION_OF)
    .filter((key) => SECTIONS[`${kind}s.*`]?.includes(key) === true)
    // What is for some classes only has no effect without a word.
    .filter((key) => guard.origin(key) !== 'default' || (key !== 'key_valid_for' && key !== 'replay_for'))
    .filter((key) => key !== 'audit_receipt')
    .map((key) => ({ key, value: inForce(key, policy, guard), from: from(guard.origin(key)) }));
  const place = PLACE_KEYS.map((key) => guard.origin(key)).find((origin) => origin !== 'default') ?? 'default';
  const store = { key: 'recorded in', value: locationText(ledger.location), from: from(place) };
  const kept = read.config.retention[kind];
  const retention =
    kept === undefined ? [] : [{ key: 'retention', value: exactly(kept), from: from(guard.origin('retention')) }];
  const strict = { key: 'strict', value: String(read.config.strict), from: from(guard.origin('strict')) };
  return {
    name,
    kind,
    at,
    guards: [
      ...around,
      {
        guard: wrapper,
        from: from(guard.origin('ledger')),
        values: [...values, ...receipts(guard, policy, read), strict, store, ...retention],
      },
    ],
    afterALostWorker: afterALostWorker(policy),
  };
}

/** What stands outside of the ledger, outermost first, with what the file says of it. */
function checks(guard: GuardConfig, { source }: ReadConfig): Explanation['guards'] {
  return (['bounded', 'protect'] as const).flatMap((kind) => {
    const said = guard[kind];
    if (said === undefined) return [];
    const from = (key?: string): string => {
      const written = guard.written([...guard.path, kind, ...(key === undefined ? [] : [key])]);
      const range = written?.key ?? written?.value;
      return range === undefined ? 'default' : originText({ ...source.place(range), variables: [] }, source.name);
    };
    const values = Object.entries(said).flatMap(([key, value]) =>
      value === undefined ? [] : [{ key, value: saidText(key, value), from: from(key) }],
    );
    // Who says nothing of it should see how old a result may be.
    const { protect } = guard;
    const silent = kind === 'protect' && protect !== undefined && !isWrite(protect) && protect.ttl === undefined;
    const ttl = silent ? [{ key: 'ttl', value: exactly(DEFAULT_TTL_MS), from: 'default' }] : [];
    return [{ guard: kind, from: from(), values: [...values, ...ttl] }];
  });
}

function saidText(key: string, value: unknown): string {
  if (Array.isArray(value)) return value.join(', ') || 'none';
  if (typeof value === 'object' && value !== null) return Object.keys(value).join(', ') || 'no fields';
  return key === 'ttl' || key === 'negative_ttl' ? exactly(value as number) : String(value);
}

/** Who signs what becomes of its calls. Nothing where nobody signs anything. */
function receipts(guard: GuardConfig, policy: Policy, { config, source }: ReadConfig): readonly Value[] {
  const { audit } = config;
  if (audit === undefined) return [];
  const said = guard.origin('audit_receipt');
  const from = said !== 'default' ? said : audit.origin(policy.receipt ? 'agent_id' : 'auto');
  const value = policy.receipt ? `signed as ${audit.agent}` : 'none';
  return [{ key: 'receipts', value, from: originText(from, source.name) }];
}

function originText(origin: Origin, file: string): string {
  if (origin === 'default') return 'default';
  const variables = origin.variables.map((name) => `, env ${name}`).join('');
  return `${file}:${origin.line}:${origin.column}${variables}`;
}

function inForce(key: string, policy: Policy, guard: GuardConfig): string {
  const time = (ms: number | undefined): string => (ms === undefined ? 'none' : exactly(ms));
  switch (key as Exclude<keyof typeof OPTION_OF, 'audit_receipt'>) {
    case 'side_effect_class':
      return policy.effect === 'unclassified' ? 'not declared' : policy.effect;
    case 'boundary':
      return policy.boundary;
    case 'id_from':
      return guard.ledger?.options.idFrom?.map(spelt).join(', ') ?? 'the call id in its thread, the task, or the run';
    case 'key_valid_for':
      return time(policy.keyValidForMs);
    case 'lease':
      return time(policy.leaseMs);
    case 'wait_for':
      return time(policy.waitForMs);
    case 'timeout':
      return time(policy.timeoutMs);
    case 'settle_after':
      return time(policy.settleAfterMs);
    case 'replay_for':
      return time(policy.replayForMs);
    case 'max_attempts':
      return Number.isFinite(policy.maxAttempts) ? String(policy.maxAttempts) : 'no limit';
    case 'store': {
      const { input, result, redact, maxResultLength } = policy.form;
      const hidden = redact.length === 0 ? '' : `, also hiding ${redact.join(', ')}`;
      return `input ${input}, result ${result} up to ${maxResultLength} characters${hidden}`;
    }
  }
}

function afterALostWorker({ kind, effect, keyValidForMs, boundary }: Policy): string {
  const early = boundary === 'explicit' ? 'runs again if its effect had not begun; otherwise ' : '';
  if (effect === 'read' || effect === 'idempotent_mutate')
    return kind === 'task' ? 'runs again; what it had finished is replayed' : 'runs again';
  const blocked = 'stays blocked until somebody says what happened';
  switch (effect) {
    case 'keyed_mutate':
      return keyValidForMs === undefined
        ? `${early}the reconciler is asked, if code gives one; else it ${blocked}`
        : `${early}runs again for ${exactly(keyValidForMs)} from the first attempt, while the provider honours the key; then the reconciler is asked, if code gives one; else it ${blocked}`;
    case 'irreversible':
      return `${early}the reconciler, if code gives one, may prove that it happened; else it ${blocked}`;
    default:
      return `${early}the reconciler is asked, if code gives one; else it ${blocked}`;
  }
}

function text({ name, kind, at, waived, guards, afterALostWorker: after }: Explanation, { paint }: Terminal): string {
  const head = `${paint('bold', name)}  ${kind}, ${at}`;
  if (guards.length === 0)
    return `${head}\n  ${paint('yellow', waived === true ? 'nothing guards it, and the file says that it is meant' : 'nothing guards it')}`;
  const numbered = guards.flatMap(({ guard, from, values }, index) => [
    `  ${index + 1}  ${guard}, ${from}`,
    ...valueLines(values, '       '),
  ]);
  return [
    head,
    ...numbered,
    `  ${guards.length + 1}  the function itself`,
    ...(after === undefined ? [] : [wrapped(`after a lost worker: ${after}`)]),
  ].join('\n');
}

function sectionTexts(sections: Sections, { paint }: Terminal): string[] {
  return Object.entries(sections).map(([section, values]: [string, readonly Value[]]) =>
    [`${paint('bold', section)}  for the whole file`, ...valueLines(values, '  ')].join('\n'),
  );
}

function valueLines(values: readonly Value[], indent: string): string[] {
  return columns(values.map(({ key, value, from }) => [key, value, from]))
    .split('\n')
    .map((line) => `${indent}${line}`);
}

/** Within 80 columns, indented. */
function wrapped(sentence: string): string {
  const lines: string[] = [];
  for (const word of sentence.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < 79) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`${lines.length === 0 ? '  ' : '    '}${word}`);
  }
  return lines.join('\n');
}

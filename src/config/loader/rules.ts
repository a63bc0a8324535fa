import { nearest } from '../../encoding/nearest.js';
import { problemsOf } from '../../ledger/policy.js';
import { checkAudit, warnOfAudit } from './audit-rules.js';
import { checkBounded } from './bounded-rules.js';
import type { Config, GuardConfig } from './config.js';
import { isGuarded, OPTION_OF } from './config.js';
import type { ConfigData, ToolData } from './data.js';
import { spoken, type YamlTree } from './document.js';
import { checkHistory } from './history-rules.js';
import { dotted, type Issues, type Path } from './issues.js';
import { camelCase, snakeCase } from './names.js';
import { checkProtect } from './protect-rules.js';
import type { Environment } from './references.js';
import { checkStateFlush, warnOfStateFlush } from './state-flush-rules.js';
import { type Add, checkStorage } from './storage-rules.js';

/** The lease of a tool that names none. */
const DEFAULT_LEASE_MS = 30_000;

/** A configuration of the right shape, and what is known of it. */
interface ReadShape {
  readonly data: ConfigData;
  readonly config: Config;
  readonly tree: YamlTree;
  /** Dotted paths of what was left out, or has keys that were: nothing is concluded from what is not there. */
  readonly uncertain: ReadonlySet<string>;
  /** What `url_env` and `dsn_env` name. */
  readonly environment: Environment;
}

/** What a shape cannot say: values that do not go together, and what is left open. */
export function applyRules(read: ReadShape, issues: Issues): void {
  const { data, config, tree, uncertain } = read;
  const add: Add = ({ mark = 'key', ...found }) => {
    const written = tree.written(found.path);
    issues.add({ ...found, at: mark === 'value' ? written?.value : (written?.key ?? written?.value) });
  };
  checkNames(config, add);
  const around = { tree, uncertain, environment: read.environment };
  for (const name of ['action_ledger', 'task_ledger', 'state_flush'] as const) {
    const section = data[name];
    if (section !== undefined) checkStorage({ section, path: [name], own: false, ...around }, add);
  }
  checkSelector(data.action_ledger?.tools, ['action_ledger', 'tools'], 'tools', read, add);
  checkSelector(data.task_ledger?.tasks, ['task_ledger', 'tasks'], 'tasks', read, add);
  checkStateFlush(read, add);
  checkAudit(read, add);
  checkHistory(data, uncertain, add);
  checkSelector(data.registry?.allowed, ['registry', 'allowed'], 'tools', read, add);
  for (const guard of config.guards) {
    const entry = (guard.kind === 'tool' ? data.tools : data.tasks)?.[guard.name] ?? {};
    if (typeof entry.ledger === 'object')
      checkStorage({ section: entry.ledger, path: [...guard.path, 'ledger'], own: true, ...around }, add);
    checkEntry(entry, guard, tree, add);
    checkBounded(guard, uncertain, add);
    checkProtect(guard, uncertain, add);
    const certain = [guard.path, [...guard.path, 'side_effect_class']].every((path) => !uncertain.has(dotted(path)));
    if (entry.ledger !== false && certain) {
      checkClass(entry, guard, add);
      if (config.strict) checkStrict(entry, guard, add);
      if (config.profile === 'production') checkProduction(guard, add);
    }
    if (!issues.errors) warnOfWhatIsOpen(guard, add);
  }
  if (!issues.errors) {
    warnOfStateFlush(read, add);
    warnOfAudit(read, add);
  }
  if (!issues.errors && config.profile === 'production' && !config.strict) {
    add({
      id: 'MYC357',
      severity: 'warning',
      path: ['action_ledger', 'strict'],
      problem:
        'profile is production, and strict is false: tools may say nothing, and calls may be identified by nothing',
      remedy: 'Remove strict: production is strict.',
    });
  }
}

const NAME = /^[\p{L}_][\p{L}\p{N}_.:/-]*$/u;

function checkNames(config: Config, add: Add): void {
  const seen = new Map<string, GuardConfig>();
  for (const guard of config.guards) {
    const { name, path } = guard;
    if (!NAME.test(name)) {
      add({
        id: 'MYC301',
        path,
        problem: `${JSON.stringify(name)} is no name for a ${guard.kind}`,
        remedy: 'Begin with a letter and go on with letters, digits, _, ., :, / or -.',
      });
    }
    const other = seen.get(camelCase(name));
    seen.set(camelCase(name), guard);
    if (other === undefined) continue;
    add({
      id: 'MYC302',
      path,
      problem:
        other.name === name
          ? `${name} is a tool and a task`
          : `${other.name} and ${name} are the same name in code, ${camelCase(name)}`,
      remedy: 'Keep one of them: a call has one record.',
    });
  }
}

function checkSelector(
  covered: 'all' | readonly string[] | undefined,
  path: Path,
  group: 'tools' | 'tasks',
  { data, tree, uncertain }: ReadShape,
  add: Add,
): void {
  if (covered === undefined || covered === 'all') return;
  const entries = data[group] ?? {};
  // Perhaps it is named where something else is wrong.
  const known = !uncertain.has(group) && (data[group] !== undefined || !uncertain.has(''));
  for (const [index, name] of covered.entries()) {
    const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
    const at = { path: [...path, index], mark: 'value' } as const;
    const said = spoken(tree.written(at.path), name);
    if (entry === undefined) {
      if (!known || uncertain.has(`${group}.${name}`)) continue;
      add({
        ...at,
        id: 'MYC305',
        problem: `${said} is not one of the ${group}`,
        suggestion: said === name ? nearest(name, Object.keys(entries)) : undefined,
        remedy: `Add it to ${group}, or take it out of this list.`,
      });
    } else if (entry.ledger === false && path[0] !== 'registry') {
      add({
        ...at,
        id: 'MYC306',
        problem: `${said} is to be recorded here, and its ledger is false below ${group}`,
        remedy: 'Keep one of the two.',
      });
    }
  }
}

function checkEntry(entry: ToolData, guard: GuardConfig, tree: YamlTree, add: Add): void {
  const { path, kind } = guard;
  const keys = Object.keys(OPTION_OF).filter((key) => entry[key as keyof typeof OPTION_OF] !== undefined);
  if (entry.ledger === false) {
    for (const key of keys.filter((key) => key !== 'side_effect_class')) {
      add({
        id: 'MYC307',
        path: [...path, key],
        problem: `${dotted([...path, key])} has no effect: ledger is false`,
        remedy: 'Remove it, or remove ledger: false.',
      });
    }
    return;
  }
  const problems = problemsOf(guard.ledger?.options ?? {}, kind === 'tool' ? 'ledger' : 'taskLedger');
  // What depends on the class is told in the words of the file, below.
  for (const { option, problem, remedy } of problems.filter(({ option }) => option !== 'replayFor' || isRead(entry))) {
    const key = Object.entries(OPTION_OF).find(([, one]) => one === option)?.[0] ?? snakeCase(option);
    const said = spoken(tree.written([...path, key]), problem);
    add({ id: 'MYC308', path: [...path, key], problem: `${dotted([...path, key])}: ${said}`, remedy });
  }
  const repeated =
    entry.id_from?.findIndex((name, index, all) => all.map(camelCase).indexOf(camelCase(name)) < index) ?? -1;
  if (repeated >= 0) {
    const at = [...path, 'id_from', repeated];
    add({
      id: 'MYC310',
      path: at,
      mark: 'value',
      problem: `${spoken(tree.written(at), String(entry.id_from?.[repeated]))} is named twice`,
      remedy: 'Name each field once.',
    });
  }
}

function isRead(entry: ToolData): boolean {
  return entry.side_effect_class === 'read';
}

/** What depends on what the tool does. */
function checkClass(entry: ToolData, { path }: GuardConfig, add: Add): void {
  const { side_effect_class: effect } = entry;
  if (entry.replay_for !== undefined && effect !== 'read') {
    add({
      id: 'MYC309',
      path: [...path, 'replay_for'],
      problem: `${dotted([...path, 'replay_for'])} is for read tools, and this one is ${effect ?? 'not declared'}`,
      remedy: 'Write side_effect_class: read if it is one; the result of anything else is kept with its identity.',
    });
  }
  if (entry.key_valid_for !== undefined && effect !== 'keyed_mutate') {
    add({
      id: 'MYC309',
      path: [...path, 'key_valid_for'],
      problem: `${dotted([...path, 'key_valid_for'])} has no effect: the tool is ${effect ?? 'not declared'}`,
      remedy: 'Write side_effect_class: keyed_mutate if the provider honours idempotency keys, or remove it.',
    });
  }
}

/** Strict: nothing is left to be understood without a word. */
function checkStrict(entry: ToolData, guard: GuardConfig, add: Add): void {
  const { kind, name, path, ledger } = guard;
  if (!isGuarded(guard)) {
    add({
      id: 'MYC312',
      path,
      problem: `strict: nothing guards ${name}`,
      remedy: 'Write ledger: true, or ledger: false if that is meant.',
    });
  } else if (ledger !== undefined && kind === 'tool' && entry.side_effect_class === undefined) {
    add({
      id: 'MYC311',
      path,
      problem: `strict: ${dotted(path)} does not say what it does`,
      remedy: 'Add side_effect_class: read, idempotent_mutate, keyed_mutate, non_idempotent_mutate or irreversible.',
    });
  }
}

/** What is for development alone. */
function checkProduction({ name, path, ledger }: GuardConfig, add: Add): void {
  if (ledger?.location.storage !== 'memory' || !isConsequential(ledger.options.effect)) return;
  add({
    id: 'MYC313',
    path,
    problem: `production: ${name} is ${ledger.options.effect}, and its records end with the process`,
    remedy: 'Write storage: file, redis or postgres.',
  });
}

function isConsequential(effect: ToolData['side_effect_class']): boolean {
  return effect !== undefined && effect !== 'read' && effect !== 'idempotent_mutate';
}

/** What loads, and should be looked at. Each goes away when the file says that it is meant. */
function warnOfWhatIsOpen(guard: GuardConfig, add: Add): void {
  const { path, name, kind, ledger } = guard;
  const warn = (id: string, problem: string, remedy: string): void =>
    add({ id, severity: 'warning', path, problem, remedy });
  if (ledger === undefined) {
    if (!guard.waived && !isGuarded(guard))
      warn('MYC351', `nothing guards ${name}`, 'Write ledger: true, or ledger: false if that is meant.');
    return;
  }
  const { effect, idFrom, keyValidFor } = ledger.options;
  if (kind === 'task') {
    if (idFrom === undefined)
      warn(
        'MYC352',
        `only a run with a runId finds ${name} again after a crash`,
        'Add id_from with the fields that identify the task.',
      );
    return;
  }
  if (effect === undefined) {
    warn(
      'MYC353',
      `${name} does not say what it does`,
      'Add side_effect_class; without it a crash blocks the call, and a throw lets it run again.',
    );
    return;
  }
  if (effect === 'read' || effect === 'idempotent_mutate') return;
  if (idFrom === undefined)
    warn(
      'MYC352',
      `nothing in ${name} says what makes two calls the same`,
      'Add id_from with the business id: a model that tries again mints a new call id.',
    );
  if (effect === 'keyed_mutate' && keyValidFor === undefined)
    warn(
      'MYC354',
      `${name} does not say how long the provider honours its key`,
      'Add key_valid_for, e.g. 24h; without it a crash blocks the call.',
    );
  const { lease = DEFAULT_LEASE_MS, timeout = lease } = ledger.options;
  if (keyValidFor !== undefined && Number(keyValidFor) <= Number(timeout))
    warn(
      'MYC356',
      `the key of ${name} is forgotten before another attempt could use it`,
      'Give key_valid_for more than one lease (or one timeout): only what is left of it is for another attempt.',
    );
  if (ledger.location.storage === 'memory')
    warn(
      'MYC355',
      `${name} is ${effect}, and its records end with the process`,
      'Write storage: file, redis or postgres.',
    );
}

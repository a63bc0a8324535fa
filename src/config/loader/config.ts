import type { LedgerOptions } from '../../ledger/options.js';
import type { StateFlushSettings } from '../../state/types.js';
import { type AuditConfig, auditConfig } from './audit.js';
import type {
  BoundedData,
  ConfigData,
  HistoryGuardData,
  MessageValidatorData,
  ProtectData,
  RunnerData,
  StateFlushData,
  StorageData,
  ToolData,
} from './data.js';
import type { YamlTree } from './document.js';
import type { Path } from './issues.js';
import { camelCase } from './names.js';
import { type Origin, originOf } from './origin.js';
import type { Environment } from './references.js';
import type { Range } from './source.js';
import { defaultLocation, locationOf, STORAGES_OF, type StoreLocation } from './storage.js';
import type { Written } from './tree-reader.js';

/** The options that YAML can say, as `ledger` and `taskLedger` take them; durations in milliseconds. */
export type DeclaredOptions = Pick<
  LedgerOptions,
  | 'effect'
  | 'boundary'
  | 'keyValidFor'
  | 'lease'
  | 'waitFor'
  | 'timeout'
  | 'settleAfter'
  | 'replayFor'
  | 'maxAttempts'
  | 'store'
  | 'receipt'
> & {
  /** Names of fields, each spelt as here or in camelCase in the input. */
  readonly idFrom?: readonly string[];
};

/** How a tool or a task is recorded. */
export interface LedgerConfig {
  readonly location: StoreLocation;
  readonly options: DeclaredOptions;
}

/** A tool or a task as the file has it. */
export interface GuardConfig {
  readonly kind: 'tool' | 'task';
  readonly name: string;
  readonly path: Path;
  readonly at: Range | undefined;
  /** Undefined: it is not recorded. */
  readonly ledger: LedgerConfig | undefined;
  /** Undefined: nothing is checked. */
  readonly bounded: BoundedData | undefined;
  /** Whether the file says outright that it is not recorded. */
  readonly waived: boolean;
  /** Undefined: nothing of it is remembered, and it outdates nothing. */
  readonly protect: ProtectData | undefined;
  /** Where something of it stands, by its path in the file. */
  written(path: Path): Written | undefined;
  /** By the keys of YAML, and `ledger`, `strict`, `retention` and the keys of a storage for where and how it is recorded. */
  origin(key: string): Origin;
}

/** How the states of runs are kept. */
export interface StateFlushConfig {
  readonly location: StoreLocation;
  readonly settings: Omit<StateFlushSettings, 'encryption'>;
  /** By the keys of the section. */
  origin(key: string): Origin;
}

/** A configuration with its defaults, and where each value comes from. */
export interface Config {
  /** The folder that relative paths start from. */
  readonly folder: string;
  /** `production`: strict unless the file says otherwise, and a server that can lose records is not opened. */
  readonly profile: 'development' | 'production';
  readonly strict: boolean;
  /** How long finished calls and tasks are kept, in milliseconds; nothing is removed before somebody prunes. */
  readonly retention: Readonly<Partial<Record<'tool' | 'task', number>>>;
  readonly guards: readonly GuardConfig[];
  /** Where tools and tasks are recorded that have no place of their own. */
  readonly locations: Readonly<Record<'tool' | 'task', StoreLocation>>;
  /** Undefined: runs record no state. */
  readonly stateFlush: StateFlushConfig | undefined;
  /** Undefined: nothing is signed. */
  readonly audit: AuditConfig | undefined;
  /** The tools that a model may call by name, as in the file. */
  readonly allowed: readonly string[];
  readonly runner: RunnerData;
  /** Undefined: nobody watches how long messages get. */
  readonly historyGuard: HistoryGuardData | undefined;
  /** Undefined: messages are not looked at. */
  readonly messageValidator: MessageValidatorData | undefined;
  /** Where something of it stands, by its path in the file. */
  written(path: Path): Written | undefined;
  /** Where a value comes from, by its path in the file. */
  origin(path: Path): Origin;
}

/** Whether anything stands around it. */
export function isGuarded({ ledger, bounded, protect }: GuardConfig): boolean {
  return ledger !== undefined || bounded !== undefined || protect !== undefined;
}

/** The keys of YAML with their options, in the order in which people read them. */
export const OPTION_OF: Readonly<
  Record<Exclude<keyof ToolData, 'ledger' | 'bounded' | 'protect'>, keyof DeclaredOptions>
> = {
  side_effect_class: 'effect',
  boundary: 'boundary',
  id_from: 'idFrom',
  key_valid_for: 'keyValidFor',
  lease: 'lease',
  wait_for: 'waitFor',
  timeout: 'timeout',
  settle_after: 'settleAfter',
  replay_for: 'replayFor',
  max_attempts: 'maxAttempts',
  audit_receipt: 'receipt',
  store: 'store',
};

/**
 * What asks for a ledger without saying `ledger: true`: every option of it, and a class whose effect must not happen
 * twice. Who declares such a tool does not mean it to be left alone.
 */
function asksForLedger(entry: ToolData): keyof typeof OPTION_OF | undefined {
  const keys = (Object.keys(OPTION_OF) as (keyof typeof OPTION_OF)[]).filter(
    // Who wants no receipt has not asked for anything.
    (key) => entry[key] !== undefined && (key !== 'audit_receipt' || entry[key] === true),
  );
  const { side_effect_class: effect } = entry;
  const consequential = effect !== undefined && effect !== 'read' && effect !== 'idempotent_mutate';
  return keys.find((key) => key !== 'side_effect_class' || consequential);
}

/** Fills in the defaults. Pure: nothing is opened, and nothing is looked at on the disk. */
export function resolveConfig(data: ConfigData, tree: YamlTree, folder: string, environment: Environment): Config {
  const tools = locationOf(data.action_ledger, folder, environment) ?? defaultLocation(folder);
  const tasks = locationOf(data.task_ledger, folder, environment);
  const locations = { tool: tools, task: tasks ?? tools };
  const around = { data, tree, folder, environment, locations, tasksWithTools: tasks === undefined };
  const guards = (['tool', 'task'] as const).flatMap((kind) =>
    Object.entries((kind === 'tool' ? data.tools : data.tasks) ?? {}).map(([name, entry]) =>
      guardConfig(kind, name, entry, around),
    ),
  );
  const { profile = 'development', action_ledger: actions, task_ledger: taskSection } = data;
  const retention = {
    ...(actions?.retention === undefined ? {} : { tool: actions.retention }),
    ...(taskSection?.retention === undefined ? {} : { task: taskSection.retention }),
  };
  const strict = actions?.strict ?? profile === 'production';
  const stateFlush = data.state_flush === undefined ? undefined : stateFlushConfig(data.state_flush, around);
  const audit = data.audit_receipt === undefined ? undefined : auditConfig(data.audit_receipt, around);
  const allowed = data.registry?.allowed ?? (data.registry?.auto === false ? [] : Object.keys(data.tools ?? {}));
  return Object.freeze({
    folder,
    profile,
    strict,
    retention,
    guards,
    locations,
    stateFlush,
    audit,
    allowed,
    ...messages(data),
    written: (path: Path) => tree.written(path),
    origin: (path: Path) => originOf(tree, path),
  });
}

function messages({
  runner = {},
  history_guard: historyGuard,
  message_validator: said,
}: ConfigData): Pick<Config, 'runner' | 'historyGuard' | 'messageValidator'> {
  const validator = typeof said === 'object' ? said : {};
  const off = said === false || validator.enabled === false;
  return { runner, historyGuard, messageValidator: off ? undefined : validator };
}

/** The keys of YAML with their settings. */
const SETTING_OF: Readonly<Record<Exclude<keyof StateFlushData, keyof StorageData>, keyof StateFlushSettings>> = {
  flush_on: 'flushOn',
  flush_on_complete: 'flushOnComplete',
  durable: 'durable',
  signals: 'signals',
};

function stateFlushConfig(section: StateFlushData, around: Surroundings): StateFlushConfig {
  const own = locationOf(section, around.folder, around.environment);
  const settings = Object.entries(SETTING_OF).flatMap(([key, setting]) => {
    const value = section[key as keyof typeof SETTING_OF];
    return value === undefined ? [] : [[setting, value]];
  });
  return {
    location: own ?? around.locations.tool,
    settings: Object.fromEntries(settings) as StateFlushConfig['settings'],
    origin: (key) => {
      // States are kept with the tools unless their section names a place.
      const elsewhere = own === undefined && (key === 'storage' || Object.hasOwn(STORAGES_OF, key));
      return originOf(around.tree, [elsewhere ? 'action_ledger' : 'state_flush', key]);
    },
  };
}

interface Surroundings {
  readonly data: ConfigData;
  readonly tree: YamlTree;
  readonly folder: string;
  readonly environment: Environment;
  readonly locations: Config['locations'];
  readonly tasksWithTools: boolean;
}

function guardConfig(kind: 'tool' | 'task', name: string, entry: ToolData, around: Surroundings): GuardConfig {
  const { data, tree, folder, environment, locations, tasksWithTools } = around;
  const [group, section] =
    kind === 'tool' ? (['tools', 'action_ledger'] as const) : (['tasks', 'task_ledger'] as const);
  const path: Path = [group, name];
  const covered = kind === 'tool' ? data.action_ledger?.tools : data.task_ledger?.tasks;
  const bySelector = covered === 'all' || covered?.includes(name) === true;
  const byKey = asksForLedger(entry);
  const own = typeof entry.ledger === 'object' ? locationOf(entry.ledger, folder, environment) : undefined;
  const recorded = entry.ledger !== false && (entry.ledger !== undefined || bySelector || byKey !== undefined);
  const origin = (key: string): Origin => {
    if (key === 'ledger') {
      const reason =
        entry.ledger !== undefined ? [...path, 'ledger'] : bySelector ? [section, group] : [...path, byKey ?? ''];
      return originOf(tree, reason);
    }
    if (key === 'strict') {
      const said = data.action_ledger?.strict !== undefined || data.profile === undefined;
      return originOf(tree, said ? ['action_ledger', key] : ['profile']);
    }
    if (key === 'retention') return originOf(tree, [section, key]);
    if (key !== 'storage' && !Object.hasOwn(STORAGES_OF, key)) return originOf(tree, [...path, key]);
    // Tasks are recorded with the tools unless their section names a place.
    const shared = kind === 'task' && tasksWithTools;
    const place = own !== undefined ? [...path, 'ledger', key] : [shared ? 'action_ledger' : section, key];
    return originOf(tree, place);
  };
  return {
    kind,
    name,
    path,
    at: tree.written(path)?.key,
    waived: entry.ledger === false,
    bounded: entry.bounded,
    protect: entry.protect,
    written: (at) => tree.written(at),
    ledger: recorded ? { location: own ?? locations[kind], options: declared(entry, data.audit_receipt) } : undefined,
    origin,
  };
}

/** @param audit - a tool that says nothing of receipts has them where `auto` is on, as it is by default. */
function declared(entry: ToolData, audit: ConfigData['audit_receipt']): DeclaredOptions {
  const options: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(OPTION_OF)) {
    const value = entry[key as keyof typeof OPTION_OF];
    if (value !== undefined) options[option] = key === 'store' ? inCamelCase(value as object) : value;
  }
  if (audit?.auto === false) options['receipt'] ??= false;
  return options as DeclaredOptions;
}

function inCamelCase(section: object): object {
  return Object.fromEntries(Object.entries(section).map(([key, value]) => [camelCase(key), value]));
}

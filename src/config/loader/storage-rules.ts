import { parsePostgresUrl } from '../../store/postgres/postgres-url.js';
import { parseRedisUrl } from '../../store/redis/redis-url.js';
import type { StorageData } from './data.js';
import type { YamlTree } from './document.js';
import { dotted, type Finding, type Path } from './issues.js';
import type { Environment } from './references.js';
import { ADDRESS_OF, problemOfAddress, STORAGES_OF, type StorageName, variableOf } from './storage.js';

/** Tells a finding at its path: its key is marked, or its value. */
export type Add = (found: Omit<Finding, 'at'> & { readonly mark?: 'key' | 'value' }) => void;

/** Where a section records, and what is known of it. */
export interface StorageSection {
  readonly section: StorageData;
  readonly path: Path;
  /** It is the ledger of one tool or task, which says nothing but where. */
  readonly own: boolean;
  readonly tree: YamlTree;
  readonly environment: Environment;
  /** Dotted paths of what was left out: nothing is concluded from what is not there. */
  readonly uncertain: ReadonlySet<string>;
}

type Key = keyof typeof STORAGES_OF;

/** What of a storage does not go together. */
export function checkStorage(read: StorageSection, add: Add): void {
  const { section, path, own, uncertain } = read;
  const isUncertain = (key?: string): boolean => uncertain.has(dotted(key === undefined ? path : [...path, key]));
  if (isUncertain('storage')) return;
  const written = (Object.keys(STORAGES_OF) as Key[]).filter((key) => section[key] !== undefined);
  const { storage } = section;
  if (own && storage === undefined && written.length === 0) {
    const perhaps = [undefined, ...Object.keys(STORAGES_OF)].some(isUncertain);
    if (!perhaps)
      add({
        id: 'MYC304',
        path,
        problem: `${dotted(path)} is empty`,
        remedy: 'Write true to record where action_ledger says, or give it a storage or a path.',
      });
    return;
  }
  // A path alone is enough: it is that of files.
  const inForce = storage ?? 'file';
  for (const key of written.filter((one) => !STORAGES_OF[one].includes(inForce))) foreignKey(key, storage, read, add);
  if (section.durability?.replicas === undefined && section.durability !== undefined) {
    const at = [...path, 'durability'];
    if (![at, [...at, 'replicas']].some((one) => uncertain.has(dotted(one))))
      add({
        id: 'MYC319',
        path: at,
        problem: `${dotted(at)} does not say for how many replicas it waits`,
        remedy: 'Add replicas, e.g. 1.',
      });
  }
  if (inForce === 'redis' || inForce === 'postgres') checkAddress(inForce, read, add);
}

function foreignKey(key: Key, storage: StorageName | undefined, { section, path }: StorageSection, add: Add): void {
  const at = [...path, key];
  const homes = STORAGES_OF[key].join(' or ');
  const meant = storage === 'redis' || storage === 'postgres' ? sameThere(key, storage) : undefined;
  const spelt = meant !== undefined && section[meant] === undefined ? meant : undefined;
  add({
    id: 'MYC303',
    path: at,
    problem: `${dotted(at)} has no effect: storage is ${storage ?? 'file when nothing else is said'}`,
    suggestion: spelt,
    remedy:
      spelt === undefined
        ? `Write storage: ${homes}, or remove the ${key}.`
        : `${storage} takes ${spelt}, and ${homes} takes ${key}.`,
  });
}

/** `dsn` of a Redis is its `url`. */
function sameThere(key: Key, storage: 'redis' | 'postgres'): Key | undefined {
  const [other] = storage === 'redis' ? [ADDRESS_OF.postgres] : [ADDRESS_OF.redis];
  const index = (other as readonly Key[]).indexOf(key);
  if (index >= 0) return ADDRESS_OF[storage][index];
  return { prefix: 'schema' as const, schema: 'prefix' as const }[key as 'prefix' | 'schema'];
}

function checkAddress(storage: 'redis' | 'postgres', read: StorageSection, add: Add): void {
  const { section, path, tree, environment, uncertain } = read;
  const [plain, byName] = ADDRESS_OF[storage];
  const foreign = ADDRESS_OF[storage === 'redis' ? 'postgres' : 'redis'];
  const [url, variable] = [section[plain], section[byName]];
  if (url !== undefined && variable !== undefined) {
    add({
      id: 'MYC315',
      path: [...path, byName],
      problem: `${dotted(path)} has ${plain} and ${byName}`,
      remedy: 'Keep one of them: they say the same.',
    });
    return;
  }
  if (url !== undefined) {
    checkUrl(storage, url, plain, read, add);
    return;
  }
  if (variable === undefined) {
    // It may be what is wrong elsewhere in the section, where it is told.
    const perhaps = [[], [plain], [byName]].some((key) => uncertain.has(dotted([...path, ...key])));
    if (!perhaps && foreign.every((key) => section[key] === undefined))
      add({
        id: 'MYC314',
        path: [...path, 'storage'],
        problem: `${dotted(path)} does not say where its ${storage} is`,
        remedy: `Add ${plain}, or ${byName} with the name of a variable of the environment.`,
      });
    return;
  }
  const at = [...path, byName];
  const named = !tree.written(at)?.variables.length;
  if (!checkVariable(variable, at, `the address itself is written as ${plain}`, add)) return;
  const value = variableOf(variable, environment);
  if (value === undefined || value.trim() === '') {
    const what = named ? variable : `variable of the name that ${dotted(at)} gives`;
    add({
      id: 'MYC206',
      path: at,
      mark: 'value',
      problem: value === undefined ? `the environment has no ${what}` : `${what} is set to nothing`,
      remedy: named ? `Set ${variable}.` : 'Set it.',
    });
    return;
  }
  checkUrl(storage, value, byName, read, add);
}

/** Whether it can be the name of a variable. @param otherwise - where the value that it names would be written. */
export function checkVariable(variable: string, at: Path, otherwise: string, add: Add): boolean {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) return true;
  // Not quoted: it is mostly the value itself, which is secret.
  add({
    id: 'MYC317',
    path: at,
    mark: 'value',
    problem: `${dotted(at)} is not the name of a variable`,
    remedy: `Write the name of a variable of the environment; ${otherwise}.`,
  });
  return false;
}

function checkUrl(
  storage: 'redis' | 'postgres',
  url: string,
  key: Key,
  { section, path }: StorageSection,
  add: Add,
): void {
  const at = [...path, key];
  const found = problemOfAddress(storage, url);
  if (found !== undefined) {
    const what = key.endsWith('_env') ? `what ${dotted(at)} names` : dotted(at);
    add({ id: 'MYC316', path: at, mark: 'value', problem: `${what} ${found.problem}`, remedy: found.remedy });
  } else if (section.tls === false && asksForTls(storage, url)) {
    const written = storage === 'redis' ? 'begins with rediss:' : 'has an sslmode that asks for it';
    add({
      id: 'MYC318',
      path: [...path, 'tls'],
      problem: `${dotted([...path, 'tls'])} is false, and the address ${written}`,
      remedy: 'Remove tls, or say in both that there is none.',
    });
  }
}

function asksForTls(storage: 'redis' | 'postgres', url: string): boolean {
  if (storage === 'redis') return parseRedisUrl(url).tls;
  const { sslmode } = parsePostgresUrl(url);
  return sslmode === 'require' || sslmode === 'verify-full';
}

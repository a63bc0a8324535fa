import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../errors/usage.js';
import { type Config, resolveConfig } from './config.js';
import { readYaml, type YamlTree } from './document.js';
import { Issues } from './issues.js';
import type { Environment } from './references.js';
import { applyRules } from './rules.js';
import { Source } from './source.js';
import { type Validated, validate } from './validate.js';

/** Where a configuration is looked for when nobody says. */
export const CONFIG_NAMES: readonly string[] = ['mycelium.yaml', 'mycelium.yml'];

/** A configuration as it was read. With errors among its issues it must not be used. */
export interface ReadConfig {
  readonly config: Config;
  readonly issues: Issues;
  readonly source: Source;
  /** The file, absolute; undefined when there is none. */
  readonly file: string | undefined;
}

const MOST_BYTES = 1024 * 1024;

/**
 * Reads a configuration file, or without a path the one in the folder, or without any the defaults: nothing is
 * guarded by a file, and what is guarded in code is recorded under `./.mycelium`.
 *
 * @param path - a path, or a URL of a file.
 * @param folder - where relative paths start and names are looked for.
 * @throws UsageError for what is neither.
 */
export function readConfig(path: string | URL | undefined, folder: string, environment: Environment): ReadConfig {
  const names = path === undefined ? CONFIG_NAMES.filter((name) => existsSync(resolve(folder, name))) : [pathOf(path)];
  const [first, second] = names;
  if (first !== undefined && second !== undefined) {
    const why = `and ${second} are both there, and one of them would have no effect`;
    return unreadable(first, resolve(folder, first), {
      id: 'MYC106',
      why,
      remedy: 'Keep one of them, or name the one that is meant.',
    });
  }
  for (const name of names) {
    const file = resolve(folder, name);
    const found = readText(file);
    if ('text' in found) {
      // Messages name the file as a reader can open it from here.
      const shown = relative(folder, file);
      return parseConfig(found.text, {
        name: shown === '' || shown.startsWith('..') ? file : shown,
        folder: dirname(file),
        environment,
        file,
      });
    }
    return unreadable(name, file, found);
  }
  return parseConfig('', { name: CONFIG_NAMES[0] as string, folder, environment, file: undefined });
}

function pathOf(path: string | URL): string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return path;
  const refused = (problem: string): UsageError =>
    new UsageError({
      place: 'loadConfig(path)',
      problem,
      remedy: 'Pass a path, or new URL("./mycelium.yaml", import.meta.url).',
    });
  if (!(path instanceof URL)) throw refused(`${path === '' ? 'a blank text' : typeof path} is no path of a file`);
  try {
    return fileURLToPath(path);
  } catch (error) {
    throw refused(`the URL names no file here: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Reads a configuration from a text. Pure: the same text and environment give the same configuration. */
export function parseConfig(
  text: string,
  from: {
    readonly name: string;
    readonly folder: string;
    readonly environment: Environment;
    readonly file: string | undefined;
  },
): ReadConfig {
  const source = new Source(from.name, text.replace(/^\ufeff+/, ''));
  const issues = new Issues(source);
  const tree = readYaml(source, from.environment, issues);
  const { data, uncertain } = tree.whole ? validate(tree, issues) : NOTHING;
  const config = resolveConfig(data, tree, resolve(from.folder), from.environment);
  if (tree.whole) applyRules({ data, config, tree, uncertain, environment: from.environment }, issues);
  const written = from.file !== undefined || text !== '';
  if (written && config.guards.length === 0 && !issues.errors) warnOfNothing(issues);
  return { config, issues, source, file: from.file };
}

function warnOfNothing(issues: Issues): void {
  issues.add({
    id: 'MYC350',
    severity: 'warning',
    at: undefined,
    path: [],
    problem: 'it names no tool, so nothing is guarded',
    remedy: 'Add tools, each with what it does and what identifies its calls; mycelium init --print shows how.',
  });
}

const NOTHING: Validated = { data: {}, uncertain: new Set() };

/** A file's text, or why there is none; a file that is not there needs no why. */
type Found = { readonly text: string } | NotRead;

interface NotRead {
  readonly id: string;
  readonly why: string | undefined;
  readonly remedy: string;
}

function readText(file: string): Found {
  let bytes: Buffer;
  try {
    // Asked before it is read: a device never ends, and a pipe may never begin.
    const about = statSync(file);
    if (!about.isFile()) return notRead(about.isDirectory() ? 'is a folder' : 'is not a file');
    if (about.size > MOST_BYTES) {
      const why = `has ${about.size} bytes, more than ${MOST_BYTES}`;
      return { id: 'MYC102', why, remedy: 'Name the configuration, not data.' };
    }
    bytes = readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return { id: 'MYC101', why: undefined, remedy: 'Name another file, or write one: mycelium init.' };
    return notRead(`cannot be read: ${message}`);
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { id: 'MYC103', why: 'is not UTF-8', remedy: 'Save it as UTF-8.' };
  }
}

function notRead(why: string): NotRead {
  return { id: 'MYC101', why, remedy: 'Name a file that this user can read.' };
}

function unreadable(name: string, file: string, found: NotRead): ReadConfig {
  const source = new Source(name, '');
  const issues = new Issues(source);
  const problem = found.why === undefined ? `there is no ${file}` : `${file} ${found.why}`;
  issues.add({ id: found.id, at: undefined, path: [], problem, remedy: found.remedy });
  const tree: YamlTree = readYaml(source, {}, issues);
  return { config: resolveConfig({}, tree, dirname(file), {}), issues, source, file };
}

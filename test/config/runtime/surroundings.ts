import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach } from 'vitest';
import { ConfigError, type ConfigIssue, loadConfigFromString, type Mycelium } from '../../../src/index.js';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A folder that is there for one test. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mycelium-runtime-'));
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A runtime that is closed after the test; in memory, unless the text says otherwise. */
export async function runtime(yaml: string, at?: string): Promise<Mycelium> {
  const text = yaml.includes('action_ledger') ? yaml : `action_ledger: { storage: memory }\n${yaml}`;
  const mycelium = await loadConfigFromString(text, at === undefined ? {} : { folder: at });
  cleanups.push(() => mycelium.close({ drain: 0 }).catch(() => undefined));
  return mycelium;
}

const nativeImport = createRequire(import.meta.url)('./fixtures/import.cjs') as (url: string) => Promise<object>;

/** Writes files and imports the first as Node does. */
export async function imported<T extends object>(files: Readonly<Record<string, string>>): Promise<T> {
  return (await nativeImport(pathToFileURL(await written(files)).href)) as T;
}

/** Writes files and requires the first. */
export async function required<T extends object>(files: Readonly<Record<string, string>>): Promise<T> {
  const file = await written(files);
  return createRequire(file)(file) as T;
}

async function written(files: Readonly<Record<string, string>>): Promise<string> {
  const at = await folder();
  for (const [name, text] of Object.entries(files)) await writeFile(join(at, name), text);
  return join(at, Object.keys(files)[0] as string);
}

/** The configuration error that a function throws. */
export function refusal(fn: () => unknown): ConfigError {
  try {
    fn();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('expected a ConfigError, and nothing was thrown');
}

/** What a function is refused for. */
export function issuesOf(fn: () => unknown): readonly ConfigIssue[] {
  return refusal(fn).issues;
}

/** Everything that is in the files of a folder, as one text. */
export async function onDisk(path: string): Promise<string> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return (await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')))).join('\n');
}

/** Waits in real time. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

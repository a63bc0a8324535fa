import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { OpenStore } from './scratch.js';

const built = fileURLToPath(new URL('../../../dist', import.meta.url));

/** A change of one place of the built store that takes one protection away. */
export interface Mutation {
  /** In the folder of the file store. */
  readonly file: string;
  readonly from: string | RegExp;
  readonly to: string;
}

/** The file store as it was built, with some changes; and where it lies, to be removed. */
export async function mutated(mutations: readonly Mutation[]): Promise<{ openStore: OpenStore; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-mutant-'));
  await cp(built, folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  for (const { file, from, to } of mutations) {
    const path = join(folder, 'store', 'file', file);
    const text = await readFile(path, 'utf8');
    const changed = text.replace(from, to);
    if (changed === text)
      throw new Error(`${file} has no ${String(from)} any more: the mutant has to follow the source`);
    await writeFile(path, changed);
  }
  const entry = join(folder, 'store', 'file', 'file-store.js');
  const { openFileStore } = (await import(/* @vite-ignore */ pathToFileURL(entry).href)) as {
    openFileStore: OpenStore;
  };
  return { openStore: openFileStore, folder };
}

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A package that is installed, with its version, e.g. `ioredis 6.0.0`. */
export function packageVersion(name: string): string {
  // Most packages export no package.json, so it is looked for above the file that they do export.
  let folder = dirname(fileURLToPath(import.meta.resolve(name)));
  for (;;) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
      if (manifest.name === name) return `${name} ${manifest.version ?? 'without a version'}`;
    }
    if (folder === dirname(folder)) return `${name}, version unknown`;
    folder = dirname(folder);
  }
}

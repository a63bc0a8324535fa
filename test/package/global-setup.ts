import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** What the compiler said while building the package and the tools; empty when all is well. */
    buildComplaints: string;
  }
}

/**
 * Builds the package and the tools once, for the tests that start real processes. A failed build is one failing
 * test (build.test.ts), not the end of all: tests of single modules still say what they have to say.
 */
export default function setup(project: TestProject): void {
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--tools'], { encoding: 'utf8' });
  project.provide('buildComplaints', status === 0 ? '' : `${stdout}${stderr}`);
}

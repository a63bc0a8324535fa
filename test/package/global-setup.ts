import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { startServices } from '../services/services.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** What the compiler said while building the package and the tools; empty when all is well. */
    buildComplaints: string;
  }
}

/**
 * Builds the package and the tools once, for the tests that start real processes, and starts the servers that tests
 * share. What fails here is a few failing tests that say why, not the end of all: tests of single modules still say
 * what they have to say.
 * @returns what stops the servers
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [complaints, stopServices] = await Promise.all([build(), startServices()]);
  project.provide('buildComplaints', complaints);
  return stopServices;
}

/** @returns what the compiler said, empty when all is well. */
async function build(): Promise<string> {
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  const compiling = spawn(process.execPath, [script, '--tools'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => compiling.once('error', reject).once('close', resolve));
  const [status, stdout, stderr] = await Promise.all([ended, text(compiling.stdout), text(compiling.stderr)]);
  return status === 0 ? '' : `${stdout}${stderr}`;
}

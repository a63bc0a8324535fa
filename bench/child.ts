import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { heapProgram } from './heap.js';
import { reopenProgram } from './reopen.js';
import { systemCallsProgram } from './system-calls.js';

/** What runs in a process of its own, because it weighs the process or looks at it from outside. */
const PROGRAMS: Readonly<Record<Program, (words: readonly string[]) => Promise<unknown>>> = {
  heap: heapProgram,
  reopen: reopenProgram,
  'system-calls': systemCallsProgram,
  dbos: async (words) => (await import('./servers/dbos.js')).dbosProgram(words),
};

export type Program = 'heap' | 'reopen' | 'system-calls' | 'dbos';

/** How a process that runs one of the programs is started. */
export function commandOf(program: Program, words: readonly string[]): string[] {
  const main = join(fileURLToPath(new URL('.', import.meta.url)), 'main.js');
  return [process.execPath, '--expose-gc', main, '--child', program, ...words];
}

/** Runs a program to its end in a process of its own and gives what it answered. */
export function inChild<Answer>(program: Program, words: readonly string[]): Answer {
  const [command = '', ...rest] = commandOf(program, words);
  const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}:\n${stderr}`);
  return JSON.parse(stdout) as Answer;
}

/**
 * The same, without blocking this process, and the program learns from the end of its standard input that this process
 * is gone.
 */
export async function inTiedChild<Answer>(program: Program, words: readonly string[]): Promise<Answer> {
  const [command = '', ...rest] = commandOf(program, words);
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (status !== 0) throw new Error(`${program} ended with ${status}:\n${stderr}`);
  return JSON.parse(stdout) as Answer;
}

/** The other side of {@link inChild} and {@link inTiedChild}. */
export async function runProgram(program: string, words: readonly string[]): Promise<void> {
  if (!Object.hasOwn(PROGRAMS, program)) throw new Error(`there is no program ${program}`);
  process.stdout.write(JSON.stringify(await PROGRAMS[program as Program](words)));
}

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const built = fileURLToPath(new URL('../../.build/examples/', import.meta.url));

/** A program that runs, with a temporary folder of its own. */
export interface RunningProgram {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly output: () => { readonly stdout: string; readonly stderr: string };
  /** Resolves when it is over. */
  readonly ended: Promise<Ended>;
  /** Resolves when its standard output has come to contain the text. */
  readonly printed: (text: string) => Promise<void>;
}

/** How a program ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What it left in its temporary folder, and processes that still have that folder in their command line. */
  readonly leftBehind: readonly string[];
}

/** Starts a compiled example. */
export function start(program: string, ...parameters: readonly string[]): RunningProgram {
  const folder = mkdtempSync(join(tmpdir(), 'mycelium-examples-test-'));
  const child = spawn(process.execPath, [join(built, program), ...parameters], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (exitCode) => {
      const leftBehind = [...readdirSync(folder), ...processesWith(folder)];
      rmSync(folder, { recursive: true, force: true });
      resolve({ exitCode, stdout, stderr, leftBehind });
    });
  });
  const printed = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (stdout.includes(text)) resolve();
      };
      child.stdout.on('data', look);
      child.once('close', () => reject(new Error(`${program} ended without printing ${text}:\n${stdout}${stderr}`)));
      look();
    });
  return { child, output: () => ({ stdout, stderr }), ended, printed };
}

function processesWith(text: string): readonly string[] {
  return commandLines().filter((line) => line.includes(text));
}

function commandLines(): readonly string[] {
  if (!existsSync('/proc/self/cmdline'))
    return execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' }).split('\n');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return ''; // ended while we were looking
      }
    });
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const program = fileURLToPath(new URL('./client.mjs', import.meta.url));
const built = fileURLToPath(new URL('../../../dist/store/file/file-store.js', import.meta.url));

/** What a client is to do, and how; see client.mjs. */
export interface Job {
  readonly what: 'write' | 'claim' | 'compact';
  readonly count?: number;
  readonly prefix?: string;
  readonly size?: number;
  readonly times?: number;
  readonly pause?: number;
}

export interface Client {
  readonly process: ChildProcess;
  /** What it has said until now, line by line, each line as its words. */
  readonly said: () => string[][];
  /** Resolves when it has ended, with the signal that ended it. */
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly complaints: string;
  }>;
}

/**
 * Starts a client on a folder.
 *
 * @param under - a command that starts it, e.g. strace with its options.
 */
export function startClient(folder: string, { what, ...options }: Job, under: readonly string[] = []): Client {
  const command = [...under, process.execPath, program, built, folder, what, JSON.stringify(options)];
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    // One thread for files, so that its calls can be counted.
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
  });
  let said = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<Awaited<Client['ended']>>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, complaints }));
  });
  // A line that is not whole was not said.
  const lines = (): string[][] =>
    said
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split(' '));
  return { process: child, said: lines, ended };
}

/** Whether strace can be used here; else why not. */
export const straceProblem: string | undefined = ((): string | undefined => {
  const { status, error, stderr } = spawnSync('strace', ['-f', '-e', 'trace=none', 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : `strace cannot run: ${error?.message ?? stderr.trim()}`;
})();

/** The command that makes the n-th call of some kind fail or kill, on each thread. */
export function injecting(calls: string, fault: string, when: number, path?: string): string[] {
  const only = path === undefined ? [] : ['-P', path];
  // Each call by itself: a set would be counted as one.
  const each = calls.split(',').flatMap((call) => ['-e', `inject=${call}:${fault}:when=${when}`]);
  return ['strace', '-f', '-qq', '-o', '/dev/null', ...only, '-e', `trace=${calls}`, ...each];
}

/** Runs tasks, at most so many at once. */
export async function inParallel<Task>(
  tasks: readonly Task[],
  atOnce: number,
  run: (task: Task) => Promise<void>,
): Promise<void> {
  const waiting = [...tasks];
  const worker = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) await run(task);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** The child processes of the demo: whatever happens, none is left behind. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export class Processes {
  readonly #running = new Set<ChildProcess>();
  #ended = false;

  /**
   * Starts a program of this folder.
   *
   * @param program - e.g. `worker`
   * @throws Error after {@link end}: what is being taken down starts nothing more.
   */
  start(
    program: string,
    parameters: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): ChildProcess {
    if (this.#ended) throw new Error('the demo is being taken down');
    const child = fork(fileURLToPath(new URL(`./${program}.js`, import.meta.url)), parameters, {
      env: { ...process.env, ...environment },
      // What a child has to say on its standard error is a defect, and shown.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return child;
  }

  /** Kills what is still running, and waits until it is gone. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all([...this.#running].map(killed));
  }
}

/** Kills a process with SIGKILL, which it cannot see coming, and waits until it is gone. */
export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

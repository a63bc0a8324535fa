/** Worker processes as the arena sees them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromWorker, Paths, ToWorker } from './messages.js';
import type { Faults, Life } from './order.js';

const PROGRAM = fileURLToPath(new URL('./worker.js', import.meta.url));

/** How a life ended: by itself, by SIGKILL, or in a way that no plan has. */
export type LifeEnd =
  | { readonly how: 'ended' }
  | { readonly how: 'killed' }
  | { readonly how: 'crashed'; readonly why: string };

const LAST_WORDS = 2_000;

/** One process, for one life after another. */
export class WorkerProcess {
  readonly ready: Promise<void>;
  readonly gone: Promise<LifeEnd>;
  readonly #child: ChildProcess;
  #pid: number | undefined;
  #lastWords = '';
  #onOpened: () => void = () => undefined;
  #onEnded: (end: LifeEnd) => void = () => undefined;
  #alive = true;

  constructor(faults: Faults['process']) {
    const [command, ...words] = commandOf(faults);
    this.#child = spawn(command as string, words, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // The n-th system call is counted per thread, so under strace there is one that flushes.
      env: {
        ...process.env,
        ...(faults === undefined || faults.kind === 'file-size-limit' ? {} : { UV_THREADPOOL_SIZE: '1' }),
      },
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS);
    });
    this.ready = new Promise((resolve) => {
      this.#child.on('message', (message: FromWorker) => {
        if (message.type === 'ready') {
          this.#pid = message.pid;
          resolve();
        } else this.#hear(message);
      });
      this.#child.once('exit', () => resolve());
    });
    this.gone = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve({ how: 'crashed', why: error.message }));
      this.#child.once('close', (code, signal) => {
        this.#alive = false;
        resolve(
          signal === 'SIGKILL'
            ? { how: 'killed' }
            : { how: 'crashed', why: `exit ${String(code ?? signal)}: ${errorIn(this.#lastWords)}` },
        );
      });
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Starts a life up to its first call. @returns when the store is open (or will not be), and when the life is over. */
  open(life: Life, paths: Paths): { opened: Promise<unknown>; ended: Promise<LifeEnd> } {
    const ended = Promise.race([
      new Promise<LifeEnd>((resolve) => {
        this.#onEnded = resolve;
      }),
      this.gone,
    ]);
    const opened = new Promise<void>((resolve) => {
      this.#onOpened = resolve;
    });
    this.#send({ type: 'open', life, paths });
    return { opened: Promise.race([opened, ended]), ended };
  }

  go(): void {
    this.#send({ type: 'go' });
  }

  kill(): void {
    if (this.#pid !== undefined && this.#alive) signal(this.#pid, 'SIGKILL');
    this.#child.kill('SIGKILL');
  }

  /** Kills it, and waits until it is gone. */
  async end(): Promise<void> {
    this.kill();
    await this.gone;
  }

  #send(message: ToWorker): void {
    // A process that is gone hears nothing, and its end is heard of elsewhere.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #hear(message: FromWorker): void {
    if (message.type === 'opened') this.#onOpened();
    else if (message.type === 'ended') this.#onEnded({ how: 'ended' });
    else if (message.type === 'stopping') {
      setTimeout(() => {
        if (this.#pid !== undefined && this.#alive) signal(this.#pid, 'SIGCONT');
      }, message.forMs);
    }
  }
}

/** The line that names the error, of what a process says before it ends. */
function errorIn(words: string): string {
  const lines = words.trim().split('\n');
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? '';
}

function signal(pid: number, name: 'SIGKILL' | 'SIGCONT'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function commandOf(faults: Faults['process']): string[] {
  const node = [process.execPath, PROGRAM];
  if (faults === undefined) return node;
  if (faults.kind === 'file-size-limit') return ['prlimit', `--fsize=${faults.bytes}`, ...node];
  const happening = faults.kind === 'flush-error' ? 'error=EIO' : 'signal=SIGKILL';
  const when = `${faults.nth}${faults.onwards ? '+' : ''}`;
  return [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    'trace=fdatasync',
    '-e',
    `inject=fdatasync:${happening}:when=${when}`,
    ...node,
  ];
}

/** Processes that have started already wait here: starting one takes longer than most lives. */
export class WorkerPool {
  readonly #idle: WorkerProcess[] = [];
  readonly #all = new Set<WorkerProcess>();
  readonly #spare: number;
  #closed = false;

  /** @param spare - how many wait. */
  constructor(spare: number) {
    this.#spare = spare;
    this.#refill();
  }

  async take(faults: Faults['process']): Promise<WorkerProcess> {
    let worker = faults === undefined ? this.#idle.shift() : this.#start(faults);
    while (worker !== undefined && !worker.alive) worker = this.#idle.shift();
    worker ??= this.#start(undefined);
    this.#refill();
    await worker.ready;
    return worker;
  }

  /** Takes back one that lived its life to the end and met no fault of its process. */
  giveBack(worker: WorkerProcess): void {
    if (worker.alive && !this.#closed) this.#idle.push(worker);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const worker of this.#all) worker.kill();
    await Promise.all([...this.#all].map(({ gone }) => gone));
  }

  #start(faults: Faults['process']): WorkerProcess {
    const worker = new WorkerProcess(faults);
    this.#all.add(worker);
    void worker.gone.then(() => this.#all.delete(worker));
    return worker;
  }

  #refill(): void {
    while (!this.#closed && this.#idle.length < this.#spare) this.#idle.push(this.#start(undefined));
  }
}

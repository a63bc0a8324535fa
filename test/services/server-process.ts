import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keeper } from './keeper.js';
import { childrenOf, isAlive } from './processes.js';
import type { Identity } from './programs.js';

/** A busy machine takes its time, and so does a recovery after a crash. */
const START_DEADLINE_MS = 60_000;
const POLL_MS = 10;

/** How a kind of server is started, found ready and ended. */
export interface ServerProgram {
  /** As messages name it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  /** Whether the folder is ours, to be removed in the end. */
  readonly removeDirectory: boolean;
  readonly identity?: Identity | undefined;
  /** Ends it properly. */
  readonly stopSignal: NodeJS.Signals;
  /** Ends it when nobody is left to wait for it. */
  readonly abandonSignal: 'SIGKILL' | 'SIGQUIT';
  /** Whether it works in processes of its own, which SIGKILL, SIGSTOP and SIGCONT have to reach too. */
  readonly withChildren?: boolean;
  /** Whether the process with this id serves. */
  ready(pid: number): boolean | Promise<boolean>;
}

/** What a test can do to a server. */
export interface ServerHandle {
  /** Where clients find it; the same after a restart. */
  readonly url: string;
  readonly port: number;
  /** Where its data are. */
  readonly directory: string;
  /** Of the server itself; another one after a restart, -1 while it is down. */
  readonly pid: number;
  /** Sends a signal that ends it, and resolves when it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again, on the same port and data; stops it properly first when it runs. */
  restart(): Promise<void>;
  /** Freezes it (SIGSTOP): connections stay open and nothing is answered. */
  suspend(): void;
  resume(): void;
  /** Ends it for good and removes its folder. */
  stop(): Promise<void>;
}

/** An empty folder for a server, which belongs to the user that it runs as. */
export function serverFolder(identity?: Identity): string {
  const folder = mkdtempSync(join(tmpdir(), 'mycelium-server-'));
  if (identity !== undefined) chownSync(folder, identity.uid, identity.gid);
  return folder;
}

/** A server in a process of its own, which never outlives the process that started it. */
export class ServerProcess {
  readonly #program: ServerProgram;
  readonly #keeper: Keeper;
  #child: ChildProcess | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(program: ServerProgram) {
    this.#program = program;
    this.#keeper = new Keeper({
      signal: program.abandonSignal,
      ...(program.removeDirectory ? { folder: program.directory } : {}),
    });
  }

  /** Starts the server and waits until it serves. */
  static async start(program: ServerProgram): Promise<ServerProcess> {
    const server = new ServerProcess(program);
    try {
      await server.#start();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  async restart(): Promise<void> {
    if (this.#stopped !== undefined) throw new Error(`${this.#program.name} was stopped for good.`);
    await this.#end(this.#program.stopSignal);
    await this.#start();
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.#child === undefined) throw new Error(`${this.#program.name} does not run: there is nothing to kill.`);
    await this.#end(signal);
  }

  suspend(): void {
    for (const pid of this.#family()) send(pid, 'SIGSTOP');
  }

  resume(): void {
    for (const pid of this.#family()) send(pid, 'SIGCONT');
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end(this.#program.stopSignal).finally(() => this.#keeper.finish());
    return this.#stopped;
  }

  async #start(): Promise<void> {
    const { name, command, args, directory, identity } = this.#program;
    const log = openSync(join(directory, 'server.log'), 'w');
    const child = spawn(command, args, {
      cwd: directory,
      detached: true,
      stdio: ['ignore', log, log],
      ...identity,
    });
    closeSync(log);
    this.#child = child;
    this.#keeper.watch(child.pid);
    child.once('exit', () => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#keeper.watch(undefined);
    });
    child.once('error', () => undefined);
    child.unref();
    const deadline = performance.now() + START_DEADLINE_MS;
    while (!(await this.#program.ready(child.pid ?? -1))) {
      if (this.#child !== child || child.pid === undefined) throw new Error(`${name} did not start.\n${this.#log()}`);
      if (performance.now() > deadline) {
        throw new Error(`${name} was not ready after ${START_DEADLINE_MS / 1000} s.\n${this.#log()}`);
      }
      await sleep(POLL_MS);
    }
  }

  #log(): string {
    const file = join(this.#program.directory, 'server.log');
    return existsSync(file) ? readFileSync(file, 'utf8').slice(-2_000) : '';
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    child.ref();
    const gone = once(child, 'exit');
    if (signal === 'SIGKILL') {
      // Frozen first: what it starts between our look and the signal would survive.
      if (this.#program.withChildren === true) send(child.pid, 'SIGSTOP');
      const family = this.#family();
      for (const pid of family) send(pid, 'SIGKILL');
      while (family.some((pid) => pid !== child.pid && isAlive(pid))) await sleep(POLL_MS);
    } else {
      send(child.pid, signal);
      this.resume();
    }
    await gone;
  }

  /** The server and, where it has them, the processes that it works in. */
  #family(): number[] {
    const pid = this.#child?.pid;
    if (pid === undefined) return [];
    return this.#program.withChildren === true ? [pid, ...childrenOf(pid)] : [pid];
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

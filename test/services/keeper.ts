import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Reads the id of the running server, line by line, an empty line for none. Its input ends when the process that
 * started it is gone, however it went: then it ends the server and removes the folder.
 */
const KEEPER = `
PATH=$PATH:/usr/bin:/bin
while read -r line; do server=$line; done
if [ -n "$server" ]; then
  kill -"$1" "$server"
  kill -CONT "$server"
  tries=0
  while [ $tries -lt 100 ] && kill -0 "$server" && ! grep -q ') Z' "/proc/$server/stat"; do
    sleep 0.05
    tries=$((tries + 1))
  done
  kill -KILL "$server"
fi
# PostgreSQL leaves a segment of shared memory behind when it was killed; its number is in this file.
if [ -n "$2" ] && [ -f "$2/data/postmaster.pid" ]; then
  set -- "$1" "$2" $(sed -n 7p "$2/data/postmaster.pid")
  ipcrm -m "$4"
fi
[ -z "$2" ] || rm -rf "$2"
`;

export interface KeeperOptions {
  /** The signal that ends the server when nobody is left to do it properly. */
  readonly signal: 'SIGKILL' | 'SIGQUIT';
  /** The folder to remove; without it nothing is removed. */
  readonly folder?: string;
}

/** A process beside ours that outlives it just long enough to end a server and to remove its folder. */
export class Keeper {
  readonly #process: ChildProcess;

  constructor({ signal, folder = '' }: KeeperOptions) {
    // A session of its own: Ctrl-C in a terminal ends us, not whoever cleans up after us.
    this.#process = spawn('/bin/sh', ['-c', KEEPER, 'keeper', signal.slice(3), folder], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#process.stdin?.on('error', () => undefined);
    (this.#process.stdin as unknown as { unref(): void }).unref();
    this.#process.unref();
  }

  /** Says which process to end; `undefined` when there is none. */
  watch(pid: number | undefined): void {
    this.#process.stdin?.write(`${pid ?? ''}\n`);
  }

  /** Cleans up now. */
  async finish(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.ref();
    const gone = once(this.#process, 'exit');
    this.#process.stdin?.end();
    await gone;
  }
}

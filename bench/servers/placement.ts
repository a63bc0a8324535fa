import { spawnSync } from 'node:child_process';
import { childrenOf } from '../../test/services/processes.js';
import { findProgram } from '../../test/services/programs.js';

/** Why a server cannot be started here; undefined when it can. @param packages - what to install. */
export function missingProgram(name: string, packages: string): string | undefined {
  try {
    findProgram(name, packages);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** On which processors servers and this process run. */
export interface Placement {
  /** For the report. */
  readonly text: string;
  /** Puts a server and the processes that it works in on the processor of the servers. */
  place(server: { readonly pid: number }): void;
  /** Lets this process run where it could before. */
  end(): void;
}

/**
 * Keeps this process and the servers apart: left to itself the system moves them together and apart as it likes, and
 * the same command takes 40 or 160 us.
 */
export function keepApart(): Placement {
  const { stdout, error } = spawnSync('taskset', ['-c', '-p', String(process.pid)], { encoding: 'utf8' });
  const allowed = /: ([\d,-]+)\s*$/.exec(stdout ?? '')?.[1] ?? '';
  const [first, second] = processorsIn(allowed);
  if (first === undefined || second === undefined) {
    const why = error === undefined && allowed !== '' ? 'one processor only' : 'taskset is not here';
    return { text: `not pinned: ${why}`, place: () => undefined, end: () => undefined };
  }
  move(process.pid, String(second));
  return {
    text: `servers on processor ${first}, this process on ${second}`,
    place: ({ pid }) => {
      for (const one of [pid, ...childrenOf(pid)]) move(one, String(first));
    },
    end: () => move(process.pid, allowed),
  };
}

/** With all threads. */
function move(pid: number, processors: string): void {
  spawnSync('taskset', ['-a', '-c', '-p', processors, String(pid)], { stdio: 'ignore' });
}

/** The first two of a list such as `0-3,8`. */
function processorsIn(list: string): number[] {
  return list
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [from, to = from] = part.split('-').map(Number) as [number, number?];
      return from === to ? [from] : [from, from + 1];
    })
    .slice(0, 2);
}

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

interface Status {
  readonly pid: number;
  readonly parent: number;
  /** One letter, as ps has it. */
  readonly state: string;
}

/** The processes that a process started and that still exist. */
export function childrenOf(parent: number): number[] {
  return processes()
    .filter((one) => one.parent === parent)
    .map(({ pid }) => pid);
}

/** Whether a process still does something: one that only waits to be collected does not. */
export function isAlive(pid: number): boolean {
  const one = existsSync('/proc/self/stat') ? fromProc(pid) : processes().find((other) => other.pid === pid);
  return one !== undefined && !/^[ZX]/.test(one.state);
}

function processes(): Status[] {
  if (!existsSync('/proc/self/stat')) return fromPs();
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => fromProc(Number(name)))
    .filter((one) => one !== undefined);
}

/** The fields behind the name, which may hold anything. */
function fromProc(pid: number): Status | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(parent), state };
  } catch {
    return undefined;
  }
}

function fromPs(): Status[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,state='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [pid, parent, state = ''] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), state };
  });
}

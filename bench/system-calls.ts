import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openFileStore } from 'mycelium-runtime/store';
import { counted, notRun, type Row } from './row.js';
import { freshPayments, guardedPay, payAll, type Scale } from './workload.js';

const CALLS = 20;
const DUPLICATES = 7;
const TRACED = 'write,writev,pwrite64,pwritev,fdatasync,fsync';

/** The phases of the traced program; it writes their names into a file, so that they stand in the trace. */
const PHASES = ['fresh', 'replay', 'duplicates', 'end'] as const;

/** Target T1 for the file store: counts what the kernel is asked, from outside. */
export function countSystemCalls(folder: string, scale: Scale, command: readonly string[]): Row[] {
  mkdirSync(folder);
  const trace = join(folder, 'trace');
  const words = ['-f', '-y', '-e', `trace=${TRACED}`, '-o', trace, ...command, folder, String(scale.seed)];
  const { status, error, stderr } = spawnSync('strace', words, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const why =
    error !== undefined
      ? 'strace is not here'
      : status !== 0
        ? `strace ended with ${status}: ${stderr.slice(0, 100)}`
        : undefined;
  const seen = why === undefined ? read(readFileSync(trace, 'utf8'), folder) : new Map<string, number>();
  const row = (id: string, phase: string, what: string, call: 'write' | 'flush', limit: number): Row => {
    const named = { id, target: 'T1', what: `file, ${call === 'write' ? 'writes' : 'flushes'}, ${what}` };
    if (why !== undefined) return notRun(named, why);
    const perCall = (seen.get(`${phase} ${call}`) ?? 0) / CALLS;
    return counted(
      named,
      call === 'write' ? 'writes' : 'flushes',
      [phase === 'duplicates' ? perCall - 2 : perCall],
      limit,
    );
  };
  return [
    row('file-writes-fresh', 'fresh', 'fresh call', 'write', 2),
    row('file-flushes-fresh', 'fresh', 'fresh call', 'flush', 2),
    row('file-writes-replay', 'replay', 'replay', 'write', 0),
    row('file-flushes-replay', 'replay', 'replay', 'flush', 0),
    row('file-writes-duplicate', 'duplicates', `${DUPLICATES} duplicates under way in the process`, 'write', 0),
    row('file-flushes-duplicate', 'duplicates', `${DUPLICATES} duplicates under way in the process`, 'flush', 0),
  ];
}

/** How often the files of the store were written and flushed in each phase. */
function read(trace: string, folder: string): Map<string, number> {
  const seen = new Map<string, number>();
  let phase = '';
  for (const line of trace.split('\n')) {
    // A call that another thread interrupts in the trace is named where it starts, and once more where it ends.
    const [, name, path] = /\b(\w+)\(\d+<([^>]*)>/.exec(line) ?? [];
    if (name === undefined || path === undefined || !path.startsWith(folder)) continue;
    if (path.endsWith('phases')) phase = PHASES.find((one) => line.includes(`"${one}"`)) ?? phase;
    else if (path.startsWith(join(folder, 'store'))) {
      const key = `${phase} ${name.includes('sync') ? 'flush' : 'write'}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  }
  if (phase !== 'end') throw new Error('the trace does not reach the end of the program');
  return seen;
}

/** The program that is traced. */
export async function systemCallsProgram([folder = '', seed]: readonly string[]): Promise<number> {
  const phases = openSync(join(folder, 'phases'), 'a');
  const enter = (phase: (typeof PHASES)[number]): number => writeSync(phases, phase);
  const store = await openFileStore(join(folder, 'store'));
  const tool = guardedPay(store);
  await payAll(tool, freshPayments(3, Number(seed)));
  const payments = freshPayments(CALLS, Number(seed));
  enter('fresh');
  await payAll(tool, payments);
  enter('replay');
  await payAll(tool, payments);
  enter('duplicates');
  for (const payment of freshPayments(CALLS, Number(seed))) {
    await Promise.all(Array.from({ length: 1 + DUPLICATES }, () => tool(payment)));
  }
  enter('end');
  closeSync(phases);
  await store.close();
  return CALLS;
}

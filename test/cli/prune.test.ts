import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type PruneCommandOptions, pruneCalls } from '../../src/cli/ledger-prune.js';
import { unlessAnother } from '../../src/cli/prune-lock.js';
import { ActionLedger, ledger, taskLedger } from '../../src/index.js';
import { openFileStore } from '../../src/store/file/file-store.js';
import { root } from '../package/package-files.js';
import { fakeTerminal } from './fake-terminal.js';
import { Scratch } from './scratch.js';

const DAY = 86_400_000;
const yaml = `action_ledger: { path: ./records }
task_ledger: { path: ./tasks }
tools:
  pay: { side_effect_class: irreversible, id_from: [id] }
tasks:
  settle: { id_from: [id] }
`;

let scratch: Scratch;
let config: string;

beforeEach(() => {
  scratch = new Scratch();
  config = scratch.write('mycelium.yaml', yaml);
});

afterEach(() => scratch.remove());

interface Input {
  readonly id: string;
}

/** Calls and tasks of so many days ago. A payment whose id begins with `lost` breaks off. */
async function happened(daysAgo: number, payments: readonly string[], tasks: readonly string[] = []): Promise<void> {
  const clock = (): number => Date.UTC(2026, 0, 31) - daysAgo * DAY;
  const open = async (name: string) => new ActionLedger({ store: await openFileStore(scratch.path(name), { clock }) });
  const [records, taskRecords] = [await open('records'), await open('tasks')];
  const pay = ledger({ name: 'pay', effect: 'irreversible', idFrom: ['id'], ledger: records })(
    async ({ id }: Input) => {
      if (id.startsWith('lost')) throw new Error('connection reset');
      return `paid ${id}`;
    },
  );
  const settle = taskLedger({ name: 'settle', idFrom: ['id'], ledger: taskRecords })(async ({ id }: Input) => {
    await pay({ id: `for ${id}` });
    if (id.startsWith('failed')) throw new Error('the agent gave up');
  });
  for (const id of payments) await pay({ id }).catch(() => undefined);
  for (const id of tasks) await settle({ id }).catch(() => undefined);
  for (const one of [records, taskRecords]) {
    await one.close();
    await one.store.close();
  }
}

async function prune(options: PruneCommandOptions, exit = 0): Promise<{ text: string; notes: readonly string[] }> {
  const terminal = fakeTerminal();
  expect(await pruneCalls({ config, ...options }, terminal)).toBe(exit);
  const text = terminal.text().replaceAll(scratch.folder, 'HERE');
  return { text, notes: terminal.noted.map((note) => note.replaceAll(scratch.folder, 'HERE')) };
}

const thirtyDays = { olderThan: 30 * DAY };

describe('for people', () => {
  test('what is pruned and what is kept, by reason, in every store', async () => {
    await happened(90, ['a', 'b', 'lost c'], ['x', 'failed y']);
    await happened(80, ['d']);
    const { text, notes } = await prune({ ...thirtyDays, dryRun: true });
    expect(text).toBe(`file HERE/records
            CALLS
  to prune  4      finished 2025-11-02 to 2025-11-12
  kept      1      not finished, or not settled: mycelium ledger list -c HERE/mycelium.yaml
  kept      1      the task or call around them is not finished, or not found

file HERE/tasks
            CALLS
  to prune  1      finished 2025-11-02 to 2025-11-02
  kept      1      not finished, or not settled: mycelium ledger list -c HERE/mycelium.yaml`);
    expect(notes).toEqual(['Nothing was changed. Without --dry-run they are forgotten.']);
    const real = await prune(thirtyDays);
    expect(real.text).toBe(text.replaceAll('to prune', 'pruned').replaceAll(/^( {2}kept| {10}) {2}/gm, '$1'));
    expect(real.notes).toEqual([]);
    expect((await prune(thirtyDays)).text).toMatch(/records\n +CALLS\n +pruned +0\n +kept +1 .*\n +kept +1/);
  });

  test('what is recent, and stores that are empty or not there', async () => {
    await happened(0, []);
    rmSync(scratch.path('tasks'), { recursive: true });
    expect(await prune(thirtyDays)).toEqual({
      text: 'file HERE/records: no calls.',
      notes: ['Not looked at: file HERE/tasks.'],
    });
    await happened(-(Date.now() - Date.UTC(2026, 0, 31)) / DAY, ['now']);
    expect((await prune(thirtyDays)).text).toMatch(/pruned +0\n +kept +1 +finished less than 30d ago/);
  });

  test('nothing is pruned unless somebody says how long calls are kept', async () => {
    await happened(90, ['a']);
    await expect(prune({})).rejects.toMatchObject({ code: 2, remedy: expect.stringContaining('--older-than 30d') });
    scratch.write('mycelium.yaml', yaml.replace('{ path: ./records }', '{ path: ./records, retention: 60d }'));
    await happened(90, [], ['x']);
    // A task has no retention here, so it stays, and its finished call goes.
    const { text } = await prune({});
    expect(text).toMatch(/records\n +CALLS\n +pruned +2 /);
    expect(text).toMatch(/tasks: no calls\./);
    const terminal = fakeTerminal();
    expect(await pruneCalls({ config, ...thirtyDays, json: true }, terminal)).toBe(0);
    expect(JSON.parse(terminal.text()).stores[1]).toMatchObject({ examined: 1, pruned: 1 });
  });
});

test('for programs, all that is known', async () => {
  await happened(90, ['a', 'lost b']);
  const { text } = await prune({ ...thirtyDays, json: true, dryRun: true });
  const at = Date.UTC(2026, 0, 31) - 90 * DAY;
  expect(JSON.parse(text)).toEqual({
    dryRun: true,
    complete: true,
    stores: [
      {
        store: 'file HERE/records',
        complete: true,
        olderThanMs: { tool: 30 * DAY, task: 30 * DAY },
        examined: 2,
        pruned: 1,
        oldest: expect.closeTo(at, -4),
        newest: expect.closeTo(at, -4),
        kept: { unsettled: 1 },
      },
      {
        store: 'file HERE/tasks',
        complete: true,
        olderThanMs: { tool: 30 * DAY, task: 30 * DAY },
        examined: 0,
        pruned: 0,
        kept: {},
      },
    ],
    notLookedAt: [],
  });
});

describe('the command', () => {
  test('prunes in another process, says how, and refuses what it does not understand', async () => {
    await happened(90, ['a', 'b']);
    const { status, stdout } = scratch.mycelium('ledger', 'prune', '--older-than', '30d');
    expect([status, stdout]).toEqual([0, expect.stringMatching(/pruned +2 +finished/)]);
    expect(scratch.mycelium('ledger', 'prune', '--older-than', 'soon')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('such as 30d'),
    });
    expect(scratch.mycelium('ledger', 'prune', '--older-than', '1s')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('less than a minute'),
    });
    expect(scratch.mycelium('ledger', 'prune')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('nothing says how long calls are kept'),
    });
    expect(scratch.mycelium('ledger', 'prune', '--json').stdout).toContain('"error"');
  });

  test('that is interrupted leaves the rest to the next one', { timeout: 60_000 }, async () => {
    await happened(
      90,
      Array.from({ length: 400 }, (_, number) => `${number}`),
    );
    const child = spawn(process.execPath, [join(root, 'bin/mycelium.js'), 'ledger', 'prune', '--older-than', '30d'], {
      cwd: scratch.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject).once('close', (code, signal) => resolve([code, signal]));
    });
    // Its lock shows that it has begun.
    await expect
      .poll(() => readdirSync(scratch.path('records')).includes('prune.lock') || child.exitCode !== null, {
        interval: 1,
        timeout: 20_000,
      })
      .toBe(true);
    child.kill('SIGINT');
    const [code] = await ended;
    // It may have been quicker than the signal.
    expect([0, 1]).toContain(code);
    const { text } = await prune({ ...thirtyDays, json: true });
    expect(JSON.parse(text).stores[0]).toMatchObject({ complete: true });
    expect(JSON.parse((await prune({ ...thirtyDays, json: true })).text).stores[0].examined).toBe(0);
    expect(readdirSync(scratch.path('records')).filter((name) => !name.endsWith('.log'))).toEqual([]);
  });
});

describe('the lock', () => {
  test('of a process that is at it has this one leave the store alone', async () => {
    await happened(90, ['a']);
    const release = await lockfile.lock(scratch.path('records'), { lockfilePath: scratch.path('records/prune.lock') });
    const { text } = await prune(thirtyDays);
    expect(text).toContain('file HERE/records: left alone, another process is pruning it.');
    expect(JSON.parse((await prune({ ...thirtyDays, json: true })).text).complete).toBe(false);
    expect(JSON.parse((await prune({ ...thirtyDays, json: true })).text).stores[0].skipped).toContain(
      'another process',
    );
    // A dry run disturbs nobody.
    expect((await prune({ ...thirtyDays, dryRun: true })).text).toMatch(/to prune +1/);
    await release();
    expect((await prune(thirtyDays)).text).toMatch(/pruned +1/);
  });

  test('that is stale, broken or cannot be had prevents nothing', async () => {
    const folder = scratch.path('locked');
    mkdirSync(join(folder, 'prune.lock'), { recursive: true });
    const longAgo = new Date(Date.now() - 120_000);
    utimesSync(join(folder, 'prune.lock'), longAgo, longAgo);
    expect(await unlessAnother(folder, async () => 'done')).toBe('done');
    // Taken away while at work.
    const work = async (): Promise<string> => {
      rmSync(join(folder, 'prune.lock'), { recursive: true, force: true });
      return 'done';
    };
    expect(await unlessAnother(folder, work)).toBe('done');
    writeFileSync(scratch.path('file'), '');
    expect(await unlessAnother(scratch.path('file'), async () => 'done')).toBe('done');
    await expect(
      unlessAnother(folder, async () => {
        throw new Error('the work failed');
      }),
    ).rejects.toThrow('the work failed');
    expect(readdirSync(folder)).toEqual([]);
  });
});

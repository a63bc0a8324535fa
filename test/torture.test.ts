import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { childrenOf, isAlive } from './services/processes.js';
import type { Report } from './torture/totals.js';

const program = fileURLToPath(new URL('../.build/test/torture/main.js', import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly complaints: string;
  /** The processes it had started when it was interrupted. */
  readonly started: readonly number[];
}

/** The harness as `npm run torture` runs it, without the build, which the test run has made. */
function torture(words: readonly string[], interruptAfterMs?: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [output, complaints, started]: [string, string, number[]] = ['', '', []];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints += text;
    });
    const interrupt = (): void => {
      started = childrenOf(child.pid ?? -1);
      child.kill('SIGINT');
    };
    const timer = interruptAfterMs === undefined ? undefined : setTimeout(interrupt, interruptAfterMs);
    child.once('error', reject).once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output, complaints, started });
    });
  });
}

function left(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('mycelium-torture-'));
}

const kept = {
  duplicates: 0,
  lost: 0,
  wrong_replays: 0,
  stuck_without_remedy: 0,
  unproven: 0,
  unexpected_errors: 0,
  not_shown: [],
  findings: [],
};

describe('with every protection in place no promise is broken', () => {
  test.each([
    ['memory', 40],
    ['file', 11],
    ['redis', 7],
    ['postgres', 6],
  ])('%s', { timeout: 120_000 }, async (store, runs) => {
    const { code, output, complaints } = await torture([
      '--store',
      store,
      '--runs',
      String(runs),
      '--seed',
      '20',
      '--json',
    ]);
    expect(complaints).toBe('');
    const report = JSON.parse(output) as Report;
    expect(report).toMatchObject({ store, seed: 20, runs, ...kept });
    expect(report.kills).toBeGreaterThan(0);
    expect(report.ok_calls).toBeGreaterThan(report.runs);
    expect(report.bodies).toBeGreaterThan(report.runs);
    expect(code).toBe(0);
  });
});

describe('with one protection switched off the harness notices', () => {
  test.each([
    ['memory', 'claim', 6],
    ['memory', 'fence', 6],
    ['memory', 'nonce', 6],
    ['memory', 'window', 6],
    ['file', 'flush', 6],
    ['file', 'readback', 6],
    ['redis', 'claim', 3],
    ['redis', 'nonce', 4],
    ['redis', 'fence', 3],
    ['redis', 'window', 3],
    ['redis', 'durability', 3],
    ['postgres', 'claim', 3],
    ['postgres', 'nonce', 4],
    ['postgres', 'fence', 3],
    ['postgres', 'window', 3],
  ])('%s without %s', { timeout: 120_000 }, async (store, broken, runs) => {
    const { code, output } = await torture([
      '--store',
      store,
      '--runs',
      String(runs),
      '--seed',
      '21',
      '--json',
      '--break',
      broken,
    ]);
    const report = JSON.parse(output) as Report;
    expect(report).toMatchObject({ broken, found: true });
    expect(report.duplicates + report.lost).toBeGreaterThan(0);
    expect(code).toBe(0);
  });
});

test('a command line that makes no sense is answered with the usage', async () => {
  const { code, output, complaints } = await torture(['--store', 'memory', '--break', 'flush']);
  expect({ code, output }).toEqual({ code: 2, output: '' });
  expect(complaints).toContain('Usage: npm run torture');
});

test.each(['file', 'redis', 'postgres'])(
  'interrupted over %s, it leaves nothing behind',
  { timeout: 60_000 },
  async (store) => {
    const before = left();
    const { code, started } = await torture(['--store', store, '--runs', '200', '--seed', '22'], 4_000);
    expect(code).toBe(130);
    expect(left().filter((name) => !before.includes(name))).toEqual([]);
    expect(started.length).toBeGreaterThan(1);
    // Whoever cleans up after a server takes a moment longer.
    await vi.waitFor(() => expect(started.filter(isAlive)).toEqual([]), { timeout: 10_000 });
  },
);

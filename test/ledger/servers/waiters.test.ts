import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FaultProxy, startProxy } from '../../services/proxy.js';
import { type Backend, backends, storeName } from './backends.js';

const program = fileURLToPath(new URL('./waiter.mjs', import.meta.url));
const built = (path: string): string => fileURLToPath(new URL(`../../../dist/${path}`, import.meta.url));

/** A process with a proxy of its own before it, at which is counted what it asks. */
interface Waiter {
  readonly proxy: FaultProxy;
  tell(line: string): void;
  /** The next line that it prints. */
  hear(): Promise<unknown>;
  asked(): number;
  end(): Promise<void>;
}

async function startWaiter(backend: Backend, name: string, leaseMs: number): Promise<Waiter> {
  const proxy = await startProxy(backend.shared());
  const words = [program, built('index.js'), built(`store/${backend.name}/index.js`), proxy.url, name, String(leaseMs)];
  const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = once(child, 'exit');
  const hear = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    return done === true ? 'ended' : JSON.parse(value);
  };
  expect(await hear()).toBe('ready');
  proxy.counter.reset();
  return {
    proxy,
    tell: (line) => void child.stdin.write(`${line}\n`),
    hear,
    asked: () => backend.asked(proxy.counter.snapshot()),
    async end() {
      if (child.exitCode === null && child.signalCode === null) child.stdin.write('exit\n');
      await Promise.race([exited, sleep(5_000).then(() => child.kill('SIGKILL'))]);
      await proxy.close();
    },
  };
}

describe.each(backends)('1,000 callers of one call in 4 processes, $name', (backend) => {
  let name: string;
  let waiters: Waiter[];

  const start = async (leaseMs: number): Promise<[Waiter, Waiter[]]> => {
    const [first, ...rest] = await Promise.all(Array.from({ length: 4 }, () => startWaiter(backend, name, leaseMs)));
    waiters = [first as Waiter, ...rest];
    return [first as Waiter, rest];
  };

  /** All callers wait, those of the first process for its own body. */
  const allCall = async (first: Waiter, rest: readonly Waiter[]): Promise<void> => {
    first.tell('call one 250');
    expect(await first.hear()).toBe('body');
    for (const waiter of rest) waiter.tell('call one 250');
  };

  const settle = async (first: Waiter, rest: readonly Waiter[]): Promise<void> => {
    first.tell('finish');
    const results = await Promise.all([first, ...rest].map((waiter) => waiter.hear()));
    for (const result of results)
      expect(result).toEqual({ callers: 250, results: [expect.stringMatching(/^one by /)] });
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
  };

  beforeEach(async () => {
    name = storeName();
    await (await backend.open(backend.shared(), name)).close();
  });

  afterEach(async () => {
    await Promise.all(waiters.map((waiter) => waiter.end()));
    await backend.remove(backend.shared(), name);
  });

  test('one body; each process tries, subscribes and reads the result, whatever happens meanwhile', async () => {
    const [first, rest] = await start(60_000);
    await allCall(first, rest);
    await sleep(2_000);
    // The claim that was refused, and the subscription with its read.
    expect(rest.map((waiter) => waiter.asked())).toEqual([2, 2, 2]);
    expect(first.asked()).toBe(1);
    await settle(first, rest);
    await sleep(300);
    expect(rest.map((waiter) => waiter.asked())).toEqual([3, 3, 3]);
    expect(first.asked()).toBe(2);
  });

  test('at the end of each lease that they knew of they read once more', async () => {
    const [first, rest] = await start(1_500);
    await allCall(first, rest);
    await sleep(4_000);
    const asked = rest.map((waiter) => waiter.asked());
    // Renewed at a third of the lease, so what a read shows ends 1 to 1.5 s later: two to four ends in four seconds.
    for (const count of asked) {
      expect(count).toBeGreaterThanOrEqual(2 + 2);
      expect(count).toBeLessThanOrEqual(2 + 4);
    }
    await settle(first, rest);
  });

  test('after a break of their connections they ask once more, and miss nothing', async () => {
    const [first, rest] = await start(60_000);
    await allCall(first, rest);
    await sleep(1_000);
    for (const { proxy } of rest) proxy.cut();
    await sleep(2_000);
    // One read for the call, and one for the epoch of what is remembered.
    for (const waiter of rest) expect(waiter.asked()).toBeLessThanOrEqual(2 + 2);
    await settle(first, rest);
  });
});

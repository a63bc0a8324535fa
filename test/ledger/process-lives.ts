import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { onTestFinished } from 'vitest';
import { ActionLedger, type CallView, type OpenStoreOptions, openStore } from '../../src/index.js';
import { postgresService, redisService } from '../services/services.js';

const program = new URL('./process-life.mjs', import.meta.url);
const dist = new URL('../../dist/', import.meta.url).href;

/** Kinds of stores that processes share. */
export const kinds = ['file', 'redis', 'postgres'] as const;

/** Short enough to be waited for, and long enough for a busy machine to renew it in time. */
export const LEASE_MS = 2_000;

/** What a process told. */
export interface Told {
  readonly event: string;
  readonly id?: string;
  readonly value?: unknown;
  readonly code?: string;
  readonly message?: string;
  readonly remedy?: string;
  readonly result?: string;
  readonly fence?: number;
}

/** A call that a process is asked for. */
export interface Asked {
  readonly id: string;
  /** @default 'irreversible' */
  readonly effect?: 'irreversible' | 'idempotent_mutate' | 'read';
  /** @default '60s' */
  readonly waitFor?: string;
  /** What its body does to the process. */
  readonly how?: 'exit' | 'unhandled' | 'uncaught';
  /** The process stops itself at this point. */
  readonly freezeAt?: 'before-complete' | 'after-complete';
}

/** One process with a ledger of its own over the shared store. */
export interface Life {
  readonly process: ChildProcess;
  /** Sends an order; see process-life.mjs. */
  order(order: Readonly<Record<string, unknown>>): void;
  call(asked: Asked): void;
  finish(id: string): void;
  /** Resolves with the first such event, whether it came already or comes later. */
  told(event: string, id?: string): Promise<Told>;
  /** Whether it has told that already. */
  hasTold(event: string, id?: string): boolean;
  /** Resolves when the process is in this state, e.g. `T` for stopped. */
  inState(state: string): Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** A store that processes share, and what their bodies did. */
export interface Shared {
  /** Starts a process, and waits until it has opened the store. @param sigterm - how long it drains on SIGTERM */
  life(options?: { readonly sigterm?: string }): Promise<Life>;
  /** Bodies that began under this id. */
  effects(id: string): number;
  /** The call as it is recorded. */
  record(id: string): Promise<CallView>;
}

/** A new store of this kind. All of it ends with the test. */
export async function shared(kind: (typeof kinds)[number]): Promise<Shared> {
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-lives-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const effects = join(folder, 'effects');
  const { url, options } = await place(kind, folder);
  const store = await openStore(url, options);
  onTestFinished(() => store.close());
  const actions = new ActionLedger({ store });
  return {
    async life({ sigterm } = {}) {
      const given = JSON.stringify({ dist, url, options, leaseMs: LEASE_MS, effects, sigterm });
      const life = started(given);
      await life.told('ready');
      return life;
    },
    effects: (id) =>
      existsSync(effects)
        ? readFileSync(effects, 'utf8')
            .split('\n')
            .filter((line) => line.startsWith(`${id} `)).length
        : 0,
    async record(id) {
      const { calls } = await actions.list({ limit: 100 });
      const call = calls.find(({ requestId }) => requestId === id);
      if (call === undefined) throw new Error(`there is no record of ${id}`);
      return call;
    },
  };
}

async function place(
  kind: (typeof kinds)[number],
  folder: string,
): Promise<{ readonly url: string; readonly options: OpenStoreOptions }> {
  const name = `lives_${randomUUID().slice(0, 8)}`;
  if (kind === 'file') return { url: pathToFileURL(join(folder, 'store')).href, options: {} };
  if (kind === 'redis') {
    const url = redisService();
    onTestFinished(async () => {
      const client = new Redis(url);
      const keys = await client.keys(`*${name}*`);
      if (keys.length > 0) await client.del(...keys);
      client.disconnect();
    });
    return { url, options: { prefix: name } };
  }
  const url = postgresService();
  onTestFinished(async () => {
    const sql = postgres(url, { onnotice: () => undefined });
    await sql.unsafe(`drop schema if exists "${name}" cascade`);
    await sql.end();
  });
  return { url, options: { schema: name } };
}

function started(given: string): Life {
  const child = fork(program, [given], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said: Told[] = [];
  const listeners = new Set<() => void>();
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  child.on('message', (message) => {
    said.push(message as Told);
    for (const listener of [...listeners]) listener();
  });
  const ended = new Promise<Awaited<Life['ended']>>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  );
  const find = (event: string, id?: string): Told | undefined =>
    said.find((one) => one.event === event && (id === undefined || one.id === id));
  const state = (): string =>
    readFileSync(`/proc/${child.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .slice(0, 1);
  return {
    process: child,
    order: (order) => void child.send(order),
    call: (asked) => void child.send({ do: 'call', ...asked }),
    finish: (id) => void child.send({ do: 'finish', id }),
    told: (event, id) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = find(event, id);
          if (found === undefined) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
        // What it said before it ended may still be on its way.
        child.once('close', () => {
          look();
          reject(
            new Error(`the process ended without "${event}" of ${id}; it said ${JSON.stringify(said)}\n${complaints}`),
          );
        });
      }),
    hasTold: (event, id) => find(event, id) !== undefined,
    async inState(wanted) {
      while (state() !== wanted) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    ended,
  };
}

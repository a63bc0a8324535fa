/** Servers that stores lie on, each behind a proxy: killed, disturbed, cut off and replaced while workers work. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultProxy, startProxy } from '../services/proxy.js';
import type { ServerHandle } from '../services/server-process.js';
import type { StorePlace } from './messages.js';
import { troubleNetwork } from './network.js';
import { drawFrom } from './random.js';
import type { Phase, RunPlan, ServerFaults } from './run-plan.js';
import type { ReplicatedServer, ServerKind } from './server-kind.js';
import type { Site, Sites, Struck } from './sites.js';

/** A server that one run at a time has for itself. */
interface Lane {
  readonly server: ServerHandle;
  readonly proxy: FaultProxy;
}

/**
 * Starts all servers first: one that starts beside a run takes the disk from it.
 * @param runs - no more servers than that.
 */
export async function openServerSites(kind: ServerKind, runs: number): Promise<Sites> {
  const atOnce = Math.min(kind.atOnce, runs);
  const lanes: Lane[] = [];
  const replicated = new Set<ReplicatedServer>();
  const close = async (): Promise<void> => {
    await Promise.all([
      ...[...replicated].map((pair) => pair.stop()),
      ...lanes.map(async ({ server, proxy }) => {
        await proxy.close();
        await server.stop();
      }),
    ]);
  };
  const starting = await Promise.allSettled(
    Array.from({ length: atOnce }, async () => {
      const server = await kind.start();
      lanes.push({ server, proxy: await startProxy(server.url) });
    }),
  );
  for (const start of starting) {
    if (start.status === 'fulfilled') continue;
    await close();
    throw start.reason;
  }
  const idle = [...lanes];
  return {
    atOnce,
    notRun: new Map(),
    async make(plan) {
      const lane = idle.pop();
      if (lane === undefined) throw new Error(`more than ${atOnce} runs at once`);
      const pair = plan.replicated === true ? await kind.startReplicated?.() : undefined;
      if (pair !== undefined) replicated.add(pair);
      return new ServerSite(kind, plan, lane, pair, async () => {
        await pair?.stop();
        if (pair !== undefined) replicated.delete(pair);
        idle.push(lane);
      });
    },
    close,
  };
}

class ServerSite implements Site {
  readonly store: StorePlace;
  readonly #kind: ServerKind;
  readonly #lane: Lane;
  readonly #pair: ReplicatedServer | undefined;
  readonly #plan: RunPlan;
  readonly #done: () => Promise<void>;

  constructor(
    kind: ServerKind,
    plan: RunPlan,
    lane: Lane,
    pair: ReplicatedServer | undefined,
    done: () => Promise<void>,
  ) {
    this.#kind = kind;
    this.#lane = lane;
    this.#pair = pair;
    this.#plan = plan;
    this.#done = done;
    lane.proxy.setTarget(pair?.url ?? lane.server.url);
    this.store = { kind: 'server', ...kind.place(plan, lane.proxy.url) };
  }

  strike({ server = {} }: Phase, struck: Struck): () => Promise<void> {
    const { outages, network, disturbance, failover } = server;
    const over = new AbortController();
    if (this.#plan.serializable === true) struck('serializable');
    const calm =
      network === undefined ? undefined : troubleNetwork(this.#lane.proxy, network, drawFrom(this.#plan.seed), struck);
    const going = Promise.allSettled([
      outages === undefined ? undefined : this.#outages(outages, struck, over.signal),
      disturbance === undefined ? undefined : this.#disturb(disturbance, struck, over.signal),
      failover === undefined ? undefined : this.#failOver(failover, struck, over.signal),
    ]);
    return async () => {
      calm?.();
      over.abort();
      for (const end of await going) if (end.status === 'rejected') throw end.reason;
    };
  }

  heal(): void {
    // What was left in silence would stay so.
    this.#lane.proxy.cut();
  }

  async clear(): Promise<void> {
    this.#lane.proxy.cut();
    await this.#done();
  }

  async #outages(outages: NonNullable<ServerFaults['outages']>, struck: Struck, over: AbortSignal): Promise<void> {
    const { server } = this.#lane;
    for (const { how, afterMs, forMs } of outages) {
      await pause(afterMs, over);
      if (over.aborted) return;
      await server.kill(how === 'server-kill' ? 'SIGKILL' : this.#kind.stopSignal);
      struck(how);
      await pause(forMs, over);
      await server.restart();
    }
  }

  async #disturb(
    { what, everyMs }: NonNullable<ServerFaults['disturbance']>,
    struck: Struck,
    over: AbortSignal,
  ): Promise<void> {
    const disturber = this.#kind.disturber(this.#lane.server, what);
    try {
      while (!over.aborted) {
        if ((await disturber.disturb()) > 0) struck(what);
        await pause(everyMs, over);
      }
    } finally {
      await disturber.end();
    }
  }

  async #failOver(
    { deafAfterMs, lostAfterMs }: NonNullable<ServerFaults['failover']>,
    struck: Struck,
    over: AbortSignal,
  ): Promise<void> {
    if (this.#pair === undefined) throw new Error('a failover was planned, and there is no replica');
    // At once when the plan says so: the first claim must not reach the replica.
    if (deafAfterMs > 0) await pause(deafAfterMs, over);
    this.#pair.cutOff();
    await pause(lostAfterMs === undefined ? undefined : lostAfterMs - deafAfterMs, over);
    await this.#pair.failOver(this.#lane.proxy);
    struck('failover');
  }
}

/** @param ms - undefined: until it is over. */
async function pause(ms: number | undefined, over: AbortSignal): Promise<void> {
  await sleep(ms ?? 2 ** 31 - 1, undefined, { signal: over }).catch(() => undefined);
}

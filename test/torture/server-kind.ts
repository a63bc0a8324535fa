/** What tells one kind of server from another. */
import type { OpenStoreOptions } from 'mycelium-runtime/store';
import type { FaultProxy } from '../services/proxy.js';
import type { ServerHandle } from '../services/server-process.js';
import type { Disturbance, RunPlan } from './run-plan.js';

/** A primary whose replica can take its place. */
export interface ReplicatedServer {
  readonly url: string;
  /** From now on the replica hears nothing. */
  cutOff(): void;
  /** The primary is lost; the replica takes its place and gets what was the primary as its replica. */
  failOver(clients: FaultProxy): Promise<void>;
  stop(): Promise<void>;
}

/** Does one thing to a server, again and again. */
export interface Disturber {
  /** @returns how many it hit. */
  disturb(): Promise<number>;
  end(): Promise<void>;
}

export interface ServerKind {
  /** How many servers at most, each with one run at a time. */
  readonly atOnce: number;
  /** Ends a server properly, whoever is connected. */
  readonly stopSignal: NodeJS.Signals;
  start(): Promise<ServerHandle>;
  /** Undefined where replicas are not our concern. */
  startReplicated?(): Promise<ReplicatedServer>;
  /** Where the store of a run is, which it shares with nobody. @param url - of the proxy before the server. */
  place(plan: RunPlan, url: string): { readonly url: string; readonly options: OpenStoreOptions };
  /** @throws Error for what cannot be done to this kind of server. */
  disturber(server: ServerHandle, what: Disturbance): Disturber;
}

/** How long a store waits for a connection or an answer, in milliseconds: silence is met several times in a life. */
export const STORE_TIMEOUT_MS = 1_000;

/** What happens in one run. */
import type { Break, Job, Life, Settings } from './order.js';

/** Where the records are. */
export type StoreKind = 'file' | 'memory' | 'redis' | 'postgres';

/**
 * What the network does to what a client sends: ends its connection before, after or in the middle of the reply;
 * says nothing any more, with the request delivered or not; delivers it twice; or brings the reply when the lease is
 * over.
 */
export type NetworkFault =
  | 'cut-before'
  | 'cut-after'
  | 'cut-reply'
  | 'swallow-request'
  | 'swallow-reply'
  | 'duplicate'
  | 'late-reply';

/** What somebody with the rights to do it does to a server that goes on. */
export type Disturbance = 'script-flush' | 'subscriber-kill' | 'backend-terminate' | 'statement-cancel';

/** What befalls a server, and the way to it, while the lives of a phase are lived. All durations in milliseconds. */
export interface ServerFaults {
  /** It ends after having been up for so long, and is started again; one after the other. */
  readonly outages?: readonly {
    readonly how: 'server-kill' | 'server-stop';
    readonly afterMs: number;
    readonly forMs: number;
  }[];
  /** The chance of each thing that a client sends to meet one of these. */
  readonly network?: { readonly faults: readonly NetworkFault[]; readonly chance: number };
  readonly disturbance?: { readonly what: Disturbance; readonly everyMs: number };
  /** From one instant on its replica hears nothing; then it is lost, and the replica takes its place. */
  readonly failover?: {
    readonly deafAfterMs: number;
    /** Absent: when all lives are over. */
    readonly lostAfterMs?: number;
  };
}

/** Lives that are lived at the same time. */
export interface Phase {
  readonly lives: readonly Life[];
  /** All of them end so many milliseconds after their start, and what was not flushed is gone. */
  readonly powerLossAfterMs?: number;
  readonly server?: ServerFaults;
}

/** One run. */
export interface RunPlan {
  readonly name: string;
  readonly seed: number;
  readonly scenario: string;
  readonly jobs: readonly Job[];
  readonly settings: Settings;
  readonly phases: readonly Phase[];
  /** Nobody is killed, stopped or cut off for longer than a lease. */
  readonly everyoneLives: boolean;
  /** How large the disk is that the log lies on, in bytes. Absent: the machine's. */
  readonly diskBytes?: number;
  /** Whether the way to the store delays, loses, doubles and holds up what is sent. Only for memory stores. */
  readonly unreliableWay?: true;
  /** Redis: a replica is there, and whoever writes waits until it has what was written. */
  readonly replicated?: true;
  /** Postgres: the database makes every transaction serializable unless it says otherwise. */
  readonly serializable?: true;
  /** Also in a run of a harness that has every protection: then the run is a control, in which the loss must show. */
  readonly broken?: Break;
}

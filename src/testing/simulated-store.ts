import { StoreUnavailableError } from '../errors/store.js';
import type { RecordKey, Store } from '../store/contract.js';
import { memoryStore } from '../store/memory.js';
import type { ManualClock } from './manual-clock.js';
import { type Random, seededRandom } from './seeded-random.js';

/**
 * What can happen to a call on its way.
 * - `delayed`: it applies and answers, but takes its time.
 * - `lostBefore`: it never applies; the caller sees an error.
 * - `lostAfter`: it applies; the caller sees an error.
 * - `duplicated`: it applies and answers, and applies once more later.
 * - `answeredLate`: it applies at once; the answer comes long after any deadline.
 * - `lateLanding`: the caller sees an error; it applies long after that.
 * - `wokenEarly`: a `watch` resolves although nothing moved.
 * - `neverWoken`: a `watch` misses every move and ends only with its signal.
 */
export type SimulatedFault = (typeof simulatedFaults)[number];

/** Every kind of fault, in the order in which the generator weighs them. */
export const simulatedFaults: readonly [
  'delayed',
  'lostBefore',
  'lostAfter',
  'duplicated',
  'answeredLate',
  'lateLanding',
  'wokenEarly',
  'neverWoken',
] = ['delayed', 'lostBefore', 'lostAfter', 'duplicated', 'answeredLate', 'lateLanding', 'wokenEarly', 'neverWoken'];

/** How a simulation is set up. */
export interface SimulatedStoreOptions {
  /** The same seed, clock and calls give the same history. */
  readonly seed: number;
  /** Judges leases and carries every delay. */
  readonly clock: ManualClock;
  /**
   * What happens to calls: either the probability of each fault, from 0 to 1, of which a call suffers at
   * most one; or one fault (or none) per call in the order of the calls, which a property test can shrink.
   */
  readonly faults?: Readonly<Partial<Record<SimulatedFault, number>>> | readonly (SimulatedFault | undefined)[];
  /** Every way, there and back, takes 0 to this many milliseconds. @default 0, which answers at once */
  readonly latency?: number;
  /** The most that a `delayed` way takes, and the most between a duplicate and its original, in milliseconds. @default 2_000 */
  readonly delay?: number;
  /** A late answer or landing comes after one to two times this many milliseconds. @default 30_000 */
  readonly late?: number;
  /** How many partitions the store has. @default 16 */
  readonly partitions?: number;
}

/** One line of what happened. */
export interface SimulatedEvent {
  /** Milliseconds the clock had run. */
  readonly at: number;
  /** Which call, counted from 1. */
  readonly call: number;
  readonly method: 'transact' | 'renew' | 'list' | 'watch';
  readonly event: 'sent' | 'applied' | 'refused' | 'applied again' | 'lost' | 'answered' | 'error seen';
  readonly fault?: SimulatedFault;
  /** Which records, and for transactions the nonce. */
  readonly what: string;
}

/** A store between which and its callers lies an unreliable way. */
export interface SimulatedStore extends Store {
  /** What is really stored, reached without faults. */
  readonly truth: Store;
  /** Everything that happened, in order. */
  readonly history: readonly SimulatedEvent[];
  /** The history as text, one line per event, for the message of a failed test. */
  describeHistory(): string;
  /** How often each fault struck. */
  readonly struck: Readonly<Record<SimulatedFault, number>>;
  /** How many calls have yet to land or to be answered, watches not counted. */
  readonly inFlight: number;
  /** From now on no new call suffers a fault; what is under way stays under way. */
  calm(): void;
}

/**
 * A memory store behind an unreliable way, for tests of what is built on a store: whatever the way does,
 * the promises made to callers must hold. Everything is decided by the seed and happens on the clock.
 */
export function simulatedStore(options: SimulatedStoreOptions): SimulatedStore {
  return new Simulation(options);
}

type Method = SimulatedEvent['method'];

class Simulation implements SimulatedStore {
  readonly description = 'simulated';
  readonly durability = 'process';
  readonly partitions: number;
  readonly truth: Store;
  readonly history: SimulatedEvent[] = [];
  readonly struck: Record<SimulatedFault, number>;
  inFlight = 0;

  readonly #clock: ManualClock;
  readonly #random: Random;
  readonly #options: SimulatedStoreOptions;
  #calm = false;
  #closed = false;
  #calls = 0;

  constructor(options: SimulatedStoreOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#random = seededRandom(options.seed);
    this.truth = memoryStore({
      clock: () => options.clock.now(),
      ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
    });
    this.partitions = this.truth.partitions;
    this.struck = Object.fromEntries(simulatedFaults.map((fault) => [fault, 0])) as Record<SimulatedFault, number>;
  }

  transact(...[transaction, nonce]: Parameters<Store['transact']>): ReturnType<Store['transact']> {
    const sent = structuredClone(transaction);
    const keys = new Set([...sent.expect, ...sent.write].map(({ key }) => nameOf(key)));
    for (const key of sent.remove ?? []) keys.add(`${nameOf(key)} removed`);
    const apply = () => this.truth.transact(sent, nonce);
    return this.#carry('transact', `${nonce} [${[...keys].join(', ')}]`, apply, ({ ok }) =>
      ok ? 'applied' : 'refused',
    );
  }

  renew(...[renewals]: Parameters<Store['renew']>): ReturnType<Store['renew']> {
    const sent = structuredClone(renewals);
    const what = sent.map(({ key, fence }) => `${nameOf(key)} fence ${fence}`).join(', ');
    return this.#carry(
      'renew',
      what,
      () => this.truth.renew(sent),
      () => 'applied',
    );
  }

  list(...[query]: Parameters<Store['list']>): ReturnType<Store['list']> {
    const sent = structuredClone(query);
    return this.#carry(
      'list',
      sent.kind,
      () => this.truth.list(sent),
      () => 'applied',
    );
  }

  async watch(key: RecordKey, revision: string | undefined, signal: AbortSignal): Promise<void> {
    const call = ++this.#calls;
    const fault = this.#faultOf('watch');
    const note = (event: SimulatedEvent['event']): void => this.#note(call, 'watch', event, fault, nameOf(key));
    note('sent');
    if (fault === 'wokenEarly') await Promise.race([this.#way(1 + this.#upTo(this.#delay)), aborted(signal)]);
    else if (fault === 'neverWoken') await aborted(signal);
    else await this.truth.watch(key, revision, signal);
    note('answered');
  }

  async close(options?: { readonly drain?: boolean }): Promise<void> {
    this.#closed = true;
    await this.truth.close(options);
  }

  calm(): void {
    this.#calm = true;
  }

  describeHistory(): string {
    return this.history
      .map(
        ({ at, call, method, event, fault, what }) =>
          `${at} ms  #${call} ${method} ${event}${fault === undefined ? '' : ` (${fault})`}: ${what}`,
      )
      .join('\n');
  }

  async #carry<Answer>(
    method: Method,
    what: string,
    apply: () => Promise<Answer>,
    outcome: (answer: Answer) => 'applied' | 'refused',
  ): Promise<Answer> {
    const call = ++this.#calls;
    const fault = this.#faultOf(method);
    const note = (event: SimulatedEvent['event']): void => this.#note(call, method, event, fault, what);
    const applyNow = async (): Promise<Answer> => {
      const answer = await apply();
      note(outcome(answer));
      return answer;
    };
    // Drawn before anything waits, so that the order of the draws is the order of the calls.
    const there = this.#upTo(fault === 'delayed' ? this.#delay : this.#latency);
    const back = this.#upTo(fault === 'delayed' ? this.#delay : this.#latency);
    const lag = this.#upTo(this.#delay);
    const lateness = (this.#options.late ?? 30_000) * (1 + this.#random());
    note('sent');
    this.inFlight++;
    try {
      await this.#way(there);
      if (fault === 'lostBefore') {
        note('lost');
        await this.#way(back);
        throw this.#unknown(method, note);
      }
      if (fault === 'lateLanding') {
        this.#landLater(lateness, async () => void (await applyNow()));
        await this.#way(back);
        throw this.#unknown(method, note);
      }
      const answer = await applyNow();
      if (fault === 'duplicated') {
        this.#landLater(lag, async () => {
          await apply();
          note('applied again');
        });
      }
      await this.#way(fault === 'answeredLate' ? lateness : back);
      if (fault === 'lostAfter') throw this.#unknown(method, note);
      note('answered');
      return answer;
    } finally {
      this.inFlight--;
    }
  }

  #unknown(method: Method, note: (event: SimulatedEvent['event']) => void): StoreUnavailableError {
    note('error seen');
    return new StoreUnavailableError({ store: this.description, during: method, applied: 'unknown' });
  }

  #landLater(milliseconds: number, land: () => Promise<void>): void {
    this.inFlight++;
    this.#clock.schedule(() => {
      // What lands after the close finds no store, as it would find none in the world.
      land()
        .catch(() => {})
        .finally(() => this.inFlight--);
    }, milliseconds);
  }

  #way(milliseconds: number): Promise<void> {
    if (milliseconds === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#clock.schedule(resolve, milliseconds);
    });
  }

  #upTo(most: number): number {
    return Math.floor(this.#random() * (most + 1));
  }

  get #delay(): number {
    return this.#options.delay ?? 2_000;
  }

  get #latency(): number {
    return this.#options.latency ?? 0;
  }

  #faultOf(method: Method): SimulatedFault | undefined {
    const { faults = {} } = this.#options;
    let chance = this.#random();
    let chosen: SimulatedFault | undefined;
    if (isScript(faults)) chosen = faults[this.#calls - 1];
    else {
      for (const fault of simulatedFaults) {
        if (isForWatch(fault) !== (method === 'watch')) continue;
        chance -= faults[fault] ?? 0;
        if (chance < 0) {
          chosen = fault;
          break;
        }
      }
    }
    if (chosen === undefined || this.#calm || this.#closed || isForWatch(chosen) !== (method === 'watch'))
      return undefined;
    this.struck[chosen]++;
    return chosen;
  }

  #note(
    call: number,
    method: Method,
    event: SimulatedEvent['event'],
    fault: SimulatedFault | undefined,
    what: string,
  ): void {
    this.history.push({
      at: this.#clock.monotonic(),
      call,
      method,
      event,
      ...(fault === undefined ? {} : { fault }),
      what,
    });
  }
}

function isScript(
  faults: NonNullable<SimulatedStoreOptions['faults']>,
): faults is readonly (SimulatedFault | undefined)[] {
  return Array.isArray(faults);
}

function isForWatch(fault: SimulatedFault): boolean {
  return fault === 'wokenEarly' || fault === 'neverWoken';
}

function nameOf({ partition, kind, id }: RecordKey): string {
  return `${kind}/${partition}/${id}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type CallView,
  committed,
  type LedgerOptions,
  ledger,
  MyceliumError,
  NotExecutedError,
  notExecuted,
  ReleaseRefusedError,
  type ToolCall,
  unknown,
} from '../../src/index.js';
import { decodeCall, leaseHeld, type Seen } from '../../src/ledger/record.js';
import { EFFECT_CLASSES, type RecordedClass, standingOf } from '../../src/ledger/transition.js';
import { auditReceipts, checkReceipt, generateSigningKey, keyring, publicJwk } from '../../src/receipts/index.js';
import { type FaultPoint, onFaultPoint, WorkerLostError } from '../../src/testing/index.js';
import { type Worker, world } from './workers.js';

const { seed, signer } = generateSigningKey();
const keys = keyring([publicJwk(signer.publicKey)]);
const receipts = auditReceipts({ agent: 'settling', signingKey: seed });
const ada = { by: 'ada', reason: 'looked at the provider' };

/** What a reconciler says, for as long as nobody has it say something else. */
export type Says = 'committed' | 'not executed' | 'unknown' | 'throws';

export interface ToolPlan {
  readonly effect: RecordedClass;
  readonly boundary: 'implicit' | 'explicit';
  readonly says: Says | 'none';
  readonly window: boolean;
  readonly maxAttempts: boolean;
}

export interface BodyPlan {
  /** Before its effect, unless it is cancelled. */
  readonly takes: number;
  /** After its effect, whatever happens. */
  readonly lingers: number;
  readonly end: 'returns' | 'throws' | 'declines' | 'returns what cannot be kept';
}

export type Step =
  | {
      readonly do: 'dispatch';
      readonly worker: number;
      readonly tool: number;
      readonly amount: number;
      readonly body: BodyPlan;
      readonly lostAt?: FaultPoint | undefined;
    }
  | { readonly do: 'cancel'; readonly tool: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'cut off'; readonly worker: number; readonly away: boolean }
  | { readonly do: 'say'; readonly tool: number; readonly says: Says }
  | { readonly do: 'release'; readonly tool: number; readonly as: 'completed' | 'not-executed'; readonly with: boolean }
  /** A new version of the code declares another class. A read would be another identity, so it stays what it is. */
  | { readonly do: 'deploy'; readonly tool: number; readonly effect: Exclude<RecordedClass, 'read'> }
  | { readonly do: 'retire'; readonly tool: number }
  | { readonly do: 'erase'; readonly tool: number };

export interface Plan {
  readonly tools: readonly ToolPlan[];
  readonly steps: readonly Step[];
  /** What people find out in the end about a call that is blocked. */
  readonly found: 'completed' | 'not-executed';
  /** Who calls in the end has no key to sign receipts with, until it is told to get one. */
  readonly mute: boolean;
}

/** How often each state was met at the end of a sequence, and each way out taken. */
export type Met = Map<string, number>;

type Settle = (act: (home: Worker['home']) => Promise<CallView>) => Promise<CallView>;

type Pay = (input: { id: string; amount: number }, options?: { signal: AbortSignal }) => Promise<unknown>;

interface Under {
  readonly body: BodyPlan;
  lostAt: FaultPoint | undefined;
}

const under = new AsyncLocalStorage<Under>();

interface Identity {
  readonly name: string;
  readonly plan: ToolPlan;
  effect: RecordedClass;
  says: Says;
  bodies: number;
  cancel: AbortController;
}

const LEASE_MS = 30_000;
const MOST_ROUNDS = 8;
/** How the message of a blocked call names the next step, for a store that ends with the process. */
const RELEASE = /release ([0-9a-f]{8}) as completed or as not executed/;

/** Runs the sequence, and then takes every call to its end by nothing but what the messages say. @throws Error when one has none. */
export async function findWaysOut(plan: Plan, met: Met): Promise<void> {
  onFaultPoint((point) => {
    const here = under.getStore();
    if (here?.lostAt !== point) return;
    here.lostAt = undefined;
    throw new WorkerLostError(point);
  });
  try {
    const ways = new Ways(plan, met);
    await ways.run();
  } finally {
    onFaultPoint(undefined);
  }
}

class Ways {
  readonly #plan: Plan;
  readonly #met: Met;
  readonly #world = world();
  readonly #workers: readonly Worker[];
  readonly #identities: readonly Identity[];
  readonly #running = new Set<Promise<unknown>>();

  constructor(plan: Plan, met: Met) {
    this.#plan = plan;
    this.#met = met;
    this.#workers = [0, 1, 2].map(() => this.#world.worker({ receipts }));
    this.#identities = plan.tools.map((tool, at) => ({
      name: `${tool.effect}-${at}`,
      plan: tool,
      effect: tool.effect,
      says: tool.says === 'none' ? 'unknown' : tool.says,
      bodies: 0,
      cancel: new AbortController(),
    }));
  }

  async run(): Promise<void> {
    for (const step of this.#plan.steps) {
      await this.#take(step);
      await this.#checkReceipts();
    }
    for (const worker of this.#workers) worker.reach(true);
    for (const identity of this.#identities) await this.#wayOut(identity);
    await this.#checkReceipts();
    await this.#world.clock.advance(1_000_000);
    if (this.#running.size > 0) throw new Error(`${this.#running.size} calls never ended`);
  }

  #count(what: string): void {
    this.#met.set(what, (this.#met.get(what) ?? 0) + 1);
  }

  async #take(step: Step): Promise<void> {
    const { clock } = this.#world;
    const identity = this.#identities['tool' in step ? step.tool % this.#identities.length : 0] as Identity;
    switch (step.do) {
      case 'advance':
        return clock.advance(step.ms);
      case 'cut off':
        return this.#workers[step.worker]?.reach(!step.away);
      case 'dispatch': {
        const pay = this.#tool(this.#workers[step.worker] as Worker, identity);
        identity.cancel = new AbortController();
        const { signal } = identity.cancel;
        const call = under.run({ body: step.body, lostAt: step.lostAt }, () =>
          pay({ id: identity.name, amount: step.amount }, { signal }),
        );
        const followed: Promise<unknown> = call.catch(expected).finally(() => this.#running.delete(followed));
        this.#running.add(followed);
        return clock.settle();
      }
      case 'cancel':
        identity.cancel.abort(new Error('cancelled'));
        return clock.settle();
      case 'say':
        identity.says = step.says;
        return;
      case 'release':
        return this.#operate(identity, (id, home) =>
          home.release(
            id,
            step.as === 'not-executed'
              ? { ...ada, as: step.as }
              : step.with
                ? { ...ada, as: step.as, result: 'by hand' }
                : { ...ada, as: step.as, withoutResult: true },
          ),
        );
      case 'deploy':
        if (identity.effect !== 'read') identity.effect = step.effect;
        return;
      case 'retire':
        return this.#operate(identity, (id, home) => home.retire(id, ada));
      case 'erase':
        return this.#operate(identity, (id, home) => home.erase(id, ada));
    }
  }

  /** Somebody who tries what may be refused. */
  async #operate(identity: Identity, act: (id: string, home: Worker['home']) => Promise<unknown>): Promise<void> {
    const { home } = this.#world.worker({ receipts });
    const [call] = (await home.list({ tool: identity.name })).calls;
    if (call === undefined) return;
    await this.#world.clock.runUntil(
      act(call.id, home).catch((error: unknown) => {
        if ((error as MyceliumError).code !== 'RELEASE_REFUSED') throw error;
      }),
    );
  }

  #tool(worker: Worker, identity: Identity): Pay {
    const { effect } = identity;
    const { boundary, window, maxAttempts } = identity.plan;
    const options: LedgerOptions<'id'> = {
      name: identity.name,
      ledger: worker.home,
      idFrom: ['id'],
      boundary,
      lease: LEASE_MS,
      waitFor: 5_000,
      ...(effect === 'unclassified' ? {} : { effect }),
      ...(effect === 'read' ? { replayFor: '100d' } : {}),
      ...(effect === 'keyed_mutate' && window ? { keyValidFor: '5m' } : {}),
      ...(maxAttempts ? { maxAttempts: 2 } : {}),
      ...(identity.plan.says === 'none' ? {} : { reconcile: () => this.#verdict(identity) }),
    };
    return ledger(options)((_: { id: string; amount: number }, call) => this.#body(identity, call)) as Pay;
  }

  #verdict({ says }: Identity) {
    switch (says) {
      case 'committed':
        return committed('found');
      case 'not executed':
        return notExecuted('not in the book');
      case 'unknown':
        return unknown('the book is behind');
      case 'throws':
        throw new Error('the provider is away');
    }
  }

  async #body(identity: Identity, call: ToolCall): Promise<unknown> {
    identity.bodies += 1;
    const { takes, lingers, end } = (under.getStore() as Under).body;
    void call.idempotencyKey;
    if (takes > 0) {
      await new Promise<void>((resolve, reject) => {
        call.signal.addEventListener('abort', () => reject(call.signal.reason as Error));
        this.#world.clock.schedule(resolve, takes);
      });
    }
    if (end === 'declines') throw new NotExecutedError('declined');
    const value = await call.effect(() => (end === 'returns' ? `body ${identity.bodies}` : () => 'a function'));
    if (lingers > 0) await this.#world.sleep(lingers);
    if (end === 'throws') throw new Error('failed');
    return value;
  }

  async #seen(identity: Identity): Promise<{ seen: Seen; held: boolean } | undefined> {
    const stored = (await this.#world.stored()).find(({ index }) => index?.['tool'] === identity.name);
    if (stored === undefined) return undefined;
    return { seen: decodeCall(stored, 'the truth'), held: leaseHeld(stored, this.#world.clock.wall()) };
  }

  /** Calls again and again, doing what the messages say, until the call is settled. */
  async #wayOut(identity: Identity): Promise<void> {
    const { clock } = this.#world;
    const found = await this.#seen(identity);
    this.#count(`${standingOf(found?.seen.record, found?.held ?? false)}, ${identity.effect}`);
    if (found?.seen.record.resolution?.as === 'retired') this.#count('retired');
    if ((await this.#world.truth.list({ kind: 'evidence', limit: 1 })).records.length > 0) this.#count('evidence');
    let worker = this.#plan.mute ? this.#world.worker() : this.#world.worker({ receipts });
    const again = (amount: number): Promise<unknown> =>
      clock.runUntil(
        under.run({ body: { takes: 0, lingers: 0, end: 'returns' }, lostAt: undefined }, () =>
          this.#tool(worker, identity)({ id: identity.name, amount }),
        ),
      );
    /** What is refused for want of a key is done with one, as the message says. */
    const settle = async (act: (home: Worker['home']) => Promise<CallView>): Promise<CallView> => {
      try {
        return await clock.runUntil(act(worker.home));
      } catch (error) {
        const { code, remedy } = error as MyceliumError;
        if (code !== 'RELEASE_REFUSED' || !/the signing key/.test(remedy)) throw error;
        this.#count('way: with the signing key');
        worker = this.#world.worker({ receipts });
        return clock.runUntil(act(worker.home));
      }
    };
    let amount = 1;
    const said: string[] = [];
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const before = identity.bodies;
      const came = await again(amount).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      if ('value' in came) {
        this.#count(identity.bodies > before ? 'way: it ran' : 'way: its result was given');
        // Settled: whoever comes later is given the same, and nothing runs.
        const bodies = identity.bodies;
        if ((await again(amount)) !== came.value || identity.bodies !== bodies)
          throw new Error(`${identity.name}: a later caller was given another result`);
        return;
      }
      const { error } = came;
      if (!(error instanceof MyceliumError)) throw error;
      said.push(`${error.code} ${error.message}`);
      if (error.code === 'IDENTITY_CONFLICT' && error.remedy.startsWith('Use the first arguments')) {
        this.#count('way: the first arguments');
        amount = amount === 1 ? 2 : 1;
      } else if (error.code === 'CALL_IN_PROGRESS' && error.remedy.includes('Call again later')) {
        this.#count('way: waited');
        await clock.advance(LEASE_MS + 30_000);
      } else if (this.#plan.found === 'completed' && error.remedy.startsWith('Give this process the signing key')) {
        // Or it is released with the key: the other half of the plans does that.
        this.#count(`blocked: ${String(error.details['reason'])}`);
        this.#count('way: with the signing key');
        worker = this.#world.worker({ receipts });
      } else if (error.code === 'RESULT_NOT_REPLAYABLE') {
        await this.#settledWithoutResult(identity, settle, again);
        return;
      } else {
        await this.#release(settle, error);
      }
    }
    throw new Error(`${identity.name}: no way out after ${MOST_ROUNDS} rounds:\n${said.join('\n')}`);
  }

  /** Does what the message of a blocked call says, with the id that it says. */
  async #release(settle: Settle, error: MyceliumError): Promise<void> {
    const id = RELEASE.exec(error.remedy)?.[1];
    if (error.code !== 'LEDGER_BLOCKED' || id === undefined) throw error;
    this.#count(`blocked: ${String(error.details['reason'])}`);
    const { found } = this.#plan;
    try {
      await settle((home) =>
        home.release(id, found === 'completed' ? { ...ada, as: found, result: 'by hand' } : { ...ada, as: found }),
      );
    } catch (refused) {
      // Somebody else was quicker. That it is over, or being carried out, has to show when it is called again.
      if (!(refused instanceof ReleaseRefusedError)) throw refused;
      if (refused.remedy.startsWith('Wait for its lease')) return this.#world.clock.advance(LEASE_MS + 30_000);
      if (refused.remedy.startsWith('Nothing has to be done')) return;
      if (refused.remedy.includes('Or release it as completed')) {
        await settle((home) => home.release(id, { ...ada, as: 'completed', result: 'by hand' }));
        return this.#count('way: released as completed, for the evidence');
      }
      throw refused;
    }
    this.#count(`way: released as ${found}`);
  }

  /** It was carried out, and nothing runs; who wants it to run anew retires it. */
  async #settledWithoutResult(identity: Identity, settle: Settle, again: (amount: number) => Promise<unknown>) {
    this.#count('way: carried out, its result is not kept');
    const view = await settle(async (home) => {
      const [call] = (await home.list({ tool: identity.name })).calls;
      return home.retire((call as CallView).id, ada);
    });
    const bodies = identity.bodies;
    await again(1);
    if (view.phase !== 'aborted' || identity.bodies !== bodies + 1)
      throw new Error(`${identity.name}: a retired identity did not run`);
    this.#count('way: retired, and it ran');
  }

  /** No committed record without the receipt it owes, of this life or of one that was retired. */
  async #checkReceipts(): Promise<void> {
    const { truth } = this.#world;
    const [stored, retired, issued] = await Promise.all([
      this.#world.stored(),
      truth.list({ kind: 'retired', limit: 1_000 }),
      truth.list({ kind: 'receipt', limit: 1_000 }),
    ]);
    for (const { record, stored: at } of [...stored, ...retired.records].map((one) => decodeCall(one, 'the truth'))) {
      if (record.phase !== 'committed') continue;
      // Claimed by one that signs nothing, and so without a debt.
      if (this.#plan.mute && record.owesReceipt !== true) continue;
      const text = issued.records.find(({ key }) => key.id === record.receipt)?.value;
      const verdict = text === undefined ? undefined : checkReceipt(text, keys);
      if (verdict?.ok !== true) throw new Error(`${at.key.id} is committed without a receipt`);
      const { outcome, fence } = verdict.receipt;
      if (outcome !== 'committed' || fence !== record.fence)
        throw new Error(`${at.key.id} is committed under ${record.fence}, and its receipt says ${outcome} ${fence}`);
      this.#count('a committed record with its receipt');
    }
  }
}

const EXPECTED = [
  'LEDGER_BLOCKED',
  'CALL_IN_PROGRESS',
  'STORE_UNAVAILABLE',
  'COMPLETION_NOT_RECORDED',
  'LEASE_LOST',
  'IDENTITY_CONFLICT',
  'RESULT_NOT_REPLAYABLE',
  'NOT_EXECUTED',
];

function expected(error: unknown): void {
  if (error instanceof MyceliumError ? EXPECTED.includes(error.code) : error instanceof WorkerLostError) return;
  if (error instanceof Error && /^(failed|cancelled)$/.test(error.message)) return;
  throw error;
}

/** Every state that a sequence can leave behind, and every way out of it. */
export const TO_BE_MET: readonly string[] = [
  ...['absent', 'committed', 'not-executed', 'held', 'ambiguous-expired', 'intended-expired'].flatMap((standing) =>
    EFFECT_CLASSES.map((effect) => `${standing}, ${effect}`),
  ),
  // Of what is stricter, only after a deploy.
  ...EFFECT_CLASSES.map((effect) => `may-rerun, ${effect}`),
  'retired',
  'evidence',
  ...[
    'worker-lost',
    'ended-unknown',
    'key-window-over',
    'attempts-used-up',
    'reconciler-unsure',
    'verdict-refused',
    'class-changed',
    'receipt-owed',
  ].map((reason) => `blocked: ${reason}`),
  ...[
    'it ran',
    'its result was given',
    'the first arguments',
    'waited',
    'released as completed',
    'released as not-executed',
    'carried out, its result is not kept',
    'retired, and it ran',
    'with the signing key',
    'released as completed, for the evidence',
  ].map((way) => `way: ${way}`),
  'a committed record with its receipt',
];

import { LeaseLostError } from '../errors/call.js';
import { type ClockTimer, elapsed, type Instant } from '../store/process-clock.js';
import type { CallOptions, ToolCall } from '../tool/types.js';
import type { Claim } from './claim.js';
import type { Dispatch } from './dispatch.js';
import type { Engine } from './engine.js';
import { fault, faultsInUse } from './fault-points.js';
import { idempotencyKeyOf } from './identity.js';

/** A running attempt: what the body is given, and what it did with it. */
export class LiveCall {
  keyUsed = false;
  /** The caller has its answer, and the lease is kept for a completion that is still being written. */
  recordingGoesOn = false;
  readonly claim: Claim;
  /** By the real clock of the process, for the order of events within it. */
  readonly startedAt: number;
  readonly #engine: Engine;
  readonly #dispatch: Dispatch;
  /** Since the claim was sent: it cannot have been written earlier. */
  readonly #windowEndsInMs: number | undefined;
  readonly #claimSentAt: Instant;
  #controller: AbortController | undefined;
  #windowTimer: ClockTimer | undefined;
  #stopped: unknown;
  #windowOver: LeaseLostError | undefined;
  #bodyOver = false;
  #crossed: boolean;
  /** Effects that are about to start: the record may say so before we know that it does. */
  #starting = 0;
  readonly #forward = (): void => this.stop(this.#dispatch.signal?.reason);

  constructor(engine: Engine, dispatch: Dispatch, claim: Claim, windowEndsInMs: number | undefined) {
    this.#engine = engine;
    this.#dispatch = dispatch;
    this.claim = claim;
    this.startedAt = performance.now();
    this.#windowEndsInMs = windowEndsInMs;
    this.#claimSentAt = claim.confirmedAt;
    this.#crossed = claim.record.phase === 'attempting';
  }

  /** Whether the point of no return was passed, as far as anyone can tell. */
  get crossed(): boolean {
    return this.#crossed || this.#starting > 0;
  }

  /** From now on no effect starts: how the body ended is about to be recorded. */
  bodyEnded(): void {
    this.#bodyOver = true;
  }

  /** Aborts the body's signal. */
  stop(reason: unknown): void {
    this.#stopped ??= reason ?? new Error('aborted');
    this.#controller?.abort(this.#stopped);
  }

  /** Made when somebody asks: most bodies never do. */
  get signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal;
    const controller = new AbortController();
    this.#controller = controller;
    if (this.#stopped !== undefined) controller.abort(this.#stopped);
    const caller = this.#dispatch.signal;
    if (caller?.aborted === true) this.#forward();
    else caller?.addEventListener('abort', this.#forward, { once: true });
    this.claim.onLost((reason) => this.stop(reason));
    return controller.signal;
  }

  /** How long a keyed re-run may still send its key; undefined: it is no re-run. */
  get windowLeftMs(): number | undefined {
    if (this.#windowEndsInMs === undefined) return undefined;
    return this.#windowEndsInMs - elapsed(this.#engine.clock, this.#claimSentAt);
  }

  /** Ends a keyed re-run when the provider forgets the key. */
  watchWindow(): void {
    const left = this.windowLeftMs;
    if (left === undefined) return;
    this.#windowTimer = this.#engine.clock.after(Math.max(left, 0), () => this.#endWindow());
  }

  #endWindow(): void {
    // Kept apart: a body that was stopped for another reason before must not send a forgotten key either.
    this.#windowOver ??= new LeaseLostError({
      ...this.claim.reference,
      what: 'the provider no longer honours its idempotency key',
    });
    this.stop(this.#windowOver);
  }

  end(): void {
    this.#windowTimer?.cancel();
    this.#dispatch.signal?.removeEventListener('abort', this.#forward);
  }

  async effect<T>(fn: () => T | PromiseLike<T>): Promise<T> {
    await this.#begin();
    if (faultsInUse()) await fault('before-effect', this.context);
    const value = await fn();
    if (faultsInUse()) await fault('after-effect', this.context);
    return value;
  }

  /** @throws LeaseLostError unless an effect may start now. */
  async #begin(): Promise<void> {
    const { claim } = this;
    this.#refuseLateEffect();
    this.#starting += 1;
    try {
      if (this.#dispatch.policy.boundary === 'explicit') await claim.startEffect();
      else await claim.assertHeld();
      this.#refuseLateEffect();
      this.#crossed = true;
    } finally {
      this.#starting -= 1;
    }
  }

  #refuseLateEffect(): void {
    // A process that was stopped, or a machine that was suspended, comes here before its timer does.
    const left = this.windowLeftMs;
    if (left !== undefined && left <= 0) this.#endWindow();
    if (this.#stopped instanceof LeaseLostError) throw this.#stopped;
    if (this.#windowOver !== undefined) throw this.#windowOver;
    // A body that gave up on its own effect has been recorded by then, perhaps as one that did nothing.
    if (this.#bodyOver) throw new LeaseLostError({ ...this.claim.reference, what: 'its body has ended' });
  }

  get context(): { tool: string; id: string; fence: number } {
    return { tool: this.#dispatch.policy.tool, id: this.#dispatch.key.id, fence: this.claim.fence };
  }

  /** The second parameter of the body: the framework's own argument, untouched, with ours on top. */
  toolCall(options: CallOptions | undefined): ToolCall {
    const live = this;
    const { claim } = this;
    const key = idempotencyKeyOf(claim.key, claim.record.retiredThrough);
    return {
      __proto__: options ?? Object.prototype,
      requestId: claim.reference.requestId,
      fence: claim.fence,
      attempt: claim.record.attempts,
      get idempotencyKey() {
        live.keyUsed = true;
        return key;
      },
      get signal() {
        return live.signal;
      },
      effect: (fn: () => never) => live.effect(fn),
      recordExternalRef: (reference: string) => live.#recordExternalRef(reference),
    } as unknown as ToolCall;
  }

  async #recordExternalRef(externalRef: string): Promise<void> {
    const { claim } = this;
    await claim.fail((record) => ({ ...record, externalRef }), 'keep');
  }
}

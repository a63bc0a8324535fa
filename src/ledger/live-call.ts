import { LeaseLostError } from '../errors/call.js';
import type { ClockTimer } from '../store/process-clock.js';
import type { CallOptions, ToolCall } from '../tool/types.js';
import type { Claim } from './claim.js';
import type { Dispatch } from './dispatch.js';
import type { Engine } from './engine.js';
import { fault } from './fault-points.js';
import { idempotencyKeyOf } from './identity.js';

/** A running attempt: what the body is given, and what it did with it. */
export class LiveCall {
  /** Whether the point of no return was passed, as far as anyone can tell. */
  crossed: boolean;
  keyUsed = false;
  /** The caller has its answer, and the lease is kept for a completion that is still being written. */
  recordingGoesOn = false;
  readonly claim: Claim;
  readonly #engine: Engine;
  readonly #dispatch: Dispatch;
  readonly #windowEndsInMs: number | undefined;
  #controller: AbortController | undefined;
  #windowTimer: ClockTimer | undefined;
  #stopped: unknown;
  readonly #forward = (): void => this.stop(this.#dispatch.signal?.reason);

  constructor(engine: Engine, dispatch: Dispatch, claim: Claim, windowEndsInMs: number | undefined) {
    this.#engine = engine;
    this.#dispatch = dispatch;
    this.claim = claim;
    this.#windowEndsInMs = windowEndsInMs;
    this.crossed = claim.record.phase === 'attempting';
  }

  /** Aborts the body's signal. */
  stop(reason: unknown): void {
    this.#stopped ??= reason ?? new Error('aborted');
    this.#controller?.abort(this.#stopped);
  }

  /** Made when somebody asks: most bodies never do. */
  get signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal;
    const controller = (this.#controller = new AbortController());
    if (this.#stopped !== undefined) controller.abort(this.#stopped);
    const caller = this.#dispatch.signal;
    if (caller?.aborted === true) this.#forward();
    else caller?.addEventListener('abort', this.#forward, { once: true });
    this.claim.onLost((reason) => this.stop(reason));
    return controller.signal;
  }

  /** Ends a keyed re-run when the provider forgets the key. */
  watchWindow(): void {
    if (this.#windowEndsInMs === undefined) return;
    const { claim } = this;
    this.#windowTimer = this.#engine.clock.after(this.#windowEndsInMs, () =>
      this.stop(new LeaseLostError({ ...claim.reference, what: 'the provider no longer honours its idempotency key' })),
    );
  }

  end(): void {
    this.#windowTimer?.cancel();
    this.#dispatch.signal?.removeEventListener('abort', this.#forward);
  }

  async effect<T>(fn: () => T | PromiseLike<T>): Promise<T> {
    const { claim } = this;
    if (this.#stopped instanceof LeaseLostError) throw this.#stopped;
    if (this.#dispatch.policy.boundary === 'explicit') {
      await claim.startEffect();
      this.crossed = true;
    } else {
      await claim.assertHeld();
    }
    await fault('before-effect', this.context);
    const value = await fn();
    await fault('after-effect', this.context);
    return value;
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

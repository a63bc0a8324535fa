/// <reference lib="esnext.disposable" preserve="true" />
import { randomUUID } from 'node:crypto';
import { NotExecutedError } from '../errors/call.js';
import { UsageError } from '../errors/usage.js';
import type { LedgerHome } from '../tool/home.js';
import type { CallIdentity, CallOptions, ToolCall } from '../tool/types.js';
import { checkIdentity } from '../tool/with-call.js';
import { attempt } from './attempt.js';
import { warnOfRandom } from './call.js';
import { dispatchOf } from './dispatch.js';
import { heedEarlierClass } from './earlier-class.js';
import type { Engine } from './engine.js';
import type { LiveCall } from './live-call.js';
import type { LedgerOptions } from './options.js';
import { perform } from './perform.js';
import { checkOptions, resolvePolicy } from './policy.js';
import { replay } from './replay.js';

/** A call that was replayed: there is nothing to do. */
export interface Replayed<Value> extends AsyncDisposable {
  readonly gate: 'RETURN';
  readonly requestId: string;
  readonly result: Value;
}

/** A call that is yours to carry out, and to settle. */
export interface Begun<Value> extends AsyncDisposable {
  readonly gate: 'ALLOW';
  readonly requestId: string;
  /** What a body would be given. */
  readonly call: ToolCall;
  /** Before the effect, with `boundary: 'explicit'`: makes the attempt durable. @throws LeaseLostError */
  effectStarted(): Promise<void>;
  /** Records the result. @returns what later callers are given. @throws CompletionNotRecordedError */
  complete(value: Value): Promise<Value>;
  /** Records that it ended without one; `NotExecutedError` says that nothing happened. */
  fail(error: unknown): Promise<void>;
}

/** Options of `begin`: those of `ledger`, with a name. */
export type BeginOptions<Value> = LedgerOptions<string, readonly unknown[], Value> & { readonly name: string };

/** Opens a call for people who own their loop. */
export async function begin<Value>(
  engine: Engine,
  home: LedgerHome,
  options: BeginOptions<Value>,
  input: unknown,
  identity: CallIdentity & CallOptions,
): Promise<Begun<Value> | Replayed<Value>> {
  checkOptions(options as LedgerOptions, 'ledger');
  checkIdentity(identity, 'begin');
  const policy = resolvePolicy(options as LedgerOptions, 'ledger', {
    name: options.name,
    developmentName: undefined,
    positional: false,
  });
  const meant = dispatchOf(policy, home, { input, identity, options: identity }, home.store.partitions, {
    wallMs: engine.clock.wall(),
    random: randomUUID,
  });
  const dispatch = await heedEarlierClass(engine, meant);
  if (dispatch.identity.source === 'random') warnOfRandom(policy, engine);
  const { requestId } = dispatch.reference;
  return new Promise((resolve, reject) => {
    const performing = perform(engine, dispatch, (claim, windowLeftMs) =>
      attempt(
        engine,
        dispatch,
        claim,
        windowLeftMs,
        (live) =>
          new Promise((done, fail) =>
            resolve(new OpenCall<Value>(requestId, live, done, fail, () => performing.then(outcome))),
          ),
        () => true,
      ),
    );
    const outcome = async (answer: Awaited<typeof performing>): Promise<Value> =>
      answer.replayed ? ((await replay(dispatch, answer.seen)) as Value) : (answer.value as Value);
    performing.then(
      async (answer) => {
        // When the call was opened, this settles a promise that is settled already.
        if (!answer.replayed) return;
        try {
          resolve({
            gate: 'RETURN',
            requestId,
            result: await outcome(answer),
            [Symbol.asyncDispose]: async () => undefined,
          });
        } catch (error) {
          reject(error as Error);
        }
      },
      (error: unknown) => reject(error as Error),
    );
  });
}

class OpenCall<Value> implements Begun<Value> {
  readonly gate = 'ALLOW';
  readonly requestId: string;
  readonly call: ToolCall;
  readonly #live: LiveCall;
  readonly #done: (value: unknown) => void;
  readonly #fail: (error: unknown) => void;
  readonly #ended: () => Promise<Value>;
  #settled = false;

  constructor(
    requestId: string,
    live: LiveCall,
    done: (value: unknown) => void,
    fail: (error: unknown) => void,
    ended: () => Promise<Value>,
  ) {
    this.requestId = requestId;
    this.call = live.toolCall(undefined);
    this.#live = live;
    this.#done = done;
    this.#fail = fail;
    this.#ended = ended;
  }

  async effectStarted(): Promise<void> {
    await this.call.effect(() => undefined);
  }

  async complete(value: Value): Promise<Value> {
    this.#settle('complete');
    this.#done(value);
    return this.#ended();
  }

  async fail(error: unknown): Promise<void> {
    this.#settle('fail');
    this.#fail(error);
    try {
      await this.#ended();
    } catch (thrown) {
      if (thrown !== error) throw thrown;
    }
  }

  /** Left without a word: nothing happened if the effect had not begun, and otherwise nobody knows. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#settled) return;
    await this.fail(
      this.#live.crossed
        ? new Error('the call was left without complete or fail')
        : new NotExecutedError('the call was left before its effect began'),
    );
  }

  #settle(by: string): void {
    if (this.#settled)
      throw new UsageError({
        place: by,
        problem: 'the call is settled already',
        remedy: 'Call complete or fail once.',
      });
    this.#settled = true;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { printed } from '../boundary/describe.js';
import { type BoundaryIssue, ToolBoundaryError } from '../errors/boundary.js';
import { ToolRunExhaustedError } from '../errors/runner.js';
import type { CallOptions } from '../tool/types.js';
import { type OpenCall, openTurn } from '../transcript/calls.js';
import { isOf, isRefusal, speaksOf, type ToolAnswer, truthOf } from './answer.js';
import { type HeldBack, heldBack } from './held-back.js';
import { type RunnerPolicy, runnerPolicy, type ToolRunnerOptions, usage } from './options.js';
import { messagesOf } from './said.js';
import { ABORTED, CallSignals, untilAborted } from './signals.js';

export type { CallableTools } from './options.js';

/**
 * Asks a model to go on.
 *
 * @param messages - the conversation so far, in a list of its own: what is done to the list changes nothing.
 * @returns what it said, as one message or several, in the format of the conversation; not the conversation again.
 */
export type Model<Message> = (
  messages: Message[],
  options: { readonly signal: AbortSignal | undefined },
) => Message | readonly Message[] | PromiseLike<Message | readonly Message[]>;

/** A turn whose calls all have their results. */
export interface AnsweredTurn<Message> {
  /** A provider takes them as they are. Messages that were there before are the same objects. */
  readonly messages: Message[];
  /** One for each call, in the order of the calls; of a whole run, one turn after the other. */
  readonly answers: readonly ToolAnswer[];
}

/** A conversation that came to an end. */
export interface FinishedRun<Message> extends AnsweredTurn<Message> {
  /** `answered`: the model calls nothing more. `aborted`: the signal ended it; every call has its result. */
  readonly ended: 'answered' | 'aborted';
  /** How often the model was asked. */
  readonly turns: number;
}

/**
 * Runs what a model calls: all calls of a turn at once, each by itself, each answered exactly once and in order, so that
 * the conversation stays one that the provider takes, whatever happens to a tool.
 *
 * A call that somebody has to approve, in formats that have a word for it, runs only when it was approved.
 *
 * @throws UsageError for options that make no sense.
 * @example
 * ```ts
 * import { ToolRegistry } from 'mycelium-runtime/boundary';
 * import { ToolRunner } from 'mycelium-runtime/runner';
 *
 * const runner = new ToolRunner({ tools: new ToolRegistry({ add: async ({ a, b }: { a: number; b: number }) => a + b }) });
 * const call = { id: 'c1', type: 'function', function: { name: 'add', arguments: '{"a":1,"b":2}' } };
 * const { messages } = await runner.answer([
 *   { role: 'user', content: 'What is 1 + 2?' },
 *   { role: 'assistant', content: null, tool_calls: [call] },
 * ]);
 * messages[2]; // → { role: 'tool', tool_call_id: 'c1', content: '3' }
 * ```
 */
export class ToolRunner {
  readonly #policy: RunnerPolicy;

  constructor(options: ToolRunnerOptions) {
    this.#policy = runnerPolicy(options);
  }

  /**
   * Runs the calls that the model made last, and puts their results behind them. It throws nothing that a tool does: a
   * call that is refused, denied, fails or is aborted is answered with that. A tool that does not heed the signal is not
   * waited for; whether it was carried out is then said to be unknown.
   *
   * @param messages - in any format of `mycelium-runtime/transcript`; not changed.
   * @param options - `signal`: ends what is under way.
   * @throws UsageError when the messages are no list.
   */
  async answer<Messages extends readonly unknown[]>(
    messages: Messages,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<AnsweredTurn<Messages[number]>> {
    if (!Array.isArray(messages))
      throw usage('runner.answer(messages)', 'is no list', 'Pass the messages of the conversation.');
    const turn = openTurn(messages as unknown as Messages, this.#policy.format);
    if (turn.calls.length === 0) return { messages: [...messages], answers: [] };
    const held = turn.calls.map(heldBack(messages, turn.format));
    const answers = await this.#runAll(turn.calls, held, options.signal);
    return {
      messages: turn.answer(
        answers.map((answer, at) => truthOf(answer, this.#ownName(answer.name), held[at], this.#policy.describe)),
      ),
      answers,
    };
  }

  /**
   * Lets the model and its tools take turns until the model calls nothing more. A model whose call was refused is told
   * what to mend, and may call whatever it then thinks right.
   *
   * @param conversation - `messages` to begin with; `model`: asks it; `signal`: ends the run after answering what is
   *   open, and does not wait for a model that does not heed it.
   * @throws ToolRunExhaustedError with the conversation, when the model does not mend its calls or does not come to an
   *   end. What `model` throws, to whom the conversation was handed. UsageError when it gives what is no message.
   */
  async run<Message>(conversation: {
    readonly messages: readonly Message[];
    readonly model: Model<Message>;
    readonly signal?: AbortSignal | undefined;
  }): Promise<FinishedRun<Message>> {
    const { model, signal } = conversation;
    if (typeof model !== 'function')
      throw usage('runner.run({ model })', 'is no function', 'Write async (messages) => …, which asks the model.');
    let messages: Message[] = conversation.messages as Message[];
    const all: ToolAnswer[] = [];
    let refusedTurns = 0;
    for (let turns = 0; ; turns += 1) {
      const answered = await this.answer(messages, { signal });
      messages = answered.messages;
      all.push(...answered.answers);
      if (isOver(signal)) return { messages, answers: all, ended: 'aborted', turns };
      if (turns > 0 && answered.answers.length === 0) return { messages, answers: all, ended: 'answered', turns };
      const refused = answered.answers.filter(({ error }) => isRefusal(error));
      refusedTurns = refused.length === 0 ? 0 : refusedTurns + 1;
      if (refusedTurns > this.#policy.maxLlmRetries)
        throw this.#exhausted('retries', this.#policy.maxLlmRetries, refused, messages);
      if (turns === this.#policy.maxTurns) throw this.#exhausted('turns', this.#policy.maxTurns, refused, messages);
      const asked = [...messages];
      let said: Message | readonly Message[];
      try {
        said = await untilAborted(() => model(asked, { signal }), signal);
      } catch (error) {
        if (!isOver(signal)) throw error;
        // Every call so far has its result: this is where the conversation can go on.
        return { messages, answers: all, ended: 'aborted', turns: turns + 1 };
      }
      messages = [...messages, ...messagesOf(said, messages, this.#policy.format)];
    }
  }

  async #runAll(
    calls: readonly OpenCall[],
    held: readonly (HeldBack | undefined)[],
    signal: AbortSignal | undefined,
  ): Promise<ToolAnswer[]> {
    const answers = new Array<ToolAnswer>(calls.length);
    const signals = new CallSignals(signal);
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let at = next++; at < calls.length; at = next++)
        answers[at] = await this.#runOne(calls[at]!, held[at], signals.next());
    };
    try {
      await Promise.all(Array.from({ length: Math.min(this.#policy.concurrency, calls.length) }, worker));
    } finally {
      signals.close();
    }
    return answers;
  }

  async #runOne(call: OpenCall, held: HeldBack | undefined, signal: AbortSignal | undefined): Promise<ToolAnswer> {
    const { id, name } = call;
    if (held !== undefined && held.because !== 'incomplete') return { id, name, status: 'denied', attempts: 0 };
    const input = inputOf(call);
    if (held !== undefined || input === undefined)
      return { id, name, status: 'refused', error: unreadable(name, held), attempts: 0 };
    let again: { error?: unknown } = {};
    for (let attempts = 0; ; ) {
      if (isOver(signal)) return { id, name, status: 'aborted', ...again, attempts };
      attempts += 1;
      try {
        const running = () => this.#policy.tools.execute(name ?? '', input.value, callOptions(id, signal));
        const value = await untilAborted(running, signal);
        return { id, name, status: 'completed', value, attempts };
      } catch (error) {
        if (error === ABORTED || isAbort(error, signal)) return { id, name, status: 'aborted', attempts };
        const own = isOf(error, ToolBoundaryError) && speaksOf(error, this.#ownName(name)) ? error.ran : undefined;
        if (own === 'no' && attempts === 1) return { id, name, status: 'refused', error, attempts: 0 };
        if (own !== 'again' || attempts > this.#policy.maxToolRetries)
          return { id, name, status: 'failed', error, attempts };
        again = { error };
        await this.#pause(attempts, signal);
      }
    }
  }

  #ownName(name: string | undefined): string | undefined {
    return name === undefined ? undefined : (this.#policy.tools.durableName?.(name) ?? name);
  }

  /** Ends early when the signal aborts. */
  async #pause(attempts: number, signal: AbortSignal | undefined): Promise<void> {
    const longest = Math.min(Math.max(LONGEST_PAUSE_MS, this.#policy.backoffMs), LONGEST_TIMER_MS);
    const pause = Math.min(this.#policy.backoffMs * 2 ** (attempts - 1), longest);
    await sleep(pause, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }

  #exhausted(
    why: 'retries' | 'turns',
    limit: number,
    refused: readonly ToolAnswer[],
    messages: readonly unknown[],
  ): ToolRunExhaustedError {
    const issues = refused.flatMap(({ error }): readonly BoundaryIssue[] => (isRefusal(error) ? error.issues : []));
    const tools = [...new Set(refused.map(({ name }) => name ?? 'a tool'))];
    return new ToolRunExhaustedError({ why, limit, tools, messages, issues });
  }
}

const LONGEST_PAUSE_MS = 60_000;
/** A longer one would be over at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function isOver(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** What a tool throws that heeds the signal. */
function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted !== true) return false;
  return error === signal.reason || (isOf(error, Error) && error.name === 'AbortError');
}

function callOptions(id: string | undefined, signal: AbortSignal | undefined): CallOptions {
  return {
    ...(id === undefined ? {} : { toolCallId: id }),
    ...(signal === undefined ? {} : { abortSignal: signal }),
  };
}

/** Undefined where they are no JSON. Some models write nothing at all for a tool without arguments. */
function inputOf({ input, isReadable }: OpenCall): { readonly value: unknown } | undefined {
  if (isReadable) return { value: input };
  return typeof input === 'string' && input.trim() === '' ? { value: {} } : undefined;
}

function unreadable(name: string | undefined, held: HeldBack | undefined): ToolBoundaryError {
  const issue = {
    path: '',
    code: 'type' as const,
    expected: 'the arguments as a JSON object',
    hint: held === undefined ? 'They are no JSON.' : 'They did not arrive whole.',
  };
  return new ToolBoundaryError({ tool: printed(name ?? 'the tool'), phase: 'input', issues: [issue], ran: 'no' });
}

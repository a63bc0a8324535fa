import type { BoundaryIssue } from '../errors/boundary.js';
import { ToolRunExhaustedError } from '../errors/runner.js';
import { eventRun } from '../tool/event-run.js';
import { emit } from '../tool/events.js';
import { type OpenCall, openTurn } from '../transcript/calls.js';
import { isRefusal, type ToolAnswer } from './answer.js';
import { type HeldBack, heldBack } from './held-back.js';
import { type RunnerPolicy, runnerPolicy, type ToolRunnerOptions, usage } from './options.js';
import { type Answered, isOver, runCall } from './run-call.js';
import { messagesOf } from './said.js';
import { CallSignals, untilAborted } from './signals.js';

export type { CallableTools, ToolRunnerOptions } from './options.js';

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
    const answered = await this.#runAll(turn.calls, held, options.signal);
    return {
      messages: turn.answer(answered.map(({ truth }) => truth)),
      answers: answered.map(({ answer }) => answer),
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
      if (isOver(signal)) return finished({ messages, answers: all, ended: 'aborted', turns });
      if (turns > 0 && answered.answers.length === 0)
        return finished({ messages, answers: all, ended: 'answered', turns });
      const refused = answered.answers.filter(({ error }) => isRefusal(error));
      refusedTurns = refused.length === 0 ? 0 : refusedTurns + 1;
      if (refusedTurns > this.#policy.maxLlmRetries)
        throw exhausted({ why: 'retries', limit: this.#policy.maxLlmRetries, turns, refused, messages });
      if (turns === this.#policy.maxTurns)
        throw exhausted({ why: 'turns', limit: this.#policy.maxTurns, turns, refused, messages });
      const asked = [...messages];
      let said: Message | readonly Message[];
      try {
        said = await untilAborted(() => model(asked, { signal }), signal);
      } catch (error) {
        if (!isOver(signal)) throw error;
        // Every call so far has its result: this is where the conversation can go on.
        return finished({ messages, answers: all, ended: 'aborted', turns: turns + 1 });
      }
      messages = [...messages, ...messagesOf(said, messages, this.#policy.format)];
    }
  }

  async #runAll(
    calls: readonly OpenCall[],
    held: readonly (HeldBack | undefined)[],
    signal: AbortSignal | undefined,
  ): Promise<Answered[]> {
    const answers = new Array<Answered>(calls.length);
    const signals = new CallSignals(signal);
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let at = next++; at < calls.length; at = next++)
        answers[at] = await runCall(this.#policy, calls[at]!, held[at], signals.next());
    };
    try {
      await Promise.all(Array.from({ length: Math.min(this.#policy.concurrency, calls.length) }, worker));
    } finally {
      signals.close();
    }
    return answers;
  }
}

function finished<Message>(run: FinishedRun<Message>): FinishedRun<Message> {
  const { ended, turns } = run;
  emit('mycelium:run-ended', () => ({ ended, turns, ...eventRun() }));
  return run;
}

function exhausted(facts: {
  readonly why: 'retries' | 'turns';
  readonly limit: number;
  readonly turns: number;
  readonly refused: readonly ToolAnswer[];
  readonly messages: readonly unknown[];
}): ToolRunExhaustedError {
  const { why, limit, turns, refused, messages } = facts;
  emit('mycelium:run-ended', () => ({ ended: 'exhausted' as const, turns, ...eventRun() }));
  const issues = refused.flatMap(({ error }): readonly BoundaryIssue[] => (isRefusal(error) ? error.issues : []));
  const tools = [...new Set(refused.map(({ name }) => name ?? 'a tool'))];
  return new ToolRunExhaustedError({ why, limit, tools, messages, issues });
}

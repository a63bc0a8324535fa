import { setTimeout as sleep } from 'node:timers/promises';
import { parseDuration } from '../encoding/duration.js';
import { type BoundaryIssue, ToolBoundaryError } from '../errors/boundary.js';
import { ToolRunExhaustedError } from '../errors/runner.js';
import { UsageError } from '../errors/usage.js';
import type { CallOptions } from '../tool/types.js';
import { type OpenCall, openTurn } from '../transcript/calls.js';
import type { TranscriptFormat } from '../transcript/graph.js';
import { type DescribeError, describeToolError, isRefusal, type ToolAnswer, truthOf } from './answer.js';

/** What tools are called through: a `ToolRegistry`, or a view of one. */
export interface CallableTools {
  execute(name: string, input: unknown, call?: CallOptions): Promise<unknown>;
}

/** How tools are run for a model. */
export interface ToolRunnerOptions {
  /** What may be called, by name. */
  readonly tools: CallableTools;
  /** How many turns in a row a model may get to mend calls that were refused. @default 2 */
  readonly maxLlmRetries?: number;
  /**
   * How often a tool runs again for one call when what it gave back was of no use, and its class allows it (`read`,
   * `idempotent_mutate`). @default 2
   */
  readonly maxToolRetries?: number;
  /** The pause before a tool runs again, doubled each time. @default '200ms' */
  readonly backoff?: string | number;
  /** How many calls of a turn run at once. @default all */
  readonly concurrency?: number;
  /** After so many turns of the model the run is given up. @default 50 */
  readonly maxTurns?: number;
  /** @default 'auto' */
  readonly format?: 'auto' | TranscriptFormat;
  /** What a model is told of an error that a tool threw. @default its message, cut */
  readonly describeError?: DescribeError;
}

/** Asks a model to go on. @returns what it said, as one message or several, in the format of the conversation. */
export type Model<Message> = (
  messages: Message[],
  options: { readonly signal: AbortSignal | undefined },
) => Message | readonly Message[] | PromiseLike<Message | readonly Message[]>;

/** A turn whose calls all have their results. */
export interface AnsweredTurn<Message> {
  /** A provider takes them as they are. Messages that were there before are the same objects. */
  readonly messages: Message[];
  /** One for each call, in the order of the calls. */
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
  readonly #tools: CallableTools;
  readonly #maxLlmRetries: number;
  readonly #maxToolRetries: number;
  readonly #backoffMs: number;
  readonly #concurrency: number;
  readonly #maxTurns: number;
  readonly #format: 'auto' | TranscriptFormat;
  readonly #describe: DescribeError;

  constructor(options: ToolRunnerOptions) {
    const { tools, format = 'auto', describeError = describeToolError, backoff = '200ms' } = options;
    if (typeof tools?.execute !== 'function')
      throw new UsageError({
        place: 'new ToolRunner({ tools })',
        problem: 'is no registry',
        remedy: 'Pass new ToolRegistry({ … }), or mycelium.registry().',
      });
    this.#tools = tools;
    this.#maxLlmRetries = whole('maxLlmRetries', options.maxLlmRetries ?? 2, 0);
    this.#maxToolRetries = whole('maxToolRetries', options.maxToolRetries ?? 2, 0);
    this.#concurrency = whole('concurrency', options.concurrency ?? Number.MAX_SAFE_INTEGER, 1);
    this.#maxTurns = whole('maxTurns', options.maxTurns ?? 50, 1);
    this.#backoffMs = parseDuration(backoff, 'new ToolRunner({ backoff })');
    this.#format = format;
    this.#describe = describeError;
  }

  /**
   * Runs the calls that the model made last, and puts their results behind them. It throws nothing that a tool does: a
   * call that is refused, fails or is aborted is answered with that. A tool that does not heed the signal is not waited
   * for; whether it was carried out is then said to be unknown.
   *
   * @param messages - in any format of `mycelium-runtime/transcript`; not changed.
   * @param options - `signal`: ends what is under way.
   */
  async answer<Messages extends readonly unknown[]>(
    messages: Messages,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<AnsweredTurn<Messages[number]>> {
    const turn = openTurn(messages, this.#format);
    if (turn.calls.length === 0) return { messages: [...messages], answers: [] };
    const answers = await this.#runAll(turn.calls, options.signal);
    return { messages: turn.answer(answers.map((answer) => truthOf(answer, this.#describe))), answers };
  }

  /**
   * Lets the model and its tools take turns until the model calls nothing more. A model whose call was refused is told
   * what to mend, and may call whatever it then thinks right.
   *
   * @param conversation - `messages` to begin with; `model`: asks it; `signal`: ends the run after answering what is open.
   * @throws ToolRunExhaustedError with the conversation, when the model does not mend its calls or does not come to an
   *   end. What `model` throws.
   */
  async run<Message>(conversation: {
    readonly messages: readonly Message[];
    readonly model: Model<Message>;
    readonly signal?: AbortSignal;
  }): Promise<FinishedRun<Message>> {
    const { model, signal } = conversation;
    let messages = [...conversation.messages];
    const all: ToolAnswer[] = [];
    let refusedTurns = 0;
    for (let turns = 0; ; turns += 1) {
      const answered = await this.answer(messages, signal === undefined ? {} : { signal });
      messages = answered.messages;
      all.push(...answered.answers);
      if (signal?.aborted === true) return { messages, answers: all, ended: 'aborted', turns };
      if (turns > 0 && answered.answers.length === 0) return { messages, answers: all, ended: 'answered', turns };
      const refused = answered.answers.filter(({ status }) => status === 'refused');
      refusedTurns = refused.length === 0 ? 0 : refusedTurns + 1;
      if (refusedTurns > this.#maxLlmRetries) throw this.#exhausted('retries', this.#maxLlmRetries, refused, messages);
      if (turns === this.#maxTurns) throw this.#exhausted('turns', this.#maxTurns, refused, messages);
      const said = await model(messages, { signal });
      messages = [...messages, ...(Array.isArray(said) ? (said as readonly Message[]) : [said as Message])];
    }
  }

  async #runAll(calls: readonly OpenCall[], signal: AbortSignal | undefined): Promise<ToolAnswer[]> {
    const answers = new Array<ToolAnswer>(calls.length);
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let at = next++; at < calls.length; at = next++) answers[at] = await this.#runOne(calls[at]!, signal);
    };
    await Promise.all(Array.from({ length: Math.min(this.#concurrency, calls.length) }, worker));
    return answers;
  }

  async #runOne(call: OpenCall, signal: AbortSignal | undefined): Promise<ToolAnswer> {
    const { id, name } = call;
    for (let attempts = 0; ; ) {
      if (signal?.aborted === true) return { id, name, status: 'aborted', attempts };
      try {
        if (!call.isReadable) throw unreadable(name);
        const running = this.#tools.execute(name ?? '', call.input, callOptions(id, signal));
        attempts += 1;
        const value = await untilAborted(running, signal);
        return { id, name, status: 'completed', value, attempts };
      } catch (error) {
        if (error === ABORTED || isAbort(error, signal)) return { id, name, status: 'aborted', attempts };
        if (isRefusal(error)) return { id, name, status: 'refused', error, attempts: 0 };
        const mayRunAgain = error instanceof ToolBoundaryError && error.ran === 'again';
        if (!mayRunAgain || attempts > this.#maxToolRetries) return { id, name, status: 'failed', error, attempts };
        await sleep(this.#backoffMs * 2 ** (attempts - 1), undefined, signal === undefined ? {} : { signal }).catch(
          () => undefined,
        );
      }
    }
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

const ABORTED = Symbol('aborted');

/** Does not wait for a tool that does not heed the signal. What it does later is nobody's any more, but its record's. */
async function untilAborted<Value>(running: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return running;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(ABORTED);
    signal.addEventListener('abort', stop, { once: true });
  });
  running.catch(() => undefined);
  try {
    return await Promise.race([running, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}

/** What a tool throws that heeds the signal. */
function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted !== true) return false;
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
}

function callOptions(id: string | undefined, signal: AbortSignal | undefined): CallOptions {
  return {
    ...(id === undefined ? {} : { toolCallId: id }),
    ...(signal === undefined ? {} : { abortSignal: signal }),
  };
}

function unreadable(name: string | undefined): ToolBoundaryError {
  const tool = name ?? 'the tool';
  const issue = {
    path: '',
    code: 'type' as const,
    expected: 'the arguments as a JSON object',
    hint: 'They are no JSON.',
  };
  return new ToolBoundaryError({ tool, phase: 'input', issues: [issue], ran: 'no' });
}

function whole(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError({
    place: `new ToolRunner({ ${option} })`,
    problem: `is ${String(value)}`,
    remedy: `Give a whole number from ${least}.`,
  });
}
